"""The command line, as somebody at a terminal meets it."""

import csv
import dataclasses
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import jax
import numpy as np
import pytest

from maml_engine import Checkpoint, Experiment, Learner, evaluate, train
from maml_engine.__main__ import main
from maml_engine.cli import run_folder
from maml_engine.io.arrays import StorageError, load_arrays

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--hidden-dim", "8", "--meta-batch-size", "4"]


def command(*arguments, **options):
    return subprocess.Popen(
        [sys.executable, "-m", "maml_engine", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


@pytest.fixture
def run(capsys):
    """Runs a command in this process: exit code, standard output, standard error."""

    def run(*arguments):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return run


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained")
    assert main(["train", "--num-iterations", "120", *SMALL, "--out", str(folder)]) == 0
    return folder


def write_csv(path, header, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


# train.


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


def test_every_field_is_a_flag_with_its_help(run):
    code, out, _ = run("train", "--help")
    assert code == 0
    for spec in dataclasses.fields(Experiment):
        assert f"--{spec.name.replace('_', '-')} " in out


def test_flags_reach_the_experiment(run, tmp_path):
    flags = "--method fomaml --x-range -3,-1 --meta-schedule cosine --activation tanh --model mlp --noise 0.1 --amplitude=1,2"
    code, _, _ = run("train", "--num-iterations", "2", *SMALL, *flags.split(), "--out", tmp_path)
    assert code == 0
    assert Learner.load(tmp_path).experiment == Experiment(
        num_iterations=2, hidden_dim=8, meta_batch_size=4, method="fomaml", x_range=(-3, -1), meta_schedule="cosine",
        activation="tanh", model="mlp", noise=0.1, amplitude=(1, 2),
    )  # fmt: skip


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


def test_every_protocol_card_is_listed(run):
    from maml_engine.experiment.presets import PRESETS

    code, out, _ = run("train", "--help")
    assert code == 0
    for name in PRESETS:
        assert f"{name}:" in out


def test_a_card_does_not_go_with_a_run_that_exists(trained, run):
    code, out, err = run("train", "--resume", trained, "--preset", "tutorial")
    assert (code, out) == (2, "")
    assert "`--preset` must be left out with `--resume`" in err


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("", "COMMAND"),
        ("fly", "fly"),
        ("train --inner-learning-rate 1", "--inner-learning-rate"),
        ("train --num-iter 5", "--num-iter"),
        ("train --inner-lr", "--inner-lr"),
        *[(f"train --inner-lr {value}", f"`inner_lr` must be a number > 0, got {got}") for value, got in
          [("0", "0."), ("-1", "-1."), ("nan", "nan."), ("abc", "'abc'."), ("-abc", "'-abc'."), ("1e999", "inf.")]],
        ("train --k-shot 0", "`k_shot` must be a whole number >= 1"),
        ("train --k-shot 1.5", "`k_shot`"),
        ("train --hidden-dim 1000000000", "`hidden_dim`"),
        ("train --preset finn", "`--preset` must be one of tutorial, "),
        ("train --preset", "--preset"),
        ("train --method mamel", "`method` must be one of "),
        ("train --x-range -5", "`x_range`"),
        ("train --data x.csv", "`--data` must go with `--tasks table`"),
        ("train --target y", "`--target` must go with `--tasks table`"),
        ("train --tasks table", "`--data` must be given"),
        ("train --tasks table --data /nowhere.csv", "/nowhere.csv"),
        ("train --resume /nowhere", "/nowhere/checkpoint"),
        ("train --num-iterations 1 --out /dev/null/folder", "Could not write to /dev/null/folder"),
        ("evaluate", "FOLDER"),
        ("evaluate /nowhere", "/nowhere is not a learner's folder"),
        ("adapt /nowhere s.csv --predict q.csv", "/nowhere is not a learner's folder"),
        ("adapt /nowhere s.csv", "--predict"),
    ],
)  # fmt: skip
def test_bad_input_gets_one_line_and_exit_code_2(run, arguments, complaint):
    code, out, err = run(*arguments.split())
    assert (code, out) == (2, "")
    assert re.fullmatch(r"error: .+\n", err)
    assert complaint in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        ("--num-tasks 0", "`num_tasks`"),
        ("--num-tasks many", "`num_tasks`"),
        ("--k-shot 0", "`k_shot`"),
        ("--inner-steps -1", "`inner_steps` must be a whole number >= 0, got -1"),
        ("--seed -1", "`seed`"),
        ("--data x.csv", "`--data` must be left out"),
    ],
)
def test_evaluate_refuses_numbers_out_of_range(run, trained, flags, complaint):
    code, _, err = run("evaluate", trained, *flags.split())
    assert code == 2
    assert complaint in err


