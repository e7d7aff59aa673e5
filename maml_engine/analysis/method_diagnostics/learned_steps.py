"""Meta-SGD's step size for every parameter; MAML++'s weights of losses and step sizes of arrays."""

from dataclasses import dataclass

import jax
import numpy as np

from maml_engine.analysis.layers import named_arrays
from maml_engine.core.adapter import partition
from maml_engine.learner import Learner


@dataclass(frozen=True, eq=False)
class StepField:
    """Learned step sizes, layer by layer.

    layers: their names.
    sizes: for each layer `[in (+ 1 for the bias, last), out]`.
    """

    layers: tuple[str, ...]
    sizes: tuple[np.ndarray, ...]

    @property
    def negative(self) -> float:
        """The share of the step sizes below 0, which climb where MAML descends."""
        flat = np.concatenate([field.ravel() for field in self.sizes])
        return float(np.mean(flat < 0))


def step_field(learner: Learner) -> StepField:
    """The rule of a Meta-SGD learner as one table a layer (Li et al., 2017).

    Raises:
      ValueError: the method has learned no step size for every parameter.
    """
    rule = learner.meta.rule
    if jax.tree.structure(rule) != jax.tree.structure(partition(learner.method, learner.meta.init)[0]):
        raise ValueError(f"`learner` must have a step size for each parameter, got one of {learner.experiment.method!r}.")
    tables: dict[str, dict[str, np.ndarray]] = {}
    for layer, name, leaf in named_arrays(rule):
        tables.setdefault(layer, {})[name] = np.atleast_2d(leaf)
    sizes = [np.concatenate([leaves[name] for name in sorted(leaves, key="bias".__eq__)]) for leaves in tables.values()]
    return StepField(tuple(tables), tuple(sizes))


@dataclass(frozen=True, eq=False)
class PlusPlusSchedule:
    """What MAML++ schedules and learns (Antoniou et al., 2019).

    iterations: `[points]`, meta-iterations.
    weights: `[points, inner_steps + 1]`, of the query losses after each inner step.
    arrays: names of the arrays that have step sizes of their own.
    step_sizes: `[arrays, inner_steps]`, learned so far.
    """

    iterations: np.ndarray
    weights: np.ndarray
    arrays: tuple[str, ...]
    step_sizes: np.ndarray


def plus_plus_schedule(learner: Learner, num_iterations: int, points: int = 60) -> PlusPlusSchedule:
    """The weights of the steps' losses over a run, and the step sizes learned so far.

    Args:
      learner: of the method MAML++.
      num_iterations: how far the weights are shown.
      points: at how many iterations, or fewer where the run is shorter.
    """
    method = learner.method
    iterations = np.unique(np.linspace(0, num_iterations, points).astype(int))
    last_alone = np.eye(method.inner_steps + 1)[-1]
    weights = [method.step_weights(int(iteration)) for iteration in iterations]
    weights = np.stack([last_alone if row is None else np.asarray(row) for row in weights])
    named = named_arrays(learner.meta.rule.step_sizes)
    sizes = np.stack([leaf for *_, leaf in named]) if named else np.zeros((0, method.inner_steps))
    return PlusPlusSchedule(iterations, weights, tuple(f"{layer}.{name}" for layer, name, _ in named), sizes)
