"""The lessons in the plane: what they ask, why they refuse, and whether what they say is what the engine finds."""

from dataclasses import replace

import numpy as np
import pytest

from dashboard.engine_calls import plane
from dashboard.page_parts.learn import in_the_plane as lessons
from dashboard.page_parts.learn import on_the_bench
from dashboard.page_parts.learn.in_the_plane import JACOBIAN, LOOPS, OBJECTIVE, VARIANTS
from maml_engine.analysis.toy_landscape import STEEP
from tests.dashboard.page_parts.learn.refusals import assert_it_says_why, refusal


def seen(scene):
    return plane.view(scene.landscape, scene.theta)


def angle(scene, method):
    return seen(scene).direction[method].angle


@pytest.mark.parametrize("share", [1.0, 1.5, 1.51, 30.0, np.inf, np.nan])
def test_whatever_the_third_question_refuses_it_says_why(share):
    asked = lessons.asked_of_loops(share)
    assert_it_says_why(asked)
    assert (refusal(asked) == "") == (share <= 1.5)


@pytest.mark.parametrize("change", [{}, {"tasks": OBJECTIVE.tasks[:2]}, {"tasks": ((0.0, 0.0, 0.0), *OBJECTIVE.tasks[1:])}])
@pytest.mark.parametrize("apart", [0.0, 0.1, 2.0])
def test_whatever_the_fourth_question_refuses_it_says_why(apart, change):
    asked = lessons.asked_of_objective(replace(OBJECTIVE, **change), apart)
    assert_it_says_why(asked)
    assert (refusal(asked) == "") == (not change and apart < 0.1)
    assert not change or refusal(asked).startswith("1 of the 3 tasks was moved")


@pytest.mark.parametrize("degrees", [0.0, 90.0, 90.1, 180.0, np.nan])
def test_whatever_the_fifth_question_refuses_it_says_why(degrees):
    asked = lessons.asked_of_jacobian(degrees)
    assert_it_says_why(asked)
    assert (refusal(asked) == "") == (degrees > 90)


@pytest.mark.parametrize("degrees", [0.0, 10.0, 10.4, np.nan])
@pytest.mark.parametrize("change", [{}, {"theta": (0.0, 0.5)}, {"inner_lr": 0.5}, {"inner_steps": 2}])
def test_whatever_the_seventh_question_refuses_it_says_why(degrees, change):
    asked = lessons.asked_of_variants(replace(VARIANTS, **change), degrees)
    assert_it_says_why(asked)
    assert (refusal(asked) == "") == (not change and degrees <= 10)


def test_without_steps_both_optima_are_one_and_with_every_step_the_best_start_gets_better():
    found = [plane.optima(replace(OBJECTIVE, inner_steps=steps).landscape) for steps in range(8)]
    np.testing.assert_allclose(found[0].best.theta, found[0].joint.theta, atol=1e-6)
    least = [each.best.meta_loss for each in found]
    assert all(later < earlier for earlier, later in zip(least, least[1:], strict=False))
    assert np.linalg.norm(found[OBJECTIVE.inner_steps].best.theta - found[0].joint.theta) > lessons.ONE_POINT


def test_the_best_start_is_not_equally_far_from_all_tasks():
    distances = plane.optima(OBJECTIVE.landscape).best.distance
    assert max(distances) > 1.2 * min(distances)


def test_the_outer_loop_has_something_to_do():
    best = plane.optima(LOOPS.landscape).best
    assert seen(LOOPS).meta_loss > lessons.NEAR_ENOUGH * best.meta_loss
    assert seen(replace(LOOPS, theta=tuple(best.theta))).meta_loss <= lessons.NEAR_ENOUGH * best.meta_loss
    assert len(LOOPS.tasks) == 3


