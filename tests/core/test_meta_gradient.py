"""The outer gradient against closed forms, finite differences, its own other modes and the un-jitted program.

Closed forms (tests/quadratics.py): support loss (theta - a)' H (theta - a) / 2, query loss
(theta - c)' Q (theta - c) / 2, K steps of size alpha, A = I - alpha H. Then theta_K = a + A^K (theta - a), the query
gradient there is g = Q (theta_K - c), MAML's gradient is A^K g and first-order MAML's is g.
"""

import jax
import jax.numpy as jnp
import jax.test_util
import numpy as np
import pytest
from flax import nnx
from jax.flatten_util import ravel_pytree

from maml_engine import (
    FOMAML,
    MAML,
    MLP,
    Batch,
    Episode,
    adapt,
    mean_squared_error,
    meta_value_and_grad,
    softmax_cross_entropy,
)
from maml_engine.core import meta_gradient
from maml_engine.core.adapter import Adapter
from maml_engine.methods import METHODS
from maml_engine.models import ContextMLP, Network, NeuralProcess
from maml_engine.pytrees import pytree
from tests.compiling import AS_IN_USE
from tests.core.problems import LastLayerMoves, MultiStep, padded, sines, tanh_model, task_of
from tests.quadratics import ALPHA, DIM, TASKS, flat, relative_error

MODES = ["plain", "mixed"]

PRECISIONS = pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 1e-4)])


@PRECISIONS
@pytest.mark.parametrize("inner_steps", [1, 3, 5])
@pytest.mark.parametrize(("method", "mode"), [(MAML, "plain"), (MAML, "mixed"), (MAML, "checkpointed"), (FOMAML, None)])
def test_meta_gradient_is_the_closed_form(x64, quadratics, method, mode, inner_steps, dtype, tolerance):
    path, step = quadratics.path(inner_steps)
    at_query = quadratics.query_gradient(path[-1])
    back = np.linalg.matrix_power(step, inner_steps) if method is MAML else np.broadcast_to(np.eye(DIM), step.shape)
    expected = np.mean(np.einsum("tij,tj->ti", back, at_query), axis=0)

    loss, gradient = meta_value_and_grad(
        method(ALPHA, inner_steps), quadratics.model(dtype), quadratics.episode(dtype), mode=mode
    )
    assert loss.dtype == flat(gradient.init).dtype == dtype
    assert relative_error(gradient.init, expected) < tolerance
    assert relative_error(loss, np.mean(quadratics.query_loss(path[-1]))) < tolerance


@pytest.mark.parametrize("mode", MODES)
def test_every_step_of_the_path_takes_a_cotangent(x64, quadratics, mode):
    path, step = quadratics.path(3)
    weights = [0.1, 0.2, 0.3, 0.4]
    expected = sum(
        weight * np.einsum("tij,tj->ti", np.linalg.matrix_power(step, k), quadratics.query_gradient(path[k]))
        for k, weight in enumerate(weights)
    )
    loss, gradient = meta_value_and_grad(
        MultiStep(ALPHA, 3), quadratics.model(np.float64), quadratics.episode(np.float64), mode=mode
    )
    assert relative_error(gradient.init, expected.mean(axis=0)) < 1e-10
    losses = [np.mean(quadratics.query_loss(adapted)) for adapted in path]
    np.testing.assert_allclose(loss, np.dot(weights, losses), rtol=1e-10)


@pytree
class LearnedStep(MAML):
    """One learned step size a parameter; after one step its gradient is -[H (theta - a)]_i [g]_i (Li et al., 2017)."""

    def init_rule(self, params):
        return jax.tree.map(lambda leaf: jnp.full_like(leaf, self.inner_lr), params)

    def inner_update(self, rule, moving, gradient, state, step):
        return jax.tree.map(lambda param, size, slope: param - size * slope, moving, rule, gradient), state


