"""What is peculiar to each method: quadratics in closed form, and hand-made rules."""

import dataclasses

import jax
import numpy as np
import pytest

from maml_engine import Experiment, Learner, meta_value_and_grad
from maml_engine.analysis.method_diagnostics import (
    context_map,
    implicit_error,
    layer_change,
    path_against_chord,
    plus_plus_schedule,
    principal_map,
    step_field,
    task_angles,
)
from maml_engine.core.adapter import Adapter, MetaParams
from maml_engine.methods import IMAML, MAML
from tests.quadratics import ALPHA, Linear, quadratics, x64  # noqa: F401

SMALL = {"hidden_dim": 6, "k_shot": 5, "k_query": 5, "meta_batch_size": 3}
PROXIMAL, SIZE = 2.0, 0.3


def learner(**changes) -> Learner:
    return Learner.untrained(Experiment(**SMALL | changes))


def episode(learner, tasks=7):
    return jax.tree.map(np.asarray, learner.default_tasks.sample(jax.random.key(3), tasks, 5, 5))


def test_the_step_field_has_one_table_a_layer_with_the_bias_last():
    one = learner(method="metasgd", inner_lr=0.02)
    rule = jax.tree.map(np.array, one.meta.rule)
    rule["fc2"]["bias"][...] = -1.0
    field = step_field(one.replace(meta=MetaParams(one.meta.init, rule)))
    assert field.layers == ("fc1", "fc2", "fc3")
    assert [sizes.shape for sizes in field.sizes] == [(2, 6), (7, 6), (7, 1)]
    np.testing.assert_array_equal(field.sizes[1][-1], np.full(6, -1.0))
    np.testing.assert_allclose(field.sizes[1][:-1], 0.02)
    assert field.negative == pytest.approx(6 / (12 + 42 + 7))


def test_a_method_without_a_step_field_is_refused():
    with pytest.raises(ValueError, match="step size for each parameter, got one of 'maml'"):
        step_field(learner())


