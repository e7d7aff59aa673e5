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

from maml_engine import FOMAML, MAML, MLP, Batch, Episode, MetaParams, Sinusoid, adapt, mean_squared_error, meta_value_and_grad
from maml_engine.core import meta_gradient as flows
from maml_engine.core.adapter import Adapter
from maml_engine.methods import METHODS
from maml_engine.models import ContextMLP, Network
from maml_engine.pytrees import pytree
from tests.quadratics import ALPHA, DIM, TASKS, cast, flat, relative_error

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


@PRECISIONS
@pytest.mark.parametrize("inner_steps", [1, 3, 5])
def test_adapted_parameters_are_the_closed_form(x64, quadratics, inner_steps, dtype, tolerance):
    """Trap T4: every step takes the gradient where it stands, not the first one K times."""
    path, _ = quadratics.path(inner_steps)
    support = quadratics.episode(dtype).support
    for task in range(TASKS):
        of_task = jax.tree.map(lambda leaf, task=task: leaf[task], support)
        adapted = adapt(MAML(ALPHA), quadratics.model(dtype), of_task, inner_steps)
        assert relative_error(adapted.theta[...], path[-1, task]) < tolerance


def test_first_order_drops_something(x64, quadratics):
    episode = quadratics.episode(np.float64)
    exact, first_order = (
        meta_value_and_grad(method(ALPHA, 3), quadratics.model(np.float64), episode)[1].init for method in (MAML, FOMAML)
    )
    assert relative_error(first_order, exact) > 0.1


@pytree
class MultiStep(MAML):
    """Counts every step's query loss: the gradient is the mean of sum_k w_k A^k Q (theta_k - c)."""

    def step_weights(self, iteration):
        return jnp.array([0.1, 0.2, 0.3, 0.4])


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


# A tanh network: smooth, so differences in 64 bits are a judge (trap T22).


def tanh_model(dtype=np.float64, hidden_dim=8):
    model = MLP(hidden_dim, num_layers=1, activation="tanh", rngs=nnx.Rngs(0))
    nnx.update(model, cast(nnx.state(model, nnx.Param), dtype))
    return model


def sines(tasks=TASKS, k_shot=5, k_query=7, dtype=np.float64):
    return cast(Sinusoid(amplitude=(0.1, 1.0)).sample(jax.random.key(0), tasks, k_shot, k_query), dtype)


def task_of(episode, task):
    return jax.tree.map(lambda leaf: leaf[task], episode)


@pytree
class LastLayerMoves(MAML):
    """Adapts the last layer alone (in spirit ANIL, Raghu et al., 2020)."""

    def moving(self, params):
        return nnx.PathContains(1)


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
def test_check_grads_of_the_meta_loss(x64, mode):
    """In reverse mode alone, since the mixed gradient carries its own rule."""
    network, params = Network.split(tanh_model(hidden_dim=4))
    episode = sines(tasks=2)

    @jax.jit
    def meta_loss(params):
        return flows.meta_loss(Adapter(MAML(0.1, 2), MetaParams(params, ()), network), episode, mode=flows.MODES[mode])

    jax.test_util.check_grads(meta_loss, (params,), order=1, modes=["rev"], eps=1e-5, rtol=1e-6)


@pytest.mark.parametrize("mode", ["mixed", "checkpointed"])
@pytest.mark.parametrize(
    ("method", "inner_steps"),
    [(MAML, 0), (MAML, 1), (MAML, 2), (MAML, 5), (MAML, 8), (LastLayerMoves, 0), (LastLayerMoves, 2), (MultiStep, 3)],
)
def test_modes_agree_with_plain(x64, method, inner_steps, mode):
    model, episode = tanh_model(), sines()
    (plain_loss, plain), (loss, gradient) = (
        meta_value_and_grad(method(0.1, inner_steps), model, episode, mode=name) for name in ("plain", mode)
    )
    np.testing.assert_allclose(loss, plain_loss, rtol=1e-12)
    assert relative_error(gradient, plain) < 1e-10


