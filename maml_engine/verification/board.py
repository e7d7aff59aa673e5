"""The board of checks: claims about the engine's numbers, each measured against something that is not the engine.

A check is a pure function that gives an error; it holds where the error is at most the tolerance. Each takes about a second,
most of it compiling, which a second run finds done.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jax.flatten_util import ravel_pytree

from maml_engine import tutorial
from maml_engine.analysis.finite_differences import TOLERANCE, finite_difference_check
from maml_engine.baselines import ZeroShot
from maml_engine.core.adapter import Adapter
from maml_engine.core.episode import Batch, Episode
from maml_engine.core.meta_gradient import meta_value_and_grad
from maml_engine.experiment import Experiment
from maml_engine.learner import Learner
from maml_engine.methods import FOMAML, IMAML, MAML, MetaSGD, Method, Reptile
from maml_engine.models import MLP
from maml_engine.runtime.xla_guard import MAX_ERROR, reduction_errors
from maml_engine.tasks import Sinusoid
from maml_engine.training import train
from maml_engine.verification.closed_forms import DIM, INNER_LR, Quadratics

PyTree = Any

GRADIENTS, AGREEMENT, TASKS, TIMES = "Gradients", "Agreement", "Tasks and the compiler", "Times"
SHIPPED = Path(__file__).resolve().parent.parent / "pretrained" / "sinusoid_maml"


@dataclass(frozen=True)
class CheckResult:
    """One run of a check. error: in the check's unit. seconds: wall time, compiling included."""

    name: str
    error: float
    tolerance: float
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the error is allowed; one that is no number is not."""
        return self.error <= self.tolerance


@dataclass(frozen=True)
class Check:
    """A claim that can be measured.

    title: what is compared. claim: what it means where it holds, one sentence. tolerance: the largest error allowed.
    measure: gives the error. decides: whether a failure makes the numbers wrong; a time that is too long only makes them slow.
    """

    name: str
    group: str
    title: str
    claim: str
    tolerance: float
    measure: Callable[[], float]
    unit: str = "relative error"
    decides: bool = True

    def run(self) -> CheckResult:
        """Measures it, here and now."""
        began = time.perf_counter()
        error = float(self.measure())
        return CheckResult(self.name, error, self.tolerance, time.perf_counter() - began)


CHECKS: dict[str, Check] = {}


def _check(group: str, title: str, claim: str, tolerance: float, **more: Any) -> Callable:
    def register(measure: Callable[[], float]) -> Callable[[], float]:
        CHECKS[measure.__name__] = Check(measure.__name__, group, title, claim, tolerance, measure, **more)
        return measure

    return register


def run_checks() -> dict[str, CheckResult]:
    """All of them, by name."""
    return {name: check.run() for name, check in CHECKS.items()}


# Gradients against closed forms, on quadratic tasks.


@_check(
    GRADIENTS,
    "MAML against its closed form, 1 and 5 steps, 64 bits",
    "The exact meta-gradient carries one Jacobian I − αH for each inner step, in the right order.",
    1e-10,
)
def maml_closed_form() -> float:
    with jax.enable_x64(True):
        quadratics = Quadratics.draw()
        return max(_gap(_gradient(quadratics, MAML(INNER_LR, k)), quadratics.exact(k)) for k in (1, 5))


@_check(
    GRADIENTS,
    "The same in 32 bits, in which training runs",
    "Single precision costs digits, not correctness.",
    1e-4,
)
def maml_32_bits() -> float:
    quadratics = Quadratics.draw()
    return _gap(_gradient(quadratics, MAML(INNER_LR, 5), np.float32), quadratics.exact(5))


@_check(
    GRADIENTS,
    "First-order MAML against its closed form, 1 and 5 steps",
    "It is the query gradient at the adapted parameters, and not zero, as it is where the wrong thing is held constant.",
    1e-10,
)
def fomaml_closed_form() -> float:
    with jax.enable_x64(True):
        quadratics = Quadratics.draw()
        return max(_gap(_gradient(quadratics, FOMAML(INNER_LR, k)), quadratics.first_order(k)) for k in (1, 5))


@_check(
    GRADIENTS,
    "Reptile's direction against θ − θ_K, 5 steps",
    "It points from the adapted parameters back to the start, and is not divided by the step size.",
    1e-10,
)
def reptile_closed_form() -> float:
    with jax.enable_x64(True):
        quadratics = Quadratics.draw()
        return _gap(_gradient(quadratics, Reptile(INNER_LR, 5)), quadratics.chord(5))


@_check(
    GRADIENTS,
    "Implicit MAML against (I + H/λ)⁻¹ times the query gradient",
    "Conjugate gradients solve the system, and the inner loop reaches the proximal solution that it is taken at.",
    1e-8,
)
def imaml_closed_form() -> float:
    proximal = 2.0
    with jax.enable_x64(True):
        quadratics = Quadratics.draw()
        method = IMAML(1 / (3 + proximal), 500, proximal=proximal, inner_tolerance=1e-12, cg_steps=DIM)
        return _gap(_gradient(quadratics, method), quadratics.implicit(proximal))


@_check(
    GRADIENTS,
    "Meta-SGD's gradient by its step sizes, 1 step",
    "What the inner loop learns gets its own gradient: minus support gradient times query gradient.",
    1e-10,
)
def meta_sgd_closed_form() -> float:
    with jax.enable_x64(True):
        quadratics = Quadratics.draw()
        _, gradient = meta_value_and_grad(MetaSGD(INNER_LR, 1), quadratics.model(float), quadratics.episode(float))
        return _gap(gradient.rule, quadratics.of_step_sizes())


# Gradients against other ways to the same number.


@_check(
    GRADIENTS,
    "MAML through a network against central differences, 5 steps",
    "The computed gradient is the slope of the meta-loss itself, which two values of the loss are enough to measure.",
    TOLERANCE,
)
def finite_differences() -> float:
    with jax.enable_x64(True):
        adapter, episode = Adapter.of_model(MAML(0.1, 5), _network(np.float64)), _waves(np.float64)
    return finite_difference_check(adapter, episode).error


@_check(
    AGREEMENT,
    "The engine against the tutorial's code, exact and first-order, 3 steps",
    "The fast engine computes what the plain code to be read computes; they share no line.",
    1e-10,
)
def tutorial_code() -> float:
    with jax.enable_x64(True):
        model, episode = _network(np.float64), _waves(np.float64)
        support, query = ({"x": part.x, "y": part.y} for part in episode)

        def of_tutorial(model: nnx.Module, first_order: bool) -> PyTree:
            def meta_loss(model: nnx.Module) -> jax.Array:
                return tutorial.maml_meta_loss(model, support, query, 0.1, 3, first_order=first_order)

            return nnx.grad(meta_loss)(model)

        compiled = nnx.jit(of_tutorial, static_argnames="first_order")
        errors = [
            _gap(meta_value_and_grad(method(0.1, 3), model, episode)[1].init, compiled(model, first_order))
            for method, first_order in ((MAML, False), (FOMAML, True))
        ]
        return max(errors)


@_check(
    AGREEMENT,
    "The two ways to the exact gradient, 5 steps",
    "Saving memory, by Hessian-vector products taken forward over reverse, changes no number.",
    1e-10,
)
def plain_and_mixed() -> float:
    with jax.enable_x64(True):
        model, episode = _network(np.float64), _waves(np.float64)
        plain, mixed = (meta_value_and_grad(MAML(0.1, 5), model, episode, mode=mode)[1].init for mode in ("plain", "mixed"))
        return _gap(mixed, plain)


@_check(
    AGREEMENT,
    "A batch of tasks against its tasks one by one",
    "No task leaks into another, and the meta-gradient is the mean over tasks, not the sum.",
    1e-12,
)
def batch_and_tasks() -> float:
    with jax.enable_x64(True):
        model, episode = _network(np.float64), _waves(np.float64)

        def gradient(tasks: Episode) -> np.ndarray:
            return _flat(meta_value_and_grad(MAML(0.1, 2), model, tasks)[1].init)

        alone = [gradient(jax.tree.map(lambda leaf, i=i: leaf[i : i + 1], episode)) for i in range(len(episode.query.x))]
        return _gap(gradient(episode), np.mean(alone, axis=0))


@_check(
    AGREEMENT,
    "Support sets with padding against those without",
    "Rows of weight 0, however wild, change nothing; the live pages pad so that no slider compiles anything.",
    1e-12,
)
def padding() -> float:
    with jax.enable_x64(True):
        model, episode = _network(np.float64), _waves(np.float64)
        support = episode.support
        rows = ((0, 0), (0, 3), (0, 0))
        wild = [jnp.pad(leaf, rows, constant_values=1e3) for leaf in (support.x, support.y)]
        weight = jnp.pad(jnp.ones(support.y.shape[:2]), ((0, 0), (0, 3)))
        padded = episode._replace(support=Batch(*wild, weight))
        with_padding, without = (meta_value_and_grad(MAML(0.1, 2), model, some)[1].init for some in (padded, episode))
        return _gap(with_padding, without)


@_check(
    AGREEMENT,
    "A run that was stopped and resumed against one that was not",
    "A checkpoint holds all there is: stopping changes no bit of the result.",
    0.0,
    unit="largest change",
)
def resumed_run() -> float:
    run = Experiment(num_iterations=40, hidden_dim=8, meta_batch_size=4)
    reports = list(train(run))
    middle = reports[len(reports) // 2 - 1]
    *_, resumed = train(run, start=middle.checkpoint)
    return float(np.max(np.abs(_flat(resumed.learner.meta.init) - _flat(reports[-1].learner.meta.init))))


# The tasks, and the compiler.


@_check(
    TASKS,
    "Mean square of 400 000 sampled waves against E[A²]/2 = 4.252",
    "The waves have the paper's amplitudes, up to 5. With 0.5, a slip in several copies, every error looks 80 times better.",
    0.01,
)
def sine_waves() -> float:
    (low, high) = Sinusoid().amplitude
    expected = (high**3 - low**3) / (high - low) / 6
    return abs(float(jnp.mean(_many_waves().query.y ** 2)) / expected - 1)


@_check(
    TASKS,
    "Error of the best prediction before seeing any point, against 3.006",
    "Whoever reports less than 3.006 before adapting has seen the answer; our own baseline reaches it, and not less.",
    0.01,
)
def zero_shot_floor() -> float:
    query = _many_waves().query
    prediction = ZeroShot(Sinusoid()).path_predictions(query, query.x, 0)[:, 0]
    # E[y^2] less the mean square of (2 * mean amplitude / pi) cos x over x in [-5, 5].
    (low, high) = Sinusoid().amplitude
    floor = (high**3 - low**3) / (high - low) / 6 - ((low + high) / np.pi) ** 2 * (0.5 + np.sin(10) / 20)
    return abs(float(jnp.mean((prediction - query.y) ** 2)) / floor - 1)


@_check(
    TASKS,
    "Two sums that some versions of the compiler get wrong, against numpy",
    "The flag that mends them is in force in this process; without it they come out wrong by any factor, silently.",
    MAX_ERROR,
)
def compiled_sums() -> float:
    return max(reduction_errors())


@_check(
    TASKS,
    "The compiled meta-gradient against the same program operation by operation",
    "What the compiler fuses and reorders is still the same computation.",
    1e-4,
)
def compiled_gradient() -> float:
    model, episode = _network(np.float32), _waves(np.float32)
    compiled = meta_value_and_grad(MAML(0.1, 1), model, episode)[1].init
    with jax.disable_jit():
        return _gap(compiled, meta_value_and_grad(MAML(0.1, 1), model, episode)[1].init)


# Times, on a machine that does nothing else.


@_check(
    TIMES,
    "One meta-iteration of the tutorial's run",
    "10 000 of them take at most five seconds on two cores, once compiled; a machine that works on other things takes longer.",
    5e-4,
    unit="seconds",
    decides=False,
)
def meta_iteration() -> float:
    *_, report = train(Experiment(num_iterations=1000))
    return report.seconds / report.iteration


@_check(
    TIMES,
    "The shipped learner on twelve tasks, ten steps, once compiled",
    "Adapting is answered faster than a screen draws, so a page can do it at every move of a slider.",
    0.016,
    unit="seconds",
    decides=False,
)
def adapting_twelve() -> float:
    learner = Learner.load(SHIPPED)
    episode = jax.tree.map(np.asarray, Sinusoid().sample(jax.random.key(0), 12, 10, 100))
    seconds = []
    for _ in range(20):
        began = time.perf_counter()
        jax.block_until_ready(learner.path_predictions(episode.support, episode.query.x, 10))
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


# What the checks share.


def _gradient(quadratics: Quadratics, method: Method, dtype: type = np.float64) -> PyTree:
    return meta_value_and_grad(method, quadratics.model(dtype), quadratics.episode(dtype))[1].init


def _network(dtype: type) -> MLP:
    """A small smooth network, so that differences are a judge."""
    model = MLP(8, num_layers=1, activation="tanh", rngs=nnx.Rngs(0))
    nnx.update(model, jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype), nnx.state(model, nnx.Param)))
    return model


def _waves(dtype: type) -> Episode:
    episode = Sinusoid(amplitude=(0.1, 1.0)).sample(jax.random.key(0), 3, 5, 7)
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, dtype), episode)


@jax.jit
def _many_waves() -> Episode:
    return Sinusoid().sample(jax.random.key(0), 400_000, 1, 1)


def _flat(tree: PyTree) -> np.ndarray:
    return np.asarray(ravel_pytree(tree)[0], np.float64)


def _gap(got: PyTree, expected: PyTree) -> float:
    """Distance of two gradients, relative to the one that is expected."""
    got, expected = _flat(got), _flat(expected)
    return float(np.linalg.norm(got - expected) / np.linalg.norm(expected))
