"""The lessons on the bench: what they ask, why they refuse, and whether what they say is what the engine finds."""

import re
from dataclasses import replace

import numpy as np
import pytest

from dashboard.components.sine_bench import CURVE_POINTS
from dashboard.engine_calls import sine_bench as bench_engine
from dashboard.engine_calls.first_pictures import X_RANGE
from dashboard.page_parts.learn import on_the_bench as lessons
from dashboard.page_parts.learn.on_the_bench import GOOD_POINTS, LIMITS, ONE_SIDE, SHOTS, STEP
from maml_engine import Sinusoid
from tests.dashboard.page_parts.learn.refusals import assert_it_says_why, refusal

X = np.linspace(*X_RANGE, CURVE_POINTS)


@pytest.fixture(scope="module")
def losses():
    """`losses(scene)`: the engine's, after each step, by learner."""

    def losses(scene):
        return {name: answer.loss for name, answer in bench_engine.answers(scene, bench_engine.shipped()).items()}

    return losses


@pytest.fixture(scope="module")
def support_loss():
    """`support_loss(scene)`: MAML's, at the points."""

    def support_loss(scene):
        return lessons._support_loss(scene, bench_engine.answers(scene, bench_engine.shipped())["maml"])

    return support_loss


def test_six_points_say_why_they_do_not_count(losses):
    scene = replace(SHOTS, points=(*GOOD_POINTS, (3.5, 0.0)))
    loss = float(losses(scene)["maml"][10])
    assert loss < lessons.GOOD  # good enough, and refused all the same
    asked = lessons.asked_of_shots(scene, loss)
    assert refusal(asked) == "6 points are more than the 5 that are allowed: remove some."


@pytest.mark.parametrize("seed", range(20))
def test_whatever_the_first_question_refuses_it_says_why(seed):
    rng = np.random.default_rng(seed)
    scene = replace(SHOTS, points=tuple((x, 0.0) for x in rng.uniform(-5, 5, rng.integers(0, 9))))
    if seed % 4 == 0:
        scene = replace(scene, amplitude=2.5, steps=int(rng.integers(0, 20)))
    assert_it_says_why(lessons.asked_of_shots(scene, float(rng.choice([0.05, 0.1, 0.3, np.inf, np.nan]))))


@pytest.mark.parametrize("loss", [(3.0, 3.0), (3.0, 0.5), (3.0, 4.0), (3.0, np.nan), (3.0, np.inf)])
@pytest.mark.parametrize("change", [{}, {"points": GOOD_POINTS[:4]}, {"points": ()}, {"phase": 1.0}])
def test_whatever_the_second_question_refuses_it_says_why(loss, change):
    asked = lessons.asked_of_step(replace(STEP, **change), np.array(loss))
    assert_it_says_why(asked)
    assert all(each.is_met for each in asked) == (not change and not loss[1] <= loss[0])


@pytest.mark.parametrize("loss", [0.2, 0.5, 2.0, np.nan])
@pytest.mark.parametrize(
    "change", [{}, {"points": ONE_SIDE[:1]}, {"points": (*ONE_SIDE[:4], (1.0, -3.0))}, {"inner_lr": 0.01}, {"amplitude": 8.0}]
)
def test_whatever_the_last_question_refuses_it_says_why(loss, change):
    asked = lessons.asked_of_limits(replace(LIMITS, **change), loss)
    assert_it_says_why(asked)
    assert all(each.is_met for each in asked) == (not change and not loss <= 0.5)


def test_few_points_suffice_for_maml_and_for_no_other(losses):
    found = losses(replace(SHOTS, points=GOOD_POINTS))
    assert found["maml"][10] < lessons.GOOD
    assert min(found["random"][10], found["pretrained"][10]) > 10 * found["maml"][10]
    assert losses(SHOTS)["maml"][10] > lessons.GOOD  # the one that the lesson begins with does not
    assert len(GOOD_POINTS) == lessons.ENOUGH_SHOTS == 5
    assert "Five are allowed" in lessons.FEW_SHOTS.question


