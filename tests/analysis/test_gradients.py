"""The two meta-gradients and what lies between them, against closed forms and against the engine itself."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax.flatten_util import ravel_pytree

from maml_engine import FOMAML, MAML, MLP, Batch, Episode, Sinusoid, meta_value_and_grad
from maml_engine.analysis import MAX_STEPS, compare_gradients, finite_difference_check, sweep_gradients
from maml_engine.analysis import finite_differences as checks
from maml_engine.analysis import gradients as analysis
from maml_engine.core.adapter import Adapter

SUPPORT_H = np.array([[3.0, 1.0], [1.0, 2.0]])
QUERY_H = np.array([[1.0, -0.4], [-0.4, 0.5]])
CENTRE = np.array([0.3, -1.2])


class Point(nnx.Module):
    """A model that is its parameter: it predicts theta for every input."""

    def __init__(self, theta):
        self.theta = nnx.Param(jnp.asarray(theta))

    def __call__(self, x):
        return jnp.broadcast_to(self.theta[...], (len(x), 2))


def quadratic(prediction, y):
    """(theta - c)' A (theta - c) / 2, with c and A read from the targets: y is [c, A's rows]."""
    centre, matrix = y[0, :2], y[0, 2:].reshape(2, 2)
    return 0.5 * (prediction[0] - centre) @ matrix @ (prediction[0] - centre)


def quadratic_episode(tasks):
    def batch(matrix, centre):
        y = np.concatenate([centre, matrix.ravel()])
        return Batch(np.zeros((tasks, 1, 1)), np.broadcast_to(y, (tasks, 1, 6)))

    return Episode(batch(SUPPORT_H, CENTRE), batch(QUERY_H, -CENTRE))


@pytest.fixture
def x64():
    with jax.enable_x64(True):
        yield


def network(activation="tanh", dtype=np.float64):
    model = MLP(8, activation=activation, rngs=nnx.Rngs(0))
    nnx.update(model, jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype), nnx.state(model, nnx.Param)))
    return model


def episode(tasks=6, shots=5, dtype=np.float64):
    return jax.tree.map(lambda leaf: np.asarray(leaf, dtype), Sinusoid().sample(jax.random.key(1), tasks, shots, 7))


@pytest.mark.parametrize("steps", [0, 1, 4])
def test_the_correction_of_every_step_of_a_quadratic(x64, steps):
    theta, lr = np.array([1.5, 0.7]), 0.1
    step = np.eye(2) - lr * SUPPORT_H
    adapted = CENTRE + np.linalg.matrix_power(step, steps) @ (theta - CENTRE)
    vectors = [QUERY_H @ (adapted + CENTRE)]  # v_K, then backwards
    for _ in range(steps):
        vectors.append(step @ vectors[-1])
    corrections = [lr * SUPPORT_H @ vector for vector in vectors[:-1]]
    cosines = [v @ vectors[0] / np.linalg.norm(v) / np.linalg.norm(vectors[0]) for v in vectors]

    comparison = compare_gradients(Adapter.of_model(MAML(lr, steps), Point(theta), quadratic), quadratic_episode(3))

    np.testing.assert_allclose(comparison.first_order, vectors[0], rtol=1e-12)
    np.testing.assert_allclose(comparison.exact, vectors[-1], rtol=1e-12)
    np.testing.assert_allclose(comparison.vector_norm, [np.linalg.norm(v) for v in vectors[::-1]], rtol=1e-12)
    np.testing.assert_allclose(comparison.correction_norm, [np.linalg.norm(c) for c in corrections[::-1]], rtol=1e-12)
    np.testing.assert_allclose(np.cos(np.radians(comparison.vector_angle)), cosines[::-1], rtol=1e-12)
    np.testing.assert_allclose(comparison.meta_loss, (adapted + CENTRE) @ QUERY_H @ (adapted + CENTRE) / 2, rtol=1e-12)


@pytest.mark.parametrize("steps", [1, 5, MAX_STEPS + 1])
def test_both_gradients_are_the_engines(x64, steps):
    model, tasks = network(), episode()
    comparison = compare_gradients(Adapter.of_model(MAML(0.02, steps), model), tasks)
    loss, exact = meta_value_and_grad(MAML(0.02, steps), model, tasks)
    _, first_order = meta_value_and_grad(FOMAML(0.02, steps), model, tasks)
    np.testing.assert_allclose(comparison.meta_loss, loss, rtol=1e-10)
    np.testing.assert_allclose(comparison.exact, ravel_pytree(exact.init)[0], rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(comparison.first_order, ravel_pytree(first_order.init)[0], rtol=1e-10, atol=1e-12)


def test_layers_make_up_the_whole():
    comparison = compare_gradients(Adapter.of_model(MAML(0.02, 2), network(dtype=np.float32)), episode(dtype=np.float32))
    assert comparison.layers == ("layers.0", "layers.1", "layers.2")
    for name in ("exact_norm", "first_order_norm"):
        whole = np.linalg.norm(getattr(comparison.by_layer, name))
        np.testing.assert_allclose(whole, getattr(comparison.overall, name), rtol=1e-12)
    np.testing.assert_allclose(comparison.overall.exact_norm, np.linalg.norm(comparison.exact.astype(float)), rtol=1e-12)
    np.testing.assert_allclose(np.cos(np.radians(comparison.by_layer.angle)), comparison.by_layer.cosine, rtol=1e-12)


def test_padded_points_and_tasks_that_do_not_count_change_nothing(x64):
    adapter, tasks = Adapter.of_model(MAML(0.02, 2), network()), episode(tasks=4, shots=5)
    wanted = compare_gradients(adapter, tasks)

    def padded(leaf):
        return np.concatenate([leaf, np.full_like(leaf[:, :3], 99.0)], axis=1)

    weight = np.concatenate([np.ones((4, 5)), np.zeros((4, 3))], axis=1)
    support = Batch(padded(tasks.support.x), padded(tasks.support.y), weight)
    more = jax.tree.map(lambda leaf: np.concatenate([leaf, 7 * leaf]), Episode(support, tasks.query))
    more = more._replace(support=more.support._replace(weight=np.concatenate([weight, weight])))
    result = compare_gradients(adapter, more, num_tasks=4)
    np.testing.assert_allclose(result.exact, wanted.exact, rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(result.vector_angle, wanted.vector_angle, rtol=1e-9, atol=1e-5)


def test_tasks_in_several_pieces_are_the_same_tasks(x64, monkeypatch):
    adapter, tasks = Adapter.of_model(MAML(0.02, 2), network()), episode(tasks=5, shots=5)
    wanted = compare_gradients(adapter, tasks), sweep_gradients(adapter, tasks, [0.02], [1, 2])
    monkeypatch.setattr(analysis, "TASKS_AT_ONCE", 2)
    result = compare_gradients(adapter, tasks), sweep_gradients(adapter, tasks, [0.02], [1, 2])
    for one, other in zip(wanted, result, strict=True):
        for name in set(vars(one)) - {"layers", "by_layer", "overall"}:
            np.testing.assert_allclose(getattr(other, name), getattr(one, name), rtol=1e-9, atol=1e-9, err_msg=name)


def test_a_sweeps_entries_are_the_engines_gradients(x64):
    model, tasks = network(), episode()
    sizes, steps = [0.003, 0.02, 0.05], [1, 5]
    sweep = sweep_gradients(Adapter.of_model(MAML(0.1, 1), model), tasks, sizes, steps)
    for row, num_steps in enumerate(steps):
        for column, lr in enumerate(sizes):
            loss, exact = meta_value_and_grad(MAML(lr, num_steps), model, tasks)
            _, first_order = meta_value_and_grad(FOMAML(lr, num_steps), model, tasks)
            a, b = ravel_pytree(exact.init)[0], ravel_pytree(first_order.init)[0]
            cosine = a @ b / np.linalg.norm(a) / np.linalg.norm(b)
            np.testing.assert_allclose(np.cos(np.radians(sweep.angle[row, column])), cosine, rtol=1e-10)
            np.testing.assert_allclose(sweep.ratio[row, column], np.linalg.norm(a) / np.linalg.norm(b), rtol=1e-10)
            np.testing.assert_allclose(sweep.meta_loss[row, column], loss, rtol=1e-10)


def test_no_setting_compiles_again():
    model, tasks = network(dtype=np.float32), episode(dtype=np.float32)
    compiled = [analysis._compare, analysis._sweep, checks._slopes]

    def all_three(lr, steps, num_tasks):
        adapter = Adapter.of_model(MAML(lr, steps), model)
        compare_gradients(adapter, tasks, num_tasks=num_tasks)
        sweep_gradients(adapter, tasks, [lr, 2 * lr], [1, steps], num_tasks=num_tasks)
        finite_difference_check(adapter, tasks)

    all_three(0.01, 1, 6)
    before = [function._cache_size() for function in compiled]
    for lr, steps, num_tasks in ((0.02, 3, 5), (0.001, MAX_STEPS, 1), (0.5, 2, 6)):
        all_three(lr, steps, num_tasks)
    assert [function._cache_size() for function in compiled] == before


def test_steps_that_overflow_do_not_reach_those_before_them():
    adapter, tasks = Adapter.of_model(MAML(30.0, 1), network("relu", np.float32)), episode(dtype=np.float32)
    sweep = sweep_gradients(adapter, tasks, [30.0], [1, MAX_STEPS])
    assert np.isfinite(sweep.angle[0, 0])
    assert not np.isfinite(sweep.meta_loss[1, 0])
    assert np.isfinite(compare_gradients(adapter, tasks).exact).all()


@pytest.mark.parametrize("steps", [1, 4])
def test_finite_differences_agree_with_the_exact_gradient_alone(steps):
    check = finite_difference_check(Adapter.of_model(MAML(0.05, steps), network(dtype=np.float32)), episode(dtype=np.float32))
    assert check.measured.dtype == np.float64
    assert check.passed
    assert check.error < 1e-6
    assert check.first_order_error > 1e-2


def test_a_check_of_what_overflowed_does_not_pass():
    adapter = Adapter.of_model(MAML(100.0, 8), network("relu", np.float32))
    with np.errstate(all="ignore"):
        assert not finite_difference_check(adapter, episode(dtype=np.float32)).passed


def test_a_method_with_a_state_in_its_inner_loop_is_refused():
    class Momentum(MAML):
        def init_inner(self, rule, moving):
            return moving

    with pytest.raises(ValueError, match="`method` must carry no state"):
        compare_gradients(Adapter.of_model(Momentum(0.1, 1), network(dtype=np.float32)), episode(dtype=np.float32))
    with pytest.raises(ValueError, match="`inner_lr` must be"):
        sweep_gradients(Adapter.of_model(MAML(), network(dtype=np.float32)), episode(dtype=np.float32), [0.1, 0.0])