def test_evaluate_prints_a_small_table(run, trained):
    code, out, _ = run("evaluate", trained, "--num-tasks", 5, "--inner-steps", 2)
    assert code == 0
    header, *rows = out.splitlines()[1:]
    assert header.split() == ["step", "mean", "loss", "95", "%", "interval"]
    assert [row.split()[0] for row in rows] == ["0", "1", "2"]


# Going on, and ending early.


def test_resume_ends_bit_for_bit_where_an_uninterrupted_run_ends(run, trained, tmp_path, monkeypatch):
    monkeypatch.setattr(run_folder, "SECONDS_BETWEEN_SAVES", 0.0)
    keep = run_folder.RunFolder.keep

    def keep_and_interrupt(self, report, losses):
        keep(self, report, losses)
        if report.iteration >= 50:
            monkeypatch.undo()
            raise KeyboardInterrupt

    monkeypatch.setattr(run_folder.RunFolder, "keep", keep_and_interrupt)
    code, _, err = run("train", "--num-iterations", "120", *SMALL, "--out", tmp_path)
    assert code == 130
    stopped = Checkpoint.load(tmp_path / "checkpoint").iteration
    assert 50 <= stopped < 120
    assert err == f"Interrupted. The snapshot of iteration {stopped} is in {tmp_path}: go on with --resume {tmp_path}.\n"

    code, out, _ = run("train", "--resume", tmp_path, "--json")
    assert code == 0
    assert f"Training from iteration {stopped} to 120..." in out
    for name in ("learner.safetensors", "experiment.json", "history.safetensors"):
        assert (tmp_path / name).read_bytes() == (trained / name).read_bytes(), name
    one, other = (Checkpoint.load(folder / "checkpoint") for folder in (tmp_path, trained))
    for name, array in one.arrays.items():
        np.testing.assert_array_equal(array, other.arrays[name])
    losses = load_arrays(trained / "history.safetensors")[0]["meta_loss"]
    assert json.loads(out.splitlines()[-1])["meta_loss"] == pytest.approx(losses.mean(dtype=np.float64), abs=0)


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (["--inner-lr", "0.5"], "`inner_lr` is 0.01, this one's is 0.5"),
        (["--num-iterations", "7"], "`num_iterations` must be a whole number >= 120"),
    ],
)
def test_resume_refuses_flags_of_another_run(run, trained, flags, complaint):
    code, _, err = run("train", "--resume", trained, *flags)
    assert code == 2
    assert complaint in err


def test_a_finished_run_can_be_made_longer(run, trained, tmp_path):
    code, out, _ = run("train", "--resume", trained, "--num-iterations", "130", "--out", tmp_path)
    assert code == 0
    assert Learner.load(tmp_path).iteration == 130
    assert Learner.load(trained).iteration == 120
    assert "Iteration 130 |" in out


def test_divergence_exits_with_3_and_keeps_the_last_finite_snapshot(run, tmp_path, monkeypatch):
    monkeypatch.setattr("maml_engine.training.loop.FIRST_CHUNK", 1)
    flags = ["--num-iterations", "50", *SMALL, "--meta-optimizer", "sgd", "--meta-lr", "1e9"]
    code, _, err = run("train", *flags, "--out", tmp_path)
    assert code == 3
    assert re.fullmatch(r"error: The meta-loss is no longer a finite number at iteration \d+: lower `meta_lr`.*\n", err)
    learner = Learner.load(tmp_path)
    assert f"The snapshot of iteration {learner.iteration} is in {tmp_path}" in err
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(learner.meta))


