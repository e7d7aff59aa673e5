"""What `maml train` prints is what the engine gives."""

import json
import re

import jax
import numpy as np
import pytest

from maml_engine import Experiment, Learner, evaluate
from tests.processes import SMALL


def test_train_prints_the_tutorials_report_and_ends_with_json(run):
    code, out, err = run("train", "--num-iterations", "2300", *SMALL, "--json")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[:2] == ["MODEL-AGNOSTIC META-LEARNING (MAML)", "Training for 2300 iterations..."]
    assert [re.fullmatch(r"Iteration (\d+) \| Meta Loss: \d+\.\d{4}", line)[1] for line in lines[2:5]] == [
        "1000",
        "2000",
        "2300",
    ]
    assert lines[5] == "EVALUATING FEW-SHOT ADAPTATION"
    tasks = [re.fullmatch(r"Task (\d+) \| Before: \d+\.\d{4} → After 1 step: \d+\.\d{4}", line)[1] for line in lines[6:16]]
    assert tasks == [str(number) for number in range(1, 11)]

    result = json.loads(lines[-1])
    assert {"meta_loss", "seconds", "compile_seconds", "iterations_per_second", "curve"} <= result.keys()
    assert [row["step"] for row in result["curve"]] == list(range(11))
    assert all(row["low"] < row["mean"] < row["high"] for row in result["curve"])
    assert result["num_tasks"] == 600
    assert result["iterations_per_second"] == pytest.approx(2300 / result["seconds"])
    assert result["digest"] == Experiment(num_iterations=2300, hidden_dim=8, meta_batch_size=4).digest


def test_the_report_is_the_engines(trained, run):
    """What is printed is what `train` and `evaluate` give."""
    learner = Learner.load(trained)
    assert learner.experiment == Experiment(num_iterations=120, hidden_dim=8, meta_batch_size=4)
    assert learner.iteration == 120
    code, out, _ = run(
        "evaluate", trained, "--num-tasks", 20, "--k-shot", 5, "--k-query", 7, "--inner-steps", 2, "--seed", 3, "--json"
    )
    curves = evaluate(learner, jax.random.key(3), num_tasks=20, k_shot=5, k_query=7, inner_steps=2)
    assert code == 0
    assert json.loads(out)["curve"] == curves.rows()


def test_a_protocol_card_is_trained_and_judged_as_its_paper_does(run, tmp_path):
    code, out, _ = run(
        "train", "--preset", "finn_sinusoid", "--num-iterations", "30", *SMALL, "--inner-steps", 2, "--out", tmp_path, "--json"
    )
    assert code == 0
    experiment = Experiment(num_iterations=30, hidden_dim=8, meta_batch_size=4, inner_lr=0.001, inner_steps=2)
    learner = Learner.load(tmp_path)
    assert learner.experiment == experiment
    lines = out.splitlines()
    where = next(index for index, line in enumerate(lines) if line.startswith("PROTOCOL CARD finn_sinusoid"))
    assert "num_iterations 70000" in lines[where + 1]
    assert lines[where + 2] == "600 test tasks, 5 support points each"
    table = [line.split() for line in lines[where + 4 : where + 7]]
    assert [(row[0], row[-1]) for row in table] == [("1", "0.67"), ("5", "0.38"), ("10", "0.35")]
    card = json.loads(lines[-1])["preset"]
    curves = evaluate(learner, jax.random.key(0), k_shot=5, inner_steps=10)
    for row, mean, low, high in zip(card["curve"], curves.mean, *curves.interval(), strict=True):
        assert (row["mean"], row["low"], row["high"]) == pytest.approx((mean, low, high))
    assert table[0][1] == f"{curves.mean[1]:.4f}"
    assert card["curve"][5]["published"] == 0.38
    assert card["curve"][5]["median"] == pytest.approx(float(np.median(curves.loss[:, 5])))