def test_on_a_quadratic_the_path_leaves_its_chord_as_the_closed_form_says(quadratics, x64):  # noqa: F811
    steps = 6
    adapter = Adapter.of_model(MAML(inner_lr=ALPHA, inner_steps=steps), quadratics.model(float))
    got = path_against_chord(adapter, quadratics.episode(float).support, steps)
    path, _ = quadratics.path(steps)  # [steps + 1, tasks, dim]
    moved = (path - path[0]).swapaxes(0, 1)
    chord = moved[:, -1]
    length = np.linalg.norm(chord, axis=1)
    along = np.einsum("tkd,td->tk", moved, chord) / length[:, None] ** 2
    np.testing.assert_allclose(got.along, along, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(got.chord, length, rtol=1e-9)
    away = np.linalg.norm(moved - along[..., None] * chord[:, None], axis=-1).max(axis=1) / length
    np.testing.assert_allclose(got.across.max(axis=1), away, rtol=1e-9)
    walked = np.linalg.norm(np.diff(path, axis=0), axis=-1).sum(axis=0)
    np.testing.assert_allclose(got.detour, walked / length, rtol=1e-9)


def test_where_all_curvatures_agree_the_path_is_its_chord(x64):  # noqa: F811
    support = learner().default_tasks.sample(jax.random.key(0), 2, 1, 1).support  # one input: one curvature
    path = path_against_chord(Adapter.of_model(MAML(inner_lr=0.01), Linear(np.ones(1))), support, 4)
    np.testing.assert_allclose(path.across, 0, atol=1e-12)
    np.testing.assert_allclose(path.detour, 1, rtol=1e-9)


def test_plus_plus_weights_go_from_all_steps_to_the_last():
    one = learner(method="mamlplusplus", inner_steps=4, multi_step_iterations=100, inner_lr=0.03)
    look = plus_plus_schedule(one, 200)
    np.testing.assert_allclose(look.weights.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(look.weights[0], [0, 0.25, 0.25, 0.25, 0.25])
    np.testing.assert_array_equal(look.weights[-1], [0, 0, 0, 0, 1])
    assert look.arrays == ("fc1.bias", "fc1.kernel", "fc2.bias", "fc2.kernel", "fc3.bias", "fc3.kernel")
    np.testing.assert_allclose(look.step_sizes, np.full((6, 4), 0.03), rtol=1e-6)


def test_plus_plus_without_its_fixes_has_one_weight_and_no_sizes():
    look = plus_plus_schedule(learner(method="mamlplusplus", inner_steps=2, learn_step_sizes=False), 10)
    assert look.step_sizes.shape == (0, 2)
    assert (look.weights == [0, 0, 1]).all()


@pytest.mark.parametrize(("method", "moves"), [("anil", [0, 0, 1]), ("boil", [1, 1, 0]), ("maml", [1, 1, 1])])
def test_body_and_head_move_as_the_method_says(method, moves):
    one = learner(method=method)
    change = layer_change(one.adapter(), episode(one).support, 2)
    assert change.layers == ("fc1", "fc2", "fc3")
    np.testing.assert_array_equal((change.change > 0).all(axis=0), np.array(moves, bool))


def test_one_step_changes_a_layer_by_its_gradient():
    one = learner(inner_lr=0.05)
    support = episode(one).support

    def loss(params, x, y):
        return ((one.network.predict(params, x) - y) ** 2).mean()

    change = layer_change(one.adapter(), support, 1).change
    for task in range(2):
        slope = jax.grad(loss)(one.meta.init, support.x[task], support.y[task])
        for column, layer in enumerate(("fc1", "fc2", "fc3")):
            size = np.sqrt(sum(np.sum(np.square(leaf)) for leaf in jax.tree.leaves(slope[layer])))
            before = np.sqrt(sum(np.sum(np.square(leaf)) for leaf in jax.tree.leaves(one.meta.init[layer])))
            assert change[task, column] == pytest.approx(0.05 * size / before, rel=1e-3)


def test_implicit_and_unrolled_errors_on_quadratics_are_those_of_the_closed_form(quadratics, x64):  # noqa: F811
    adapter = Adapter.of_model(IMAML(inner_lr=SIZE, proximal=PROXIMAL), quadratics.model(float))
    got = implicit_error(adapter, quadratics.episode(float), (1, 4, 9), (1, 6), many_steps=400, max_cg_steps=20)
    identity = np.eye(6)
    truth, implicit, unrolled = [], [], []
    for hessian, optimum, query, target in zip(*quadratics[1:], strict=True):
        both = hessian + PROXIMAL * identity
        solution = np.linalg.solve(both, hessian @ optimum + PROXIMAL * quadratics.theta)
        inverse = PROXIMAL * np.linalg.inv(both)  # (I + H / lambda)^-1
        truth.append(inverse @ query @ (solution - target))
        for k, steps in enumerate((1, 4, 9)):
            power = np.linalg.matrix_power(identity - SIZE * both, steps)
            end = solution + power @ (quadratics.theta - solution)
            slope = query @ (end - target)
            implicit.append((k, inverse @ slope))
            unrolled.append((k, (inverse + power @ (identity - inverse)).T @ slope))
    truth = np.mean(truth, axis=0)

    def errors(rows):
        means = [np.mean([row for k, row in rows if k == which], axis=0) for which in range(3)]
        return [np.linalg.norm(mean - truth) / np.linalg.norm(truth) for mean in means]

    np.testing.assert_allclose(got.implicit, errors(implicit), rtol=1e-7)
    np.testing.assert_allclose(got.unrolled, errors(unrolled), rtol=1e-7)
    assert got.by_cg[0] > 1e-3
    assert got.by_cg[1] < 1e-10  # as many steps as dimensions solve it
    assert got.solved < 1e-10


def test_only_imaml_has_an_implicit_error():
    one = learner()
    with pytest.raises(ValueError, match="IMAML, got MAML"):
        implicit_error(one.adapter(), episode(one))


def test_principal_axes_keep_a_plane_and_its_distances():
    rng = np.random.default_rng(0)
    plane = rng.normal(size=(30, 2))
    axes, _ = np.linalg.qr(rng.normal(size=(5, 5)))
    mapped = principal_map(plane @ axes[:2] + 7.0)
    assert mapped.kept == pytest.approx(1.0)

    def distances(points):
        return np.linalg.norm(points[:, None] - points[None], axis=-1)

    np.testing.assert_allclose(distances(mapped.points), distances(plane), atol=1e-9)
    assert principal_map(np.zeros((4, 1))).points.shape == (4, 2)


def test_contexts_start_at_zero_and_one_step_goes_down_their_slope():
    one = learner(method="cavia", model="context_mlp", context_dim=2, inner_lr=1.0)
    support = episode(one).support
    assert not context_map(one, support, 0).points.any()

    def loss(context, x, y):
        leaves = jax.tree_util.tree_leaves_with_path(one.meta.init)
        leaves = [context if "context" in jax.tree_util.keystr(path) else leaf for path, leaf in leaves]
        params = jax.tree.unflatten(jax.tree.structure(one.meta.init), leaves)
        return ((one.network.predict(params, x) - y) ** 2).mean()

    slopes = np.stack([jax.grad(loss)(np.zeros(2, np.float32), x, y) for x, y in zip(support.x, support.y, strict=True)])
    np.testing.assert_allclose(context_map(one, support, 1).points, principal_map(-slopes.astype(float)).points, atol=1e-5)
    with pytest.raises(ValueError, match="with a context, got 'maml_regressor'"):
        context_map(learner(), support, 1)


def test_each_tasks_angle_is_that_of_its_own_two_gradients():
    one = learner(inner_lr=0.05, inner_steps=2)
    some = episode(one, 3)
    angles = task_angles(one.adapter(), some)
    for task in range(2):
        single = jax.tree.map(lambda leaf, task=task: leaf[task : task + 1], some)
        gradients = []
        for method in ("maml", "fomaml"):
            by = dataclasses.replace(one.experiment, method=method).build_method()
            _, gradient = meta_value_and_grad(by, one.network.merge(one.meta.init), single)
            gradients.append(np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(gradient.init)]).astype(float))
        a, b = gradients
        expected = np.degrees(np.arccos(a @ b / np.linalg.norm(a) / np.linalg.norm(b)))
        assert angles[task] == pytest.approx(expected, abs=0.05)
