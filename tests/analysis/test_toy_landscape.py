"""The plane: against closed forms, central differences, and the engine's own methods on the same tasks."""

import math
from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from maml_engine import FOMAML, MAML, Batch, Episode, Reptile, meta_value_and_grad
from maml_engine.analysis import toy_landscape
from maml_engine.analysis.toy_landscape import FLAT, METHODS, STEEP, SURFACES, Landscape
from maml_engine.analysis.toy_landscape.surfaces import of_form
from tests.programs import compiled

TASKS = ((-1.7, 1.7, 0.4), (1.2, 3.0, 1.1), (2.8, 0.4, -0.6))
THETA = (0.4, -0.3)
ALPHA, STEPS, PULL, GAP = 0.12, 4, 0.8, 0.3


def plane(surface: str, **changes) -> Landscape:
    return Landscape(surface, TASKS, **{"inner_lr": ALPHA, "inner_steps": STEPS, "proximal": PULL, "gap": GAP} | changes)


def hessians(surface: str) -> np.ndarray:
    """Of the quadratic surfaces, `[tasks, 2, 2]`."""
    curvature = np.diag([STEEP, FLAT] if surface == "valleys" else [1.0, 1.0])
    turns = [np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]) for *_, turn in TASKS]
    return np.stack([turn @ curvature @ turn.T for turn in turns])


def optima(gap: float) -> np.ndarray:
    angles = np.array([turn + math.pi / 4 for *_, turn in TASKS])
    return np.array(TASKS)[:, :2] + gap * np.stack([np.cos(angles), np.sin(angles)], axis=-1)


@pytest.mark.parametrize("surface", ["bowls", "valleys"])
@pytest.mark.parametrize("steps", [0, 1, 4, 20])
def test_quadratics_have_closed_forms(surface, steps):
    seen = toy_landscape.view(plane(surface, inner_steps=steps), THETA)
    hessian, query, support = hessians(surface), optima(0.0), optima(GAP)
    power = np.stack([np.linalg.matrix_power(np.eye(2) - ALPHA * h, steps) for h in hessian])
    adapted = support + np.einsum("tij,tj->ti", power, THETA - support)
    np.testing.assert_allclose(seen.path[:, -1], adapted, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(seen.jacobian, power, rtol=1e-12, atol=1e-14)
    query_gradient = np.einsum("tij,tj->ti", hessian, adapted - query)
    expected = {
        "maml": np.einsum("tij,tj->ti", power, query_gradient).mean(0),
        "fomaml": query_gradient.mean(0),
        "reptile": (THETA - adapted).mean(0),
    }
    proximal = hessian + PULL * np.eye(2)
    target = np.einsum("tij,tj->ti", hessian, support) + PULL * np.array(THETA)
    solution = np.linalg.solve(proximal, target[..., None])[..., 0]
    gradient = np.einsum("tij,tj->ti", hessian, solution - query)
    expected["imaml"] = PULL * np.linalg.solve(proximal, gradient[..., None])[..., 0].mean(0)
    for name, gradient in expected.items():
        np.testing.assert_allclose(seen.direction[name].gradient, gradient, rtol=1e-10, atol=1e-12, err_msg=name)
    np.testing.assert_allclose(seen.solution, solution, rtol=1e-10)
    loss = np.einsum("ti,tij,tj->t", adapted - query, hessian, adapted - query) / 2
    np.testing.assert_allclose(seen.loss[:, -1], loss, rtol=1e-12)
    assert seen.meta_loss == pytest.approx(loss.mean(), rel=1e-12)


@pytest.mark.parametrize("steps", [0, 4])
def test_the_optima_of_valleys_have_closed_forms(steps):
    found = toy_landscape.optimum(plane("valleys", gap=0.0, inner_steps=steps))
    power = [np.linalg.matrix_power(np.eye(2) - ALPHA * h, steps) for h in hessians("valleys")]
    weight = np.stack([a @ h @ a for a, h in zip(power, hessians("valleys"), strict=True)])
    expected = np.linalg.solve(weight.sum(0), np.einsum("tij,tj->i", weight, optima(0.0)))
    np.testing.assert_allclose(found.theta, expected, rtol=1e-6)
    np.testing.assert_allclose(found.distance, np.linalg.norm(optima(0.0) - expected, axis=-1), rtol=1e-6)


def test_meta_optimum_and_joint_optimum_differ_in_valleys_and_not_in_bowls():
    for surface, are_one in (("bowls", True), ("valleys", False)):
        best, joint = (toy_landscape.optimum(plane(surface, gap=0.0, inner_steps=steps)) for steps in (STEPS, 0))
        assert (np.linalg.norm(best.theta - joint.theta) < 1e-6) == are_one


@pytest.mark.parametrize("surface", SURFACES)
def test_the_exact_gradient_is_the_slope_of_the_meta_loss(surface):
    """Central differences in 64 bits."""
    here, width = plane(surface), 1e-6
    steps = width * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]])
    east, west, north, south = toy_landscape.meta_loss(here, np.array(THETA) + steps)
    slope = np.array([east - west, north - south]) / (2 * width)
    seen = toy_landscape.view(here, THETA)
    np.testing.assert_allclose(seen.direction["maml"].gradient, slope, rtol=1e-7, atol=1e-8)
    # First order is neither zero nor exact where the ground is curved.
    assert seen.direction["fomaml"].norm > 0.01
    assert np.linalg.norm(seen.direction["fomaml"].gradient - slope) > 0.01


