"""Printed numbers beside ours."""

import dataclasses
import math

from maml_engine import Learner
from maml_engine.experiment.presets import PRESETS
from maml_engine.verification.published import CARDS, Row, judge
from maml_engine.verification.record import recorded

ROW = Row("finn_sinusoid", 1, 0.67, None, 0.63, 0.58, 0.68, 600, 70_000, 40.0)


def test_a_lower_error_is_no_failure_and_a_higher_one_is_within_the_intervals_only():
    assert ROW.ok
    assert dataclasses.replace(ROW, mean=0.1, low=0.09, high=0.11).ok
    assert not dataclasses.replace(ROW, mean=0.8, low=0.75, high=0.85).ok
    assert dataclasses.replace(ROW, mean=0.8, low=0.75, high=0.85, margin=0.1).ok
    assert not dataclasses.replace(ROW, mean=math.nan, low=math.nan).ok


def test_a_shortened_run_is_not_the_cards_own():
    assert ROW.is_whole
    assert not dataclasses.replace(ROW, num_iterations=2000).is_whole


def test_judging_gives_one_row_for_each_printed_number():
    card = PRESETS["finn_sinusoid"]
    rows = judge("finn_sinusoid", Learner.untrained(dataclasses.replace(card.experiment, num_iterations=5)), 1.5)
    assert {row.step: row.published for row in rows} == card.published
    assert all(row.low < row.mean < row.high and row.num_tasks == 600 for row in rows)
    assert not any(row.ok for row in rows)  # an untrained network is no reproduction


def test_margins_belong_to_printed_numbers():
    assert all(set(card.margin) <= set(card.published) for card in PRESETS.values())
    assert PRESETS["meta_sgd_5_shot"].margin == {1: 0.16}
    assert "tutorial" not in CARDS  # it prints single tasks


def test_the_package_carries_the_last_whole_run_of_every_card():
    record = recorded("published")
    rows = [Row.read(row) for row in record["results"]]
    assert [(row.card, row.step) for row in rows] == [(name, step) for name in CARDS for step in PRESETS[name].published]
    for row, stored in zip(rows, record["results"], strict=True):
        assert row.is_whole and row.ok == stored["ok"]
        assert row.published == PRESETS[row.card].published[row.step]