@pytest.mark.parametrize("mode", MODES)
def test_parameters_that_stay_in_the_inner_loop_are_learned_outside(x64, mode):
    """Trap T21."""
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
    """Trap T16: the mean over tasks, not the sum; so naming every task twice changes nothing either."""
    model, episode = tanh_model(), sines()
    loss, gradient = meta_value_and_grad(MAML(0.1, 2), model, episode)
    alone = [meta_value_and_grad(MAML(0.1, 2), model, task_of(episode, slice(i, i + 1))) for i in range(TASKS)]
    np.testing.assert_allclose(loss, np.mean([loss for loss, _ in alone]), rtol=1e-12)
    assert relative_error(flat(gradient), np.mean([flat(gradient) for _, gradient in alone], axis=0)) < 1e-12

    twice = jax.tree.map(lambda leaf: jnp.concatenate([leaf, leaf]), episode)
    loss_of_twice, gradient_of_twice = meta_value_and_grad(MAML(0.1, 2), model, twice)
    np.testing.assert_allclose(loss_of_twice, loss, rtol=1e-12)
    assert relative_error(gradient_of_twice, gradient) < 1e-12


def test_the_support_loss_is_a_mean(x64):
    """Trap T8: naming every support row twice moves the parameters no further."""
    model, support = tanh_model(), task_of(sines().support, 0)
    twice = jax.tree.map(lambda leaf: jnp.concatenate([leaf, leaf]), support)
    adapted, adapted_to_twice = (nnx.state(adapt(MAML(0.1, 3), model, batch)) for batch in (support, twice))
    assert relative_error(adapted_to_twice, adapted) < 1e-12


def padded(batch, rows):
    """`rows` more rows a task, of weight 0 and full of nonsense."""
    tasks, examples = batch.y.shape[:2]
    weight = jnp.concatenate([jnp.ones((tasks, examples)), jnp.zeros((tasks, rows))], axis=1)
    return Batch(*(jnp.pad(leaf, ((0, 0), (0, rows), (0, 0)), constant_values=1e3) for leaf in (batch.x, batch.y)), weight)


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
    """Trap T14, and nothing that is traced escapes."""
    model, episode = quadratics.model(np.float32), quadratics.episode(np.float32)
    theta, before = model.theta, np.array(model.theta[...])
    with jax.checking_leaks():
        meta_value_and_grad(MAML(ALPHA, 3), model, episode, mode=mode)
        adapted = adapt(MAML(ALPHA), model, task_of(episode.support, 0), inner_steps=0)
    adapted.theta[...] = 0.0
    assert model.theta is theta
    np.testing.assert_array_equal(theta[...], before)


# The compiled program.


# At its default, iMAML's lambda is below the negative curvature of a wide network at random (trap T12), and conjugate
# gradients then magnify rounding without bound, compiled or not.
WELL_POSED = {"imaml": {"proximal": 100.0}}


@pytest.mark.parametrize("name", sorted(METHODS))
@pytest.mark.parametrize(("hidden_dim", "num_layers", "tasks", "k_shot"), [(3, 1, 2, 1), (40, 2, 5, 10), (64, 2, 3, 33)])
def test_compiled_meta_gradient_is_the_unjitted_one(name, hidden_dim, num_layers, tasks, k_shot):
    """Compilers have been wrong here by any factor, so this is compiled as in use, which the other tests are not."""
    network = ContextMLP if name == "cavia" else MLP
    model = network(hidden_dim, num_layers=num_layers, activation="tanh", rngs=nnx.Rngs(0))
    episode = sines(tasks, k_shot, k_shot, np.float32)
    method = METHODS[name](inner_lr=0.01, inner_steps=2, **WELL_POSED.get(name, {}))
    arguments = (Adapter.of_model(method, model), episode, None)
    lowered = flows._compiled.lower(*arguments, mode=None)
    loss, gradient = lowered.compile({"xla_backend_optimization_level": 3})(*arguments)
    with jax.disable_jit():
        expected_loss, expected = meta_value_and_grad(method, model, episode)
    np.testing.assert_allclose(loss, expected_loss, rtol=1e-5)
    assert relative_error(gradient, expected) < 1e-5


def temporary_bytes(method, mode=None):
    """What the compiled meta-gradient needs beside its arguments and results, where activations outweigh parameters."""
    network, params = Network.split(tanh_model(np.float32, 16))
    episode = sines(tasks=4, k_shot=400, k_query=10, dtype=np.float32)

    def gradient(params, episode):
        meta = MetaParams(params, ())
        return method.meta_gradient(meta, episode, network=network, loss_fn=mean_squared_error, mode=mode)

    return jax.jit(gradient).lower(params, episode).compile().memory_analysis().temp_size_in_bytes