@pytest.mark.parametrize("surface", SURFACES)
def test_each_surfaces_form_is_its_loss_with_both_derivatives(surface, x64):
    loss, window, _, form = SURFACES[surface]
    rng = np.random.default_rng(0)
    low, high = np.transpose(window)
    theta, task = rng.uniform(low, high, (20, 2)), np.append(rng.uniform(low, high, (20, 2)), rng.uniform(-3, 3, (20, 1)), 1)
    for derivative in (lambda f: f, jax.grad, jax.hessian):
        expected = jax.vmap(derivative(loss))(theta, task)
        found = jax.vmap(derivative(lambda theta, task: of_form(theta, task, jnp.array(form))))(theta, task)
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


def test_one_program_serves_all_surfaces_and_whatever_is_dragged():
    def everything(here: Landscape) -> None:
        toy_landscape.view(here, THETA)
        toy_landscape.optimum(here)
        toy_landscape.meta_loss(here, np.zeros((6, 2)))
        for method in METHODS:
            toy_landscape.descend(here, method, THETA, meta_lr=0.1, max_step=0.05, steps=100)

    everything(plane("bowls"))
    before = len(compiled())
    for surface in SURFACES:
        everything(plane(surface, inner_steps=7, inner_lr=0.05, gap=0.0))
    assert compiled()[before:] == []


class Point(nnx.Module):
    """A network whose prediction is its two parameters, whatever the input."""

    def __init__(self, theta):
        self.theta = nnx.Param(jnp.asarray(theta))

    def __call__(self, x):
        return jnp.broadcast_to(self.theta[...], (*x.shape[:-1], 2))


@pytest.mark.parametrize("surface", SURFACES)
def test_the_engines_methods_agree(surface, x64):
    def surface_loss(prediction, task):
        return jax.vmap(SURFACES[surface].loss)(prediction, task)

    task = np.array(TASKS)[:, None]
    episode = Episode(Batch(np.zeros((3, 1, 1)), task), Batch(np.zeros((3, 1, 1)), task))
    seen = toy_landscape.view(plane(surface, gap=0.0), THETA)
    for name, method in (("maml", MAML), ("fomaml", FOMAML), ("reptile", Reptile)):
        chosen = method(inner_lr=ALPHA, inner_steps=STEPS)
        loss, gradient = meta_value_and_grad(chosen, Point(np.array(THETA)), episode, surface_loss)
        np.testing.assert_allclose(seen.direction[name].gradient, gradient.init["theta"][...], rtol=1e-9, err_msg=name)
        assert seen.meta_loss == pytest.approx(float(loss), rel=1e-9)


@pytest.mark.parametrize("surface", SURFACES)
def test_imamls_solution_is_one_and_its_gradient_the_implicit_one(surface):
    here = plane(surface, proximal=20.0)  # beyond every negative curvature, so that there is one solution
    seen, loss, width = toy_landscape.view(here, THETA), SURFACES[surface].loss, 1e-6
    with jax.enable_x64(True):
        support = np.concatenate([optima(GAP), np.array(TASKS)[:, 2:]], axis=-1)
        pull = jax.vmap(jax.grad(loss))(seen.solution, support) + 20.0 * (seen.solution - np.array(THETA))
    np.testing.assert_allclose(pull, 0, atol=1e-10)
    losses = []
    for step in width * np.array([[1, 0], [-1, 0], [0, 1], [0, -1]]):
        losses.append(toy_landscape.view(here, tuple(np.array(THETA) + step)).solution_loss.mean())
    slope = np.array([losses[0] - losses[1], losses[2] - losses[3]]) / (2 * width)
    np.testing.assert_allclose(seen.direction["imaml"].gradient, slope, rtol=1e-6, atol=1e-7)


def test_a_method_left_to_itself_goes_down_and_takes_no_longer_steps_than_allowed():
    here = plane("rivers")
    for method in METHODS:
        path = toy_landscape.descend(here, method, THETA, meta_lr=0.1, max_step=0.05, steps=100)
        assert path.shape == (101, 2)
        assert np.linalg.norm(np.diff(path, axis=0), axis=-1).max() <= 0.05 + 1e-12
    path = toy_landscape.descend(here, "maml", THETA, meta_lr=0.1, max_step=0.05, steps=100)
    losses = toy_landscape.meta_loss(here, path)
    assert np.diff(losses).max() < 0
    # One step of Reptile goes against theta - theta_K, over alpha K.
    one = toy_landscape.descend(here, "reptile", THETA, meta_lr=0.01, max_step=1.0, steps=1)
    chord = (np.array(THETA) - toy_landscape.view(here, THETA).path[:, -1]).mean(0)
    np.testing.assert_allclose(one[1], np.array(THETA) - 0.01 * chord / (ALPHA * STEPS), rtol=1e-12)