def test_two_points_can_be_enough_and_one_cannot(losses):
    assert losses(replace(SHOTS, points=lessons.FEWEST))["maml"][10] < lessons.GOOD
    alone = [losses(replace(SHOTS, points=((float(x), 0.0),)))["maml"][10] for x in np.linspace(-5, 5, 41)]
    assert min(alone) > lessons.GOOD
    assert "at x = −3.6 and 3.6; one is not" in lessons.FEW_SHOTS.explained


def test_before_any_step_the_average_of_all_waves_is_best():
    """(2 * 2.55 / pi) cos x, at a cost of 3.006 on average, and less for a flat wave; the pretrained network has learned it."""
    average = 2 * 2.55 / np.pi * np.cos(X)
    mean_square = (5.0**3 - 0.1**3) / (3 * 4.9)
    mean_cos_square = 0.5 + np.sin(2 * X_RANGE[1]) / (4 * X_RANGE[1])
    least = mean_square / 2 - (2 * 2.55 / np.pi) ** 2 * mean_cos_square
    assert round(least, 3) == lessons.ZERO_SHOT
    assert f"{lessons.ZERO_SHOT} **on average**" in lessons.FEW_SHOTS.mistaken
    flat = Sinusoid(amplitude=(0.1, 0.1))
    assert np.mean((average - 0.1 * np.sin(X)) ** 2) < lessons.ZERO_SHOT and flat.amplitude == (0.1, 0.1)
    answers = bench_engine.answers(SHOTS, bench_engine.shipped())
    assert np.mean((answers["pretrained"].path[0] - average) ** 2) < 0.1


def test_one_step_helps_and_a_longer_one_harms(losses):
    small = losses(STEP)["maml"]
    assert small[1] < small[0]
    assert f"α = {STEP.inner_lr:g}: it helps" in lessons.ONE_GRADIENT_STEP.question
    large = losses(replace(STEP, inner_lr=0.01))["maml"]
    assert not large[1] <= large[0]  # within what is called good elsewhere
    maml = bench_engine.shipped()["maml"]
    assert maml.experiment.inner_lr == 0.001
    assert "trained to adapt with 0.001" in lessons.ONE_GRADIENT_STEP.mistaken
    assert sum(np.size(leaf) for leaf in maml_leaves(maml)) == lessons.PARAMETERS


def maml_leaves(learner):
    import jax

    return jax.tree.leaves(learner.meta)


def test_the_support_loss_does_not_tell_that_it_failed(losses, support_loss):
    failed = replace(LIMITS, points=ONE_SIDE)
    after = float(losses(failed)["maml"][10])
    assert after > lessons.FAILED
    assert support_loss(failed) < after / 10
    assert losses(LIMITS)["maml"][10] <= lessons.FAILED


def test_more_steps_hardly_change_anything(losses):
    for points in (GOOD_POINTS, GOOD_POINTS[1:], ((-3.0, 0.0), (-0.5, 0.0), (1.0, 0.0), (2.5, 0.0), (4.0, 0.0))):
        loss = losses(replace(LIMITS, points=points))["maml"]
        assert abs(loss[20] - loss[10]) < 0.1 * loss[0]
    assert re.search("hardly changes from step 10 to step 20", lessons.LIMITS_AND_PITFALLS.mistaken)


def test_a_wave_from_outside_is_fitted_far_worse(losses):
    inside = losses(LIMITS)["maml"][10]
    outside = losses(replace(LIMITS, amplitude=lessons.WIDER))["maml"][10]
    assert outside > 10 * inside
    assert bench_engine.shipped()["maml"].default_tasks.amplitude[1] < lessons.WIDER
    assert f"amplitude to {lessons.WIDER:g}" in lessons.LIMITS_AND_PITFALLS.explained