def test_a_disk_that_is_full_for_a_while_does_not_end_the_run(run, tmp_path, monkeypatch):
    save, failed = Checkpoint.save, []

    def full_at_first(self, path):
        if not failed:
            failed.append(self.iteration)
            raise StorageError("Could not write: No space left on device.")
        save(self, path)

    monkeypatch.setattr(Checkpoint, "save", full_at_first)
    code, _, err = run("train", "--num-iterations", "60", *SMALL, "--out", tmp_path)
    assert code == 0
    assert "No space left on device" in err
    assert Learner.load(tmp_path).iteration == 60


def test_what_another_run_has_written_since_is_not_overwritten(tmp_path):
    """A process that was stopped, given up and woken again."""
    first, *_, second = train(Experiment(num_iterations=60, hidden_dim=8, meta_batch_size=4))
    losses = np.zeros(60, np.float32)
    stale = run_folder.RunFolder(str(tmp_path))
    stale.keep(first, losses)
    run_folder.RunFolder(str(tmp_path)).keep(second, losses)
    with pytest.raises(StorageError, match=f"Another run has written to {tmp_path} since this one did"):
        stale.keep(dataclasses.replace(first, iteration=first.iteration + 1), losses)
    assert Checkpoint.load(tmp_path / "checkpoint").iteration == second.iteration