@pytest.mark.parametrize("mode", MODES)
def test_what_the_inner_loop_learns_gets_its_gradient(x64, quadratics, mode):
    path, _ = quadratics.path(1)
    at_support = np.einsum("tij,tj->ti", quadratics.support_hessian, quadratics.theta - quadratics.support_optimum)
    expected = -np.mean(at_support * quadratics.query_gradient(path[1]), axis=0)
    _, gradient = meta_value_and_grad(
        LearnedStep(ALPHA, 1), quadratics.model(np.float64), quadratics.episode(np.float64), mode=mode
    )
    assert relative_error(gradient.rule, expected) < 1e-10


@jax.jit
def loss_after_adapting(params, method, network, episode):
    """The meta-loss by way of `adapt`, which shares no derivative with the meta-gradient."""
    losses = []
    for task in range(episode.query.x.shape[0]):
        support, query = task_of(episode, task)
        adapted = adapt(method, network.merge(params), support)
        losses.append(jnp.mean((adapted(query.x) - query.y) ** 2))
    return sum(losses) / len(losses)


@pytest.mark.parametrize(("method", "inner_steps"), [(MAML, 1), (MAML, 5), (LastLayerMoves, 2)])
def test_meta_gradient_is_the_slope_of_finite_differences(x64, method, inner_steps):
    model, episode = tanh_model(), sines()
    method = method(0.1, inner_steps)
    _, gradient = meta_value_and_grad(method, model, episode, mode="mixed")
    network, params = Network.split(model)
    start, unravel = ravel_pytree(params)
    rng, width = np.random.default_rng(0), 1e-5
    for _ in range(5):
        direction = rng.normal(size=start.shape)
        direction /= np.linalg.norm(direction)
        ahead, behind = (
            loss_after_adapting(unravel(start + sign * width * direction), method, network, episode) for sign in (1, -1)
        )
        np.testing.assert_allclose(flat(gradient.init) @ direction, (ahead - behind) / (2 * width), rtol=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_parameters_that_stay_in_the_inner_loop_are_learned_outside(x64, mode):
    """Frozen in the inner loop only: the outer gradient reaches them."""
    model, episode = tanh_model(), sines()
    body, head = model.layers
    adapted_body, adapted_head = adapt(LastLayerMoves(0.1, 2), model, task_of(episode.support, 0)).layers
    np.testing.assert_array_equal(adapted_body.kernel[...], body.kernel[...])
    assert not np.allclose(adapted_head.kernel[...], head.kernel[...])
    _, gradient = meta_value_and_grad(LastLayerMoves(0.1, 2), model, episode, mode=mode)
    assert jnp.linalg.norm(gradient.init["layers"][0]["kernel"]) > 1e-3


class Doubled(nnx.Module):
    """Doubles another network's prediction by something that is no parameter."""

    def __init__(self, inner):
        self.inner = inner
        self.factor = nnx.BatchStat(jnp.full(1, 2.0))
        self.calls = nnx.Variable(jnp.zeros((), jnp.int32))

    def __call__(self, x):
        self.calls[...] += 1
        return self.inner(x) * self.factor[...]


@pytest.mark.parametrize("mode", MODES)
def test_what_is_no_parameter_is_used_and_left_alone(x64, mode):
    """Doubled predictions of doubled targets cost four times as much, and move as if alpha were four times as large."""
    inner, episode = tanh_model(), sines()
    model = Doubled(inner)
    doubled = jax.tree.map(lambda batch: batch._replace(y=2 * batch.y), episode, is_leaf=lambda tree: isinstance(tree, Batch))
    loss, gradient = meta_value_and_grad(MAML(0.1, 2), model, doubled, mode=mode)
    expected_loss, expected = meta_value_and_grad(MAML(0.4, 2), inner, episode, mode="plain")
    np.testing.assert_allclose(loss, 4 * expected_loss, rtol=1e-10)
    assert relative_error(flat(gradient.init), 4 * flat(expected.init)) < 1e-10
    assert jax.tree.structure(gradient.init) == jax.tree.structure(nnx.state(model, nnx.Param))

    adapted, expected = (
        adapt(MAML(0.1), model, task_of(doubled.support, 0)),
        adapt(MAML(0.4), inner, task_of(episode.support, 0)),
    )
    assert relative_error(nnx.state(adapted.inner), nnx.state(expected)) < 1e-10
    assert adapted.factor[...] == 2
    assert model.calls[...] == adapted.calls[...] == 0


# Limits and invariances.


def query_gradient(model, episode):
    """The gradient of the mean query loss without any adaptation."""
    graphdef, params = nnx.split(model)

    def loss(params):
        prediction = nnx.merge(graphdef, params, copy=True)(episode.query.x)
        return jnp.mean((prediction - episode.query.y) ** 2)

    return jax.grad(loss)(params)


@pytest.mark.parametrize("method", [MAML(0.1, 0), FOMAML(0.1, 0), MAML(1e-13, 2)], ids=["MAML", "FOMAML", "tiny alpha"])
def test_no_step_leaves_the_gradient_of_the_query_loss(x64, method):
    model, episode = tanh_model(), sines()
    _, gradient = meta_value_and_grad(method, model, episode)
    assert relative_error(gradient.init, query_gradient(model, episode)) < 1e-10


def test_a_batch_is_the_mean_of_its_tasks(x64):
    """The mean over tasks, not the sum; so naming every task twice changes nothing either."""
    model, episode = tanh_model(), sines()
    loss, gradient = meta_value_and_grad(MAML(0.1, 2), model, episode)
    alone = [meta_value_and_grad(MAML(0.1, 2), model, task_of(episode, slice(i, i + 1))) for i in range(TASKS)]
    np.testing.assert_allclose(loss, np.mean([loss for loss, _ in alone]), rtol=1e-12)
    assert relative_error(flat(gradient), np.mean([flat(gradient) for _, gradient in alone], axis=0)) < 1e-12

    twice = jax.tree.map(lambda leaf: jnp.concatenate([leaf, leaf]), episode)
    loss_of_twice, gradient_of_twice = meta_value_and_grad(MAML(0.1, 2), model, twice)
    np.testing.assert_allclose(loss_of_twice, loss, rtol=1e-12)
    assert relative_error(gradient_of_twice, gradient) < 1e-12


@pytest.mark.parametrize("mode", MODES)
def test_padding_changes_nothing(x64, mode):
    model, episode = tanh_model(), sines()
    padded_episode = Episode(padded(episode.support, 4), padded(episode.query, 3))
    (loss, gradient), (padded_loss, padded_gradient) = (
        meta_value_and_grad(MAML(0.1, 2), model, tasks, mode=mode) for tasks in (episode, padded_episode)
    )
    np.testing.assert_allclose(padded_loss, loss, rtol=1e-12)
    assert relative_error(padded_gradient, gradient) < 1e-12
    adapted, padded_adapted = (
        nnx.state(adapt(MAML(0.1, 2), model, task_of(tasks.support, 0))) for tasks in (episode, padded_episode)
    )
    assert relative_error(padded_adapted, adapted) < 1e-12


@pytest.mark.parametrize("mode", MODES)
def test_the_model_is_untouched(quadratics, mode):
    """Neither its values nor its variables change, and nothing that is traced escapes."""
    model, episode = quadratics.model(np.float32), quadratics.episode(np.float32)
    theta, before = model.theta, np.array(model.theta[...])
    with jax.checking_leaks():
        meta_value_and_grad(MAML(ALPHA, 3), model, episode, mode=mode)
        adapted = adapt(MAML(ALPHA), model, task_of(episode.support, 0), inner_steps=0)
    adapted.theta[...] = 0.0
    assert model.theta is theta
    np.testing.assert_array_equal(theta[...], before)


# The compiled program.


# At its default, iMAML's lambda is below the negative curvature of a wide network at random, and conjugate
# gradients then magnify rounding without bound, compiled or not.
# UNICORN's head starts at nothing, and in short steps its gradient stays near the rounding of what cancels.
WELL_POSED = {"imaml": {"proximal": 100.0}, "unicorn": {"inner_lr": 1.0}}


@pytest.mark.parametrize("name", sorted(METHODS))
@pytest.mark.parametrize(("hidden_dim", "num_layers", "tasks", "k_shot"), [(3, 1, 2, 1), (40, 2, 5, 10), (64, 2, 3, 33)])
def test_compiled_meta_gradient_is_the_unjitted_one(name, hidden_dim, num_layers, tasks, k_shot):
    """Compilers have been wrong here by any factor, so this is compiled as in use, which the other tests are not."""
    network = {"cavia": ContextMLP, "cnp": NeuralProcess}.get(name, MLP)
    classes, loss_fn = (3, softmax_cross_entropy) if METHODS[name].needs_classes else (1, mean_squared_error)
    model = network(hidden_dim, num_layers=num_layers, activation="tanh", out_dim=classes, rngs=nnx.Rngs(0))
    k_shot = max(k_shot, classes)  # of one class alone all is known, and the gradient is rounding
    episode = sines(tasks, k_shot, k_shot, np.float32)
    if classes > 1:
        episode = Episode(*(batch._replace(y=jnp.argsort(batch.x[..., 0], axis=1) % classes) for batch in episode))
    method = METHODS[name](**{"inner_lr": 0.01, "inner_steps": 2, **WELL_POSED.get(name, {})})
    arguments = (Adapter.of_model(method, model, loss_fn), episode, None)
    lowered = meta_gradient._compiled.lower(*arguments, mode=None)
    loss, gradient = lowered.compile(AS_IN_USE)(*arguments)
    with jax.disable_jit():
        expected_loss, expected = meta_value_and_grad(method, model, episode, loss_fn)
    # A solution's rounding is that of its system, magnified by how badly that is conditioned.
    tolerance = 1e-3 if METHODS[name].support_gives == "solution" else 1e-5
    np.testing.assert_allclose(loss, expected_loss, rtol=tolerance)
    assert relative_error(gradient, expected) < tolerance


def test_a_new_step_size_compiles_nothing_and_a_new_number_of_steps_does(quadratics):
    traced = []

    def loss_fn(prediction, y):
        traced.append(prediction.shape)
        return mean_squared_error(prediction, y)

    def loss(inner_lr, inner_steps):
        model, episode = quadratics.model(np.float32), quadratics.episode(np.float32)
        return meta_value_and_grad(MAML(inner_lr, inner_steps), model, episode, loss_fn)[0]

    assert loss(0.1, 1) > 0
    count = len(traced)
    assert loss(0.2, 1) != loss(0.1, 1)
    assert len(traced) == count
    loss(0.2, 2)
    assert len(traced) > count


# Refusals.


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda episode: task_of(episode, slice(0)), r"`episode` must hold one number of tasks, at least 1, .* got \[0\]"),
        (lambda episode: episode._replace(query=task_of(episode.query, slice(2))), r"one number of tasks.* got \[2, 3\]"),
    ],
)
def test_episodes_without_one_number_of_tasks_are_refused(quadratics, change, message):
    with pytest.raises(ValueError, match=message):
        meta_value_and_grad(MAML(), quadratics.model(np.float32), change(quadratics.episode(np.float32)))


def test_an_unknown_mode_is_refused(quadratics):
    with pytest.raises(ValueError, match="`mode` must be one of checkpointed, mixed, plain, got 'forward'"):
        meta_value_and_grad(MAML(), quadratics.model(np.float32), quadratics.episode(np.float32), mode="forward")