def test_first_order_memory_is_flat_in_the_steps_and_exact_memory_grows():
    """Trap T2: a first-order gradient that still stored the unrolled loop would be right, and as dear as the exact one."""
    first_order, plain = ([temporary_bytes(method(0.01, steps), "plain") for steps in (2, 20)] for method in (FOMAML, MAML))
    assert first_order[1] < 1.2 * first_order[0]
    assert plain[1] > 3 * plain[0]
    assert temporary_bytes(MAML(0.01, 20), "mixed") < 0.5 * plain[1]  # one step's activations, and parameters of the others


def test_checkpointing_grows_with_the_square_root_of_the_steps():
    """Where parameters outweigh all else: 16 times the steps need 4 times the memory, where mixed needs 16 times."""
    model = MLP(64, num_layers=2, rngs=nnx.Rngs(0))
    network, params = Network.split(model)
    episode = sines(tasks=4, k_shot=2, k_query=2, dtype=np.float32)

    def stored(mode, inner_steps):
        def gradient(params):
            meta = MetaParams(params, ())
            return MAML(0.01, inner_steps).meta_gradient(meta, episode, network=network, loss_fn=mean_squared_error, mode=mode)

        return jax.jit(gradient).lower(params).compile().memory_analysis().temp_size_in_bytes

    (few, many), (mixed_few, mixed_many) = ([stored(mode, steps) for steps in (10, 145)] for mode in ("checkpointed", "mixed"))
    assert mixed_many > 8 * mixed_few
    assert many < 4.5 * few
    assert many < 0.35 * mixed_many


@pytest.mark.parametrize("method", [MAML(0.1, 2), FOMAML(0.1, 2)])
def test_tasks_in_chunks_give_the_same(x64, monkeypatch, method):
    """Seven tasks, three at once: chunks of three, and one task left over."""
    network, params = Network.split(tanh_model())
    meta, episode = MetaParams(params, ()), sines(tasks=7)
    setting = {"network": network, "loss_fn": mean_squared_error}
    loss, gradient = method.meta_gradient(meta, episode, **setting)
    one_task = flows.task_bytes(Adapter(method, meta, network), episode, 2 if isinstance(method, MAML) else 0)
    monkeypatch.setattr(flows, "MAX_BYTES", 3 * one_task)
    text = str(jax.make_jaxpr(lambda meta: method.meta_gradient(meta, episode, **setting))(meta))
    assert "length=2" in text  # a scan over two chunks, not a loop that was never entered
    chunked_loss, chunked = method.meta_gradient(meta, episode, **setting)
    np.testing.assert_allclose(chunked_loss, loss, rtol=1e-12)
    assert relative_error(chunked, gradient) < 1e-12


def test_four_thousand_tasks_fit_the_stated_memory(monkeypatch):
    network, params = Network.split(MLP(40, rngs=nnx.Rngs(0)))
    episode = sines(4000, 10, 10, np.float32)

    def temporary_bytes(limit):
        monkeypatch.setattr(flows, "MAX_BYTES", limit)
        setting = {"network": network, "loss_fn": mean_squared_error}
        gradient = jax.jit(lambda params: MAML().meta_gradient(MetaParams(params, ()), episode, **setting))
        return gradient.lower(params).compile().memory_analysis().temp_size_in_bytes

    assert temporary_bytes(10_000_000) <= 10_000_000 < temporary_bytes(2**30)


def test_a_task_that_would_not_fit_is_checkpointed(monkeypatch):
    network, params = Network.split(MLP(40, rngs=nnx.Rngs(0)))
    meta, episode, method = MetaParams(params, ()), sines(2, 3, 3, np.float32), MAML(0.01, 30)
    setting = {"network": network, "loss_fn": mean_squared_error}

    def program():
        return str(jax.make_jaxpr(lambda meta: method.meta_gradient(meta, episode, **setting))(meta))

    assert "remat" not in program() and "checkpoint" not in program()
    monkeypatch.setattr(flows, "MAX_BYTES", flows.task_bytes(Adapter(method, meta, network), episode, 20))
    assert "remat" in program() or "checkpoint" in program()


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