def test_a_disk_that_stays_full_is_said_with_exit_code_2(run, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    code, _, err = run("train", "--num-iterations", "40", *SMALL, "--out", tmp_path)
    assert code == 2
    assert "No space left on device" in err.splitlines()[-1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_request_to_end_leaves_a_snapshot_and_says_where(tmp_path, number):
    process = command("train", "--num-iterations", "10000000", *SMALL, "--out", tmp_path)
    wait_for(tmp_path / "learner.safetensors", process)
    process.send_signal(number)
    _, err = process.communicate(timeout=60)
    iteration = Learner.load(tmp_path).iteration
    assert process.returncode == 130
    assert err == f"Interrupted. The snapshot of iteration {iteration} is in {tmp_path}: go on with --resume {tmp_path}.\n"
    assert Checkpoint.load(tmp_path / "checkpoint").iteration == iteration


def test_a_kill_at_any_moment_leaves_the_last_snapshot_whole(tmp_path):
    """Saves follow each other without a pause, so that most kills hit one."""
    script = (
        "import sys; from maml_engine import __main__\n"
        "from maml_engine.cli import run_folder; from maml_engine.training import loop\n"
        "run_folder.SECONDS_BETWEEN_SAVES, loop.SECONDS_BETWEEN_REPORTS = 0.0, 0.001\n"
        "sys.exit(__main__.main(sys.argv[1:]))"
    )
    rng = np.random.default_rng(0)
    done = 0
    for _ in range(4):
        goal = ["--resume", tmp_path] if done else ["--num-iterations", "10000000", *SMALL, "--out", tmp_path]
        arguments = [sys.executable, "-c", script, "train", *map(str, goal)]
        process = subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        wait_for(tmp_path / "learner.safetensors", process, newer_than=done)
        time.sleep(rng.uniform(0, 0.3))
        process.kill()
        process.communicate()
        checkpoint, learner = Checkpoint.load(tmp_path / "checkpoint"), Learner.load(tmp_path)
        assert checkpoint.iteration >= learner.iteration > done
        assert len(load_arrays(tmp_path / "history.safetensors")[0]["meta_loss"]) >= checkpoint.iteration
        done = checkpoint.iteration


def wait_for(path, process, newer_than=0):
    """Until a snapshot beyond `newer_than` iterations lies there."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if path.is_file() and Learner.load(path.parent).iteration > newer_than:
            return
        time.sleep(0.02)
    process.kill()
    pytest.fail(f"No snapshot came: {process.communicate()[1]}")


def test_a_reader_that_leaves_is_no_error():
    with command("train", "--num-iterations", "3000", *SMALL) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(timeout=60) == 141


# adapt.


def test_adapt_predicts_what_the_learner_does(run, trained, tmp_path):
    x, y, query = [-1.0, 0.0, 2.0], [0.5, 1.0, -1.0], [-2.5, 0.25]
    support = write_csv(tmp_path / "support.csv", ["note", "y", "x"], [["a", b, a] for a, b in zip(x, y, strict=True)])
    predict = write_csv(tmp_path / "query.csv", ["x", "comment"], [[value, ""] for value in query])
    code, out, err = run("adapt", trained, support, "--predict", predict, "--inner-steps", "4")
    assert (code, err) == (0, "")
    header, *rows = csv.reader(io.StringIO(out))
    assert header == ["x", "y"]
    assert [float(row[0]) for row in rows] == query
    expected = Learner.load(trained).adapt(x, y, inner_steps=4)(query)[:, 0]
    np.testing.assert_allclose([float(row[1]) for row in rows], expected, rtol=1e-6)

    code, out, _ = run("adapt", trained, support, "--predict", predict, "--inner-steps", "4", "--out", tmp_path / "p.csv")
    assert (code, out) == (0, "")
    assert list(csv.reader((tmp_path / "p.csv").read_text().splitlines())) == [header, *rows]


@pytest.mark.parametrize(
    ("header", "rows", "flags", "complaint"),
    [
        (["x", "z"], [[1, 2]], "", "Column 'y' must be one of the file's columns: 'x', 'z'"),
        (["x", "y"], [[1, "two"]], "", "'two' in row 2"),
        (["x", "y"], [[1, 2], ["", 3]], "", "missing values, got '' in row 3"),
        (["x", "y"], [], "", "must hold rows"),
        (["x", "y"], [[1, 2]], "--inner-steps -1", "`inner_steps` must be a whole number >= 0"),
        (["x", "y"], [[1, 2]], "--inner-steps many", "`inner_steps`"),
    ],
)
def test_adapt_names_what_is_wrong_with_a_file(run, trained, tmp_path, header, rows, flags, complaint):
    support = write_csv(tmp_path / "support.csv", header, rows)
    query = write_csv(tmp_path / "query.csv", ["x"], [[1]])
    code, _, err = run("adapt", trained, support, "--predict", query, *flags.split())
    assert code == 2
    assert complaint in err
    assert len(err.splitlines()) == 1


def test_adapting_too_far_is_said(run, trained, tmp_path):
    support = write_csv(tmp_path / "s.csv", ["x", "y"], [[1e6, 1e6], [-1e6, 3e6]])
    code, _, err = run("adapt", trained, support, "--predict", support, "--inner-steps", "50")
    assert code == 3
    assert "diverged" in err


# Tables.


@pytest.fixture(scope="module")
def shops(tmp_path_factory):
    """Sales of twelve shops: exp(a + b * week), where b is the shop's own."""
    rng = np.random.default_rng(0)
    rows = []
    for shop in range(12):
        slope = rng.uniform(-1, 1)
        rows += [[f"shop {shop}", week, rng.normal(), np.exp(3 + slope * week / 10)] for week in range(15)]
    rows += [["tiny", 0, 0.0, 1.0]]
    return write_csv(tmp_path_factory.mktemp("shops") / "shops.csv", ["shop", "week", "noise", "sales"], rows)


TABLE = ["--tasks", "table", "--task", "shop", "--inputs", "week,noise", "--target", "sales", "--log", "sales", "--k-shot", "5"]


def test_a_table_from_training_to_predictions(run, shops, tmp_path):
    folder = tmp_path / "learner"
    flags = [*TABLE, "--data", shops, *SMALL, "--inner-lr", "0.05", "--num-iterations", "150"]
    code, out, err = run("train", *flags, "--out", folder, "--json")
    assert code == 0
    assert "1 of 13 tasks left out" in err
    assert "'tiny'" in err
    assert re.search(r"Task shop \d+ \| Before: ", out)
    assert json.loads(out.splitlines()[-1])["num_tasks"] == 2  # 15 % of twelve, each once

    code, out, _ = run("evaluate", folder, "--data", shops, "--json")
    assert code == 0
    assert json.loads(out)["num_tasks"] == 2

    support = write_csv(
        tmp_path / "support.csv", ["sales", "week", "noise"], [[np.exp(3 + 0.05 * week), week, 0] for week in range(6)]
    )
    query = write_csv(tmp_path / "query.csv", ["noise", "city", "week"], [[0, "A", 3], [0, "B", 12]])
    code, out, _ = run("adapt", folder, support, "--predict", query)
    assert code == 0
    header, *rows = csv.reader(io.StringIO(out))
    assert header == ["week", "noise", "sales"]
    weeks = np.arange(6.0)
    expected = Learner.load(folder).adapt(np.stack([weeks, 0 * weeks], 1), 3 + 0.05 * weeks)([[3, 0], [12, 0]])
    np.testing.assert_allclose([float(row[2]) for row in rows], np.exp(expected[:, 0]), rtol=1e-5)  # in the file's own units

    code, _, err = run("adapt", folder, write_csv(tmp_path / "bad.csv", ["sales", "week"], [[1, 2]]), "--predict", query)
    assert code == 2
    assert "Column 'noise' must be one of the file's columns" in err

    code, out, _ = run("train", "--resume", folder, "--data", shops, "--num-iterations", "160")
    assert code == 0
    assert Learner.load(folder).iteration == 160


def test_a_table_learner_asks_for_its_file(run, shops, tmp_path):
    code, *_ = run("train", *TABLE, "--data", shops, *SMALL, "--num-iterations", "1", "--out", tmp_path)
    assert code == 0
    other = tmp_path / "other.csv"
    other.write_text(shops.read_text() + "more,1,2,3\n")
    for arguments, complaint in [
        (("evaluate", tmp_path), "`--data` must be given: the file that the run was trained on, whose SHA-256 begins with"),
        (("evaluate", tmp_path, "--data", other), "got one that begins with"),
        (("train", "--resume", tmp_path), "`--data` must be given"),
    ]:
        code, _, err = run(*arguments)
        assert code == 2
        assert complaint in err


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (["--target", "profit", "--log", "profit"], "Column 'profit' must be one of the file's columns"),
        (["--inputs", "week,week"], "differ"),
        (["--log", "city"], "`log`"),
        (["--k-shot", "15"], "at least 3 tasks"),
        (["--log", "noise"], "must hold numbers > 0 for its logarithm"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(run, shops, changes, complaint):
    code, _, err = run("train", *TABLE, "--data", shops, *changes)
    assert code == 2
    assert complaint in err
    assert len(err.splitlines()) == 1


# check.


def test_check_prints_each_error_beside_its_tolerance(run):
    code, out, err = run("check", "maml_closed_form", "sine_waves")
    assert (code, err) == (0, "")
    first, second, last = out.splitlines()
    assert re.match(r"ok +maml_closed_form +\d\.\d\de-\d\d  allowed 1e-10 relative error", first)
    assert second.startswith("ok") and last == "All 2 checks hold."


def test_check_as_json_says_how_it_was_made(run):
    code, out, err = run("check", "--json", "reptile_closed_form")
    assert code == 0
    record = json.loads(out)
    assert record["command"] == "python -m maml_engine check reptile_closed_form --json"
    (row,) = record["results"]
    assert row["ok"] and row["error"] <= row["tolerance"] == 1e-10
    assert "reptile_closed_form" in err


def test_a_check_that_fails_is_exit_code_1_and_a_slow_time_is_not(run, monkeypatch):
    from maml_engine.verification import board

    wrong = dataclasses.replace(board.CHECKS["maml_closed_form"], measure=lambda: 0.5)
    slow = dataclasses.replace(board.CHECKS["adapting_twelve"], measure=lambda: 5.0)
    monkeypatch.setitem(board.CHECKS, "maml_closed_form", wrong)
    monkeypatch.setitem(board.CHECKS, "adapting_twelve", slow)
    code, out, err = run("check", "maml_closed_form", "adapting_twelve")
    assert code == 1
    assert [line.split()[0] for line in out.splitlines()] == ["WRONG", "slow"]
    assert err == "error: 1 of 2 checks failed: maml_closed_form.\n"
    assert run("check", "adapting_twelve")[0] == 0


@pytest.mark.parametrize("arguments", [["nothing"], ["--published", "maml_closed_form"]])
def test_check_refuses_what_it_does_not_know(run, arguments):
    code, out, err = run("check", *arguments)
    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1 and arguments[-1] in err