def test_where_mamls_gradient_is_zero_nothing_is_at_an_angle_to_it():
    """At the meta-optimum, in as many digits as a page keeps: what is left of the gradient there is rounding."""
    here = plane("valleys", gap=0.0)
    best = toy_landscape.optimum(here).theta
    seen = toy_landscape.view(here, tuple(np.round(best, 4)))
    assert 0 < seen.direction["maml"].norm < 1e-3
    assert all(math.isnan(direction.angle) for direction in seen.direction.values())
    # A hundredth beside it there is a direction, though a short one.
    beside = toy_landscape.view(here, tuple(best + [0.01, 0.0]))
    gradients = {name: direction.gradient for name, direction in beside.direction.items()}
    for name, direction in beside.direction.items():
        cosine = gradients[name] @ gradients["maml"] / (direction.norm * beside.direction["maml"].norm)
        assert np.cos(np.radians(direction.angle)) == pytest.approx(cosine, abs=1e-9)
    # Steps that solve every task leave a gradient of exactly 0.
    solved = toy_landscape.view(plane("bowls", gap=0.0, inner_lr=1.0), THETA)
    assert solved.direction["maml"].norm == 0
    assert math.isnan(solved.direction["reptile"].angle)


def test_duplicated_tasks_and_their_order_change_nothing():
    one = toy_landscape.view(plane("rivers"), THETA)
    for tasks in (TASKS[::-1], (*TASKS, *TASKS)):
        other = toy_landscape.view(replace(plane("rivers"), tasks=tasks), THETA)
        for name in METHODS:
            np.testing.assert_allclose(other.direction[name].gradient, one.direction[name].gradient, rtol=1e-10)


def test_waves_are_the_bowl_in_other_coordinates():
    with jax.enable_x64(True):
        theta, task = np.array([0.7, 2.0]), np.array([1.9, 3.5, 0.0])
        by_weights = [amplitude * np.array([np.cos(phase), np.sin(phase)]) for phase, amplitude in (theta, task[:2])]
        expected = toy_landscape.bowl(by_weights[0], np.append(by_weights[1], 0.0))
        assert float(toy_landscape.wave(theta, task)) == pytest.approx(float(expected), rel=1e-12)
        x = np.linspace(0, 2 * np.pi, 1000, endpoint=False)
        error = 2.0 * np.sin(x + 0.7) - 3.5 * np.sin(x + 1.9)
        assert float(toy_landscape.wave(theta, task)) == pytest.approx(np.mean(error**2), rel=1e-9)


def test_the_equidistant_point():
    found = toy_landscape.equidistant(plane("bowls"))
    assert np.ptp(np.linalg.norm(optima(0.0) - found, axis=-1)) < 1e-9
    assert toy_landscape.equidistant(replace(plane("bowls"), tasks=TASKS[:2])) is None
    assert toy_landscape.equidistant(replace(plane("bowls"), tasks=(*TASKS, (0.0, 0.0, 0.0)))) is None
    square = tuple((x, y, 0.0) for x in (-1.0, 1.0) for y in (-1.0, 1.0))
    np.testing.assert_allclose(toy_landscape.equidistant(replace(plane("bowls"), tasks=square)), 0, atol=1e-12)


def test_where_every_start_is_as_good_the_optimum_says_so():
    assert toy_landscape.optimum(Landscape("bowls", TASKS, inner_lr=1.0, inner_steps=1)).is_flat
    assert not toy_landscape.optimum(Landscape("bowls", TASKS, inner_lr=0.5, inner_steps=1)).is_flat


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"surface": "moons"}, "`surface` must be one of"),
        ({"tasks": ()}, "`tasks` must hold 1 to 8 tasks, got 0"),
        ({"tasks": ((0.0, 0.0, 0.0),) * 9}, "got 9"),
        ({"tasks": ((9.0, 0.0, 0.0),)}, "`x of a task` must be a number >= -5.0 and <= 5.0, got 9.0"),
        ({"tasks": ((0.0, math.nan, 0.0),)}, "`y of a task`"),
        ({"inner_steps": 21}, "`inner_steps`"),
        ({"inner_lr": 0.0}, "`inner_lr`"),
        ({"proximal": 0.0}, "`proximal`"),
        ({"gap": -1.0}, "`gap`"),
    ],
)
def test_what_cannot_be_is_refused(changes, complaint):
    with pytest.raises(ValueError, match=complaint):
        replace(plane("valleys"), **changes)
