"""What meta-learning has to beat, on the same tasks as the methods, so that differences are paired.

Random initialisation and pretraining are learners like any other (`random_initialisation`, `pretraining`); the
predictors here stand in for one in `evaluate`.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, singledispatch

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine.core.episode import Array, Batch
from maml_engine.core.losses import LossFn, mean_squared_error
from maml_engine.evaluation import evaluate
from maml_engine.experiment import Experiment
from maml_engine.learner import Learner
from maml_engine.tasks import FrequencySinusoid, FunctionFamily, GaussianProcess, Harmonics, Polynomials, Sawteeth, Sinusoid

INNER_LRS = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 1e-1)
DRAWS = 8192  # functions behind an average over a family


def random_initialisation(experiment: Experiment) -> Learner:
    """The experiment's network as it was before training, adapting by plain gradient descent."""
    return Learner.untrained(dataclasses.replace(experiment, method="maml"))


def pretraining(experiment: Experiment) -> Experiment:
    """The run that trains the network on all tasks at once, in the same budget: the tutorial's "transfer learning"."""
    return dataclasses.replace(experiment, method="maml", inner_steps=0)


def with_best_inner_lr(
    learner: Learner, key: jax.Array, *, k_shot: int, inner_steps: int, inner_lrs: Sequence[float] = INNER_LRS
) -> Learner:
    """`learner` fine-tuning with the step size that is best on validation tasks after `inner_steps` steps.

    A baseline with another's step size is no baseline.

    Args:
      learner: the baseline, as it was trained.
      key: `[]`, draws the validation tasks, the same ones for every step size.
      k_shot: support rows of each.
      inner_steps: gradient steps after which the losses are compared.
      inner_lrs: step sizes to choose from.
    """

    def with_inner_lr(inner_lr: float) -> Learner:
        return learner.replace(experiment=dataclasses.replace(learner.experiment, inner_lr=inner_lr))

    def loss(inner_lr: float) -> float:
        curves = evaluate(with_inner_lr(inner_lr), key, 200, k_shot, 100, inner_steps, split="validation")
        return float(np.nan_to_num(curves.mean[-1], nan=np.inf))

    return with_inner_lr(min(inner_lrs, key=loss))


@dataclass(frozen=True)
class ZeroShot:
    """The best prediction before seeing a task's points: the mean over the family's functions.

    For Finn's sinusoid it is (2 * 2.55 / pi) cos x and costs 3.006.

    default_tasks: the family.
    loss_fn: what `evaluate` measures it by.
    """

    default_tasks: FunctionFamily
    loss_fn: LossFn = mean_squared_error

    def path_predictions(self, support: Batch, query_x: Array, inner_steps: int) -> np.ndarray:
        """The same at every step, `[tasks, inner_steps + 1, k_query, 1]`."""
        del support
        return _repeated(_mean_function(self.default_tasks, query_x), inner_steps)


@dataclass(frozen=True)
class Oracle:
    """Knows the family of functions, and fits its few unknowns to the support points.

    default_tasks: the family.
    loss_fn: what `evaluate` measures it by.
    """

    default_tasks: FunctionFamily
    loss_fn: LossFn = mean_squared_error

    def path_predictions(self, support: Batch, query_x: Array, inner_steps: int) -> np.ndarray:
        """The same at every step, `[tasks, inner_steps + 1, k_query, 1]`."""
        return _repeated(_fit_all(self.default_tasks, support, query_x), inner_steps)


def _repeated(predictions: jax.Array, inner_steps: int) -> np.ndarray:
    return np.repeat(np.asarray(predictions)[:, None], inner_steps + 1, axis=1)


@jax.jit
def _mean_function(family: FunctionFamily, query_x: jax.Array) -> jax.Array:
    grid = jnp.linspace(*family.x, 512)
    functions = family.draw(jax.random.key(0), DRAWS)
    mean = jnp.mean(functions(jnp.broadcast_to(grid[None, :, None], (DRAWS, 512, 1))), axis=0)[:, 0]
    return jnp.interp(query_x, grid, mean)


@jax.jit
def _fit_all(family: FunctionFamily, support: Batch, query_x: jax.Array) -> jax.Array:
    def one_task(support: Batch, query_x: jax.Array) -> jax.Array:
        return fit_family(family, support.x, support.y, query_x, weight=support.weight)

    return jax.vmap(one_task)(support, query_x)


