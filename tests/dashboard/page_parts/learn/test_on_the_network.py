"""The lesson on the real network: what it asks, why it refuses, and whether what it says is what the engine finds."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.flatten_util import ravel_pytree

from dashboard.engine_calls import gradients, resources
from dashboard.page_parts.learn import on_the_network as lessons
from dashboard.widgets import session
from tests.dashboard.page_parts.learn.refusals import assert_it_says_why, refusal


@pytest.fixture(scope="module")
def sweep():
    return gradients.sweep(resources.shipped_learners()["sinusoid_maml"], lessons.TASKS)


@pytest.mark.parametrize("steps", [1, 4, 5, 10])
@pytest.mark.parametrize("angle", [0.0, 15.0, 15.2, 120.0, np.nan])
def test_whatever_the_question_refuses_it_says_why(angle, steps):
    asked = lessons.asked_of_order(angle, steps)
    assert_it_says_why(asked)
    assert (refusal(asked) == "") == (angle <= 15 and steps >= 5)


def test_it_can_be_answered_and_is_not_at_first():
    learner = resources.shipped_learners()["sinusoid_maml"]
    first, short = (
        gradients.comparison(learner, lessons.TASKS, inner_lr, lessons.FIVE_STEPS).overall.angle
        for inner_lr in (lessons.OWN[session.LEARN_LR], gradients.STEP_SIZES[0])
    )
    assert short <= lessons.ENOUGH < first


def test_the_two_part_with_longer_steps_and_with_more(sweep):
    assert np.all(np.diff(sweep.inner_lr) > 0) and np.all(np.diff(sweep.inner_steps) > 0)
    finite, short = sweep.inner_lr <= 1e-3, sweep.inner_lr <= 5e-4
    assert np.all(np.diff(sweep.angle[:, finite], axis=1) > 0)
    assert np.all(np.diff(sweep.angle[:, short], axis=0) > 0)
    assert not np.all(np.diff(sweep.angle[:, finite], axis=0) > 0)  # with longer ones the curves cross
    assert np.nanmax(sweep.angle) > 90  # past which the first-order gradient leads uphill


def steepest(learner, episode) -> float:
    """The largest curvature of the mean support loss at theta, over 25 tasks: power iteration."""
    adapter = learner.adapter()
    flat, unravel = ravel_pytree(adapter.meta.init)
    x, y = (np.asarray(leaf)[:25] for leaf in (episode.support.x, episode.support.y))

    def loss(flat):
        predictions = jax.vmap(lambda one: adapter.network.predict(unravel(flat), one))(x)
        return jnp.mean((predictions - y)[:, : lessons.TASKS.k_shot] ** 2)

    @jax.jit
    def turned(vector):
        return jax.jvp(jax.grad(loss), (flat,), (vector,))[1]

    vector = jnp.asarray(np.random.default_rng(0).normal(size=flat.size), flat.dtype)
    for _ in range(50):
        vector = vector / jnp.linalg.norm(vector)
        vector = turned(vector)
    return float(jnp.linalg.norm(vector))


def test_maml_has_chosen_a_place_of_high_curvature():
    learners = resources.shipped_learners()
    episode = gradients._draw(learners["sinusoid_maml"], lessons.TASKS)
    maml, pretrained, random = (steepest(learners[name], episode) for name in ("sinusoid_maml", "sinusoid_joint", "random"))
    assert maml > 2 * max(pretrained, random)
    assert "θ a place of high curvature" in lessons.FIRST_ORDER.explained