def test_first_order_points_the_wrong_way_where_it_is_said():
    below, above = (angle(replace(JACOBIAN, inner_lr=lessons.TURNS + off), "fomaml") for off in (-0.001, 0.001))
    assert below <= 90 < above
    assert angle(JACOBIAN, "fomaml") < 90
    half = np.linalg.eigvalsh(seen(replace(JACOBIAN, inner_lr=1 / STEEP)).jacobian[0])
    assert min(half) == pytest.approx(0, abs=1e-9) and STEEP == 2
    beyond = np.linalg.eigvalsh(seen(replace(JACOBIAN, inner_lr=0.6)).jacobian[0])
    assert min(beyond) == pytest.approx(1 - 0.6 * STEEP)
    for words in ("from α = 0.506 on it points the wrong way", "At α = ½ that is 0", "the curvature is 2"):
        assert words in lessons.THE_JACOBIAN.explained


def test_a_step_helps_across_a_curvature_up_to_twice_its_inverse():
    """As the second lesson says of every network, where the curvature is known: theta lies across the valley."""
    assert "a step helps across curvature h while α < 2/h" in on_the_bench.ONE_GRADIENT_STEP.explained
    across = replace(JACOBIAN, tasks=((0.0, 0.0, 0.0),), theta=(1.0, 0.0))
    for inner_lr, helps in ((1.99 / STEEP, True), (2.01 / STEEP, False)):
        before, after = seen(replace(across, inner_lr=inner_lr)).loss[0]
        assert (after < before) == helps


def test_where_one_ends_depends_on_where_one_starts_is_said_before_the_jacobian():
    """And how much is what the Jacobian says: moved by little, theta prime moves by the Jacobian times that."""
    question = lessons.THE_JACOBIAN.question
    assert question.startswith("Where you end, θ′, depends on where you start, θ.")
    assert "one for one" in question and "Jacobian" not in question
    little = np.array([1e-3, -2e-3])
    ends = [seen(replace(JACOBIAN, theta=tuple(np.array(JACOBIAN.theta) + off))).path[0, -1] for off in (0 * little, little)]
    np.testing.assert_allclose(ends[1] - ends[0], seen(JACOBIAN).jacobian[0] @ little, rtol=1e-6)


def test_one_pull_is_nearest_to_maml_and_the_lesson_says_which():
    pulls = np.geomspace(0.05, 20, 61)
    angles = [angle(replace(VARIANTS, proximal=float(pull)), "imaml") for pull in pulls]
    nearest = pulls[int(np.argmin(angles))]
    assert nearest == pytest.approx(lessons.NEAREST, rel=0.05)
    assert min(angles) <= lessons.AGREES < angle(VARIANTS, "imaml")
    usual = 1 / (VARIANTS.inner_lr * VARIANTS.inner_steps)
    assert angle(replace(VARIANTS, proximal=usual), "imaml") == pytest.approx(lessons.RULE_LEAVES, abs=0.5)
    assert 0.1 < nearest / usual < 10
    assert f"1/(αK) = {usual:.2g}, is of the same order and leaves 29°" in lessons.THE_VARIANTS.explained


def test_a_strong_pull_is_like_few_short_steps():
    def moved(pull):
        solution = seen(replace(VARIANTS, proximal=pull)).solution
        return np.linalg.norm(solution - np.array(VARIANTS.theta), axis=1)

    assert np.all(moved(20.0) < moved(1.0)) and np.all(moved(1.0) < moved(0.05))


def test_a_jacobian_at_theta_alone_is_wrong_from_the_second_step_on():
    one, two = (seen(replace(VARIANTS, inner_steps=steps)).jacobian for steps in (1, 2))
    assert np.abs(two - one @ one).max() > 0.01


def test_every_paper_that_is_named_is_linked():
    for name in ("FOMAML", "Reptile", "Meta-SGD", "MAML++", "ANIL", "BOIL", "CAVIA", "iMAML"):
        assert f"**{name}** ([" in lessons.THE_VARIANTS.explained