@singledispatch
def fit_family(
    family: FunctionFamily,
    support_x: jax.Array,
    support_y: jax.Array,
    query_x: jax.Array,
    *,
    weight: jax.Array | None = None,
) -> jax.Array:
    """Predictions of the member of `family` that fits the support points.

    Where no closed form is known: the family's draws, weighted by how well they fit.

    Args:
      family: the functions, with the noise on their points.
      support_x, support_y: `[k_shot, 1]` points of one function.
      query_x: `[k_query, 1]` where to predict.
      weight: `[k_shot]`, 1 where a point counts and 0 where it does not; None counts all.

    Returns:
      `[k_query, 1]`.
    """
    functions = family.draw(jax.random.key(0), DRAWS)

    def at(x: jax.Array) -> jax.Array:
        return functions(jnp.broadcast_to(x, (DRAWS, *x.shape)))[..., 0]

    counts = _counts(support_x, weight)
    misfit = jnp.sum(counts * (at(support_x) - support_y[:, 0]) ** 2, axis=1)
    # A spread of the size of the bank's own resolution; noise adds to it.
    spread = jnp.maximum(jnp.min(misfit) / jnp.sum(counts), family.noise**2) + 1e-6
    return (jax.nn.softmax(-misfit / (2 * spread)) @ at(query_x))[:, None]


def _counts(support_x: jax.Array, weight: jax.Array | None) -> jax.Array:
    return jnp.ones(len(support_x)) if weight is None else jnp.where(weight > 0, 1.0, 0.0)


def _least_squares(
    basis: Callable, support_x: jax.Array, support_y: jax.Array, query_x: jax.Array, *, counts: jax.Array
) -> jax.Array:
    # A trace of shrinkage, for fewer points than unknowns.
    features = counts[:, None] * basis(support_x)
    gram = features.T @ features + 1e-6 * jnp.eye(features.shape[1])
    return basis(query_x) @ jnp.linalg.solve(gram, features.T @ support_y)


def _waves(frequencies: tuple, x: jax.Array) -> jax.Array:
    return jnp.concatenate([wave(frequency * x) for frequency in frequencies for wave in (jnp.sin, jnp.cos)], axis=-1)


@fit_family.register
def _(family: Sinusoid, support_x, support_y, query_x, *, weight=None):
    return _least_squares(partial(_waves, (1.0,)), support_x, support_y, query_x, counts=_counts(support_x, weight))


# A sawtooth shares a wave's parameters, not its formula.
fit_family.register(Sawteeth, fit_family.dispatch(object))


@fit_family.register
def _(family: Harmonics, support_x, support_y, query_x, *, weight=None):
    return _least_squares(partial(_waves, (1.0, 2.0)), support_x, support_y, query_x, counts=_counts(support_x, weight))


@fit_family.register
def _(family: FrequencySinusoid, support_x, support_y, query_x, *, weight=None):
    counts = _counts(support_x, weight)

    def fit(frequency: jax.Array) -> tuple[jax.Array, jax.Array]:
        basis, both_x = partial(_waves, (frequency,)), jnp.concatenate([support_x, query_x])
        both = _least_squares(basis, support_x, support_y, both_x, counts=counts)
        return jnp.sum(counts[:, None] * (both[: len(support_x)] - support_y) ** 2), both[len(support_x) :]

    misfit, predictions = jax.vmap(fit)(jnp.linspace(*family.frequency, 401))
    return predictions[jnp.argmin(misfit)]


@fit_family.register
def _(family: Polynomials, support_x, support_y, query_x, *, weight=None):
    half_width = (family.x[1] - family.x[0]) / 2

    def powers(x: jax.Array) -> jax.Array:
        return (x / half_width) ** jnp.arange(family.degree + 1)

    return _least_squares(powers, support_x, support_y, query_x, counts=_counts(support_x, weight))


@fit_family.register
def _(family: GaussianProcess, support_x, support_y, query_x, *, weight=None):
    def kernel(a: jax.Array, b: jax.Array) -> jax.Array:
        return jnp.exp(-((a - b.T) ** 2) / (2 * family.length_scale**2))

    counts = _counts(support_x, weight)[:, None]
    gram = counts * kernel(support_x, support_x) * counts.T + (family.noise**2 + 1e-5) * jnp.eye(support_x.shape[0])
    return (kernel(query_x, support_x) * counts.T) @ jnp.linalg.solve(gram, counts * support_y)
