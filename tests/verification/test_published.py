"""Learning figures over several seeds, beside printed numbers and in the documentation."""

import dataclasses
import json
import math
import re

import pytest

from maml_engine import Learner
from maml_engine.experiment.presets import PRESETS
from maml_engine.verification.published import CARDS, RECORDED, SEEDS, Row, judge, num_tasks_of, run_cards
from maml_engine.verification.record import recorded
from tests.blocks import ROOT

ROW = Row(
    "finn_sinusoid", 1, 0.67, None, seeds=(0, 1), means=(0.70, 0.60), medians=(0.4, 0.3), finite=1.0, half=0.015,
    num_tasks=10_000, num_iterations=70_000, seconds=40.0,
)  # fmt: skip
ROWS = {(row.card, row.step): row for row in map(Row.read, recorded("published")["results"])}


def short_run(name, seed=0):
    return Learner.untrained(dataclasses.replace(PRESETS[name].experiment, num_iterations=5, seed=seed))


def test_the_mean_over_seeds_counts_and_a_lower_one_is_no_failure():
    assert ROW.ok and ROW.mean == pytest.approx(0.65)
    assert (ROW.low, ROW.high, ROW.median) == (0.60, 0.70, pytest.approx(0.35))
    assert dataclasses.replace(ROW, means=(0.1, 0.2)).ok
    assert not dataclasses.replace(ROW, means=(0.5, 0.9)).ok  # the lowest seed does not decide
    assert dataclasses.replace(ROW, means=(0.5, 0.9), margin=0.05).ok
    assert dataclasses.replace(ROW, means=(0.68, 0.68)).ok and not dataclasses.replace(ROW, means=(0.69, 0.69)).ok
    diverged = dataclasses.replace(ROW, means=(0.1, None), half=None)
    assert math.isnan(diverged.mean) and math.isnan(diverged.low) and not diverged.ok


def test_a_single_run_has_its_interval_over_tasks():
    one = dataclasses.replace(ROW, seeds=(3,), means=(0.6,), medians=(0.4,), half=0.05)
    assert (one.low, one.high) == (pytest.approx(0.55), pytest.approx(0.65))


def test_what_prints_no_number_is_only_to_be_finite():
    assert dataclasses.replace(ROW, published=None).ok
    assert not dataclasses.replace(ROW, published=None, means=(1.0, None)).ok


def test_a_shortened_run_is_not_the_cards_own():
    assert ROW.is_whole
    assert not dataclasses.replace(ROW, num_iterations=2000).is_whole


def test_judging_gives_one_row_for_each_printed_number():
    card, learner = PRESETS["finn_sinusoid"], short_run("finn_sinusoid")
    rows = judge("finn_sinusoid", [learner], 1.5)
    assert {row.step: row.published for row in rows} == card.published
    assert all(row.low < row.mean < row.high and row.num_tasks == 600 and row.finite == 1 for row in rows)
    assert not any(row.ok for row in rows)  # an untrained network is no reproduction
    for row in rows:
        assert row.mean == pytest.approx(card.judge(learner).mean[row.step], rel=1e-6)


def test_runs_are_judged_on_the_same_tasks_and_averaged_task_by_task():
    learners = [short_run("tutorial", seed) for seed in (0, 1)]
    rows = judge("tutorial", learners, 0.0, num_tasks=50)
    assert [row.step for row in rows] == [0, 1, 10]
    losses = [PRESETS["tutorial"].judge(learner, 50).loss for learner in learners]
    for row in rows:
        both = (losses[0][:, row.step] + losses[1][:, row.step]) / 2
        assert row.mean == pytest.approx(both.mean(), rel=1e-5)
        assert row.half == pytest.approx(2.0096 * both.std(ddof=1) / math.sqrt(50), rel=1e-3)  # t of 49 degrees, 97.5 %
        assert row.seeds == (0, 1) and len(row.means) == 2
        assert Row.read(json.loads(json.dumps(dataclasses.asdict(row)))) == row


def test_learners_that_are_kept_are_not_trained_again(monkeypatch, tmp_path):
    short = dataclasses.replace(PRESETS["tutorial"], experiment=dataclasses.replace(short_run("tutorial").experiment))
    monkeypatch.setitem(PRESETS, "tutorial", short)
    first = list(run_cards(["tutorial"], (0, 1), num_tasks=20, folder=tmp_path))
    monkeypatch.setattr("maml_engine.verification.published.train_population", None)
    again = list(run_cards(["tutorial"], (0, 1), num_tasks=20, folder=tmp_path))
    assert [row.means for row in again] == [row.means for row in first] and first[0].num_iterations == 5
    assert len(set(first[0].means)) == 2  # two seeds
    other = dataclasses.replace(short, experiment=dataclasses.replace(short.experiment, inner_lr=0.02))
    monkeypatch.setitem(PRESETS, "tutorial", other)
    with pytest.raises(ValueError, match="'tutorial' are of others"):
        list(run_cards(["tutorial"], (0, 1), folder=tmp_path))


def test_margins_belong_to_printed_numbers():
    assert all(set(card.margin) <= set(card.published) for card in PRESETS.values())
    assert PRESETS["meta_sgd_5_shot"].margin == {1: 0.16}
    assert "tutorial" not in CARDS  # it prints single tasks


def test_the_package_carries_the_last_whole_runs_of_every_card_that_is_quoted():
    record = recorded("published")
    assert list(ROWS) == [(name, step) for name in RECORDED for step in PRESETS[name].reported]
    for row, stored in zip(ROWS.values(), record["results"], strict=True):
        assert row.is_whole and row.ok == stored["ok"]
        assert row.published == PRESETS[row.card].published.get(row.step)
        assert row.seeds == SEEDS and len(row.means) == len(SEEDS) >= 3 and row.num_tasks == num_tasks_of(row.card) >= 2000


@pytest.mark.parametrize("row", ROWS.values(), ids=lambda row: f"{row.card}-{row.step}")
def test_results_md_says_what_the_record_says(row):
    """The mean, the lowest and the highest seed, and the median task of each, in the line of its card."""
    lines = [line for line in (ROOT / "docs" / "results.md").read_text().splitlines() if line.startswith(f"| `{row.card}`")]
    (line,) = [line for line in lines if f"| {row.step} |" in line]
    mean, low, high = (f"{value:.3f}" if value < 100 else f"{value:.0f}" for value in (row.mean, row.low, row.high))
    assert f"| {mean} ({low} to {high}) | {row.median:.3f} |" in line
    printed = "" if row.published is None else f"{row.published:g}" + (f" ± {row.margin:g}" if row.margin else "")
    assert line.rstrip(" |").endswith(printed)


def test_what_is_quoted_elsewhere_is_the_records():
    readme = (ROOT / "README.md").read_text()
    tutorial = " / ".join(f"{ROWS['tutorial', step].mean:.2f}" for step in (0, 1, 10))
    assert f"| {tutorial} |" in readme
    row = ROWS["meta_sgd_5_shot", 1]
    assert f"| {row.mean:.3f} ({row.low:.3f} to {row.high:.3f}) |" in readme
    best = ROWS["best_after_one_step", 1]
    assert f"{best.median:.3f}" in (ROOT / "docs" / "results.md").read_text()
    assert (
        re.search(r"mean after one step is about (\S+) in", PRESETS["tutorial"].remark)[1] == f"{ROWS['tutorial', 1].mean:.2f}"
    )
