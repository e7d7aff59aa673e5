"""Scores, their paired intervals, and the one sentence."""

import dataclasses
import math

import numpy as np
import pytest

from maml_engine.tables import Verdict
from maml_engine.tables.baselines import GAUSSIAN, POOLED, SUPPORT_MEAN
from maml_engine.tables.scoring import META, Errors, Gap, Scale, scores
from maml_engine.tables.wording import Saved, words
from tests.small_verdict import small_verdict

SCALE = Scale(unit=4.0, is_class=False, base=1.0)


def errors_of(squares, rows=10.0):
    """From mean squared errors by task, one split, one number of rows."""
    squares = np.asarray(squares, float)
    return Errors((squares * rows)[None, None], np.full((1, 1, len(squares)), rows))


def judged(**predictors):
    return scores(
        {name: errors_of(squares) for name, squares in predictors.items()},
        {},
        scale=SCALE,
        shots=(5,),
        k_shot=5,
        title="Meta-learner",
    )


def noisy(mean, tasks=40, seed=0):
    return mean * np.random.default_rng(seed).uniform(0.8, 1.2, tasks)


def said(all_scores):
    return words(all_scores, SCALE, target="y", k_shot=5, num_tasks=40)


def test_errors_are_root_mean_squares_in_both_units():
    own, other = judged(meta=[0.01, 0.03], pooled=[0.16, 0.16])
    assert own.relative == pytest.approx(np.sqrt(0.02))
    assert own.error == pytest.approx(4 * np.sqrt(0.02))
    assert other.difference == pytest.approx(np.sqrt(0.02) - 0.4)
    assert own.difference is None


def test_the_interval_is_students_where_the_jackknife_is_exact():
    """For classes the error is a plain mean, whose jackknife is the standard error: mean 0.2, scipy's t interval."""
    shares = np.array([0.1, 0.2, 0.3, 0.2, 0.2])
    scale = Scale(1.0, True, 0.5)
    (own,) = scores({META: errors_of(shares)}, {}, scale=scale, shots=(5,), k_shot=5, title="")
    half = 2.776445 * shares.std(ddof=1) / math.sqrt(5) / 0.5
    assert (own.low, own.relative, own.high) == pytest.approx((0.4 - half, 0.4, 0.4 + half))
    assert own.error == pytest.approx(0.2)


def test_a_difference_is_paired():
    """Tasks differ a hundredfold, the two predictors by a tenth on each: paired, that is certain."""
    hard = np.geomspace(0.01, 1, 20)
    _, other = judged(meta=hard, pooled=hard * 1.21)
    assert other.difference_high < 0 < other.high - other.low
    assert other.high - other.low > 5 * (other.difference_high - other.difference_low)


def test_worth_it():
    found = said(
        judged(meta=noisy(0.04), pooled=noisy(1.0, seed=1), support_mean=noisy(0.5, seed=2), mixed_model=noisy(0.09, seed=3))
    )
    assert (found.outcome, found.helps) == ("worth it", True)
    assert found.sentence.startswith("Worth it: from 5 known rows of a new task")
    assert "Linear mixed model" in found.sentence


def test_no_different_from_the_best_of_the_rest():
    own = noisy(0.04)
    found = said(judged(meta=own, pooled=noisy(1.0, seed=1), gaussian_process=noisy(0.04, seed=5)))
    assert (found.outcome, found.helps) == ("no different", True)
    assert "Gaussian process" in found.advice


def test_worse():
    found = said(judged(meta=noisy(0.09), pooled=noisy(1.0, seed=1), gaussian_process=noisy(0.04, seed=5)))
    assert found.outcome == "worse"


@pytest.mark.parametrize("simple", [POOLED, SUPPORT_MEAN])
def test_where_something_simple_does_as_well_adapting_does_not_help(simple):
    found = said(judged(**{"meta": noisy(0.04), simple: noisy(0.04, seed=1), GAUSSIAN: noisy(0.05, seed=2)}))
    assert not found.helps
    assert "Adapting a learner does not help here" in found.sentence


def test_what_errs_much_more_is_never_said_to_do_as_well():
    """Two tasks in twenty rule the errors, one for each, so that nothing is certain."""
    own, other = (np.append(np.full(18, 0.01), large) for large in ([1.0, 0.2], [0.5, 1.8]))
    found = said(judged(meta=own, support_mean=other, gaussian_process=1.02 * own))
    assert not found.helps
    assert "as well or better" not in found.sentence
    assert "likely and not certain" in found.sentence
    assert "mean of the known rows:" not in found.advice


@pytest.mark.parametrize(
    ("gain", "meta", "beginning", "of_meta_learning"),
    [
        (
            Gap(0.04, 0.02, 0.06, 0.24),
            0.05,
            "Worth it: from 5 known rows of a new task what is saved (A blend)",
            "gains +0.040",
        ),
        (Gap(0.001, -0.001, 0.003, 0.2), 0.04, "No different: from 5 known rows of a new task what is saved", "gains +0.001"),
        (Gap(0.001, -0.001, 0.003, 0.2), 0.09, "Worse: from 5 known rows of a new task the meta-learner alone", "gains +0.001"),
        (Gap(0.0, 0.0, 0.0, 0.2), 0.04, "No different: from 5 known rows of a new task what is saved", "nothing in it is"),
    ],
)
def test_the_outcome_is_of_what_is_named_first(gain, meta, beginning, of_meta_learning):
    all_scores = judged(meta=noisy(meta), gaussian_process=noisy(0.04, seed=5))
    saved = Saved(dataclasses.replace(all_scores[1], title="A blend"), "", gain, {})
    found = words(all_scores, SCALE, target="y", k_shot=5, num_tasks=40, saved=saved)
    assert found.sentence.startswith(beginning)
    assert of_meta_learning in found.sentence
    assert "what is saved" in found.sentence.lower()
    assert "the meta-learner alone has" in found.sentence.lower()


def test_what_is_certain_but_too_small_to_matter_does_not_count():
    own = noisy(0.04)
    found = said(judged(meta=own, support_mean=own * 1.02))  # one per cent in the root
    assert (found.outcome, found.helps) == ("no different", False)


def test_a_verdict_goes_through_json_unchanged():
    verdict = small_verdict()
    again = Verdict.from_json(verdict.to_json())
    assert again.to_json() == verdict.to_json()
    assert [score.name for score in again.scores] == [score.name for score in verdict.scores]
    assert "NaN" not in verdict.to_json()
