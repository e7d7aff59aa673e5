"""Many runs as one program: seeds, and hyperparameters that change no shape, on one more axis."""

import dataclasses
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine.experiment import Experiment
from maml_engine.learner import Learner
from maml_engine.runtime.parallel import parallel_map, split_among_cores
from maml_engine.training.outer_loop import MAX_CHUNK, Program, TrainState, initial_state, meta_steps, program_of

# What may differ between the runs of a population: numbers that the compiled program takes as arguments.
FREE = (
    "seed", "meta_lr", "inner_lr", "amplitude", "phase", "x_range", "noise", "frequency", "length_scale",
    "inner_lr_decay", "proximal", "inner_tolerance", "weight_decay", "clip_norm",
)  # fmt: skip


@dataclass(frozen=True)
class Population:
    """Runs that were trained side by side.

    learners: one a run, in the order of the experiments.
    meta_loss: `[runs, num_iterations]`.
    seconds: of training, compilation apart.
    """

    learners: tuple[Learner, ...]
    meta_loss: np.ndarray
    seconds: float


def train_population(experiments: Sequence[Experiment]) -> Population:
    """Trains all side by side, a compiled program a core; each run ends where it would alone, up to rounding.

    Raises:
      ValueError: no run, or two runs that differ in something else than `FREE`, named.
    """
    _check_alike(experiments)
    learners = [Learner.untrained(experiment) for experiment in experiments]
    num_iterations = experiments[0].num_iterations
    groups = [_Group([learners[run] for run in part]) for part in split_among_cores(len(learners))]
    began = time.perf_counter()
    losses = parallel_map(lambda group: group.train(num_iterations), groups)
    seconds = time.perf_counter() - began
    trained = tuple(learner for group in groups for learner in group.trained(num_iterations))
    return Population(trained, np.concatenate(losses), seconds)


class _Group:
    """Runs that are one program."""

    def __init__(self, learners: Sequence[Learner]):
        self.learners, self.programs = learners, stacked([program_of(learner) for learner in learners])
        states = stacked([initial_state(learner) for learner in learners])
        self.states, _ = jax.block_until_ready(population_steps(states, self.programs, 0, 0))  # compiles and runs no step

    def train(self, num_iterations: int) -> np.ndarray:
        """The meta-losses, `[runs, num_iterations]`."""
        losses = []
        for start in range(0, num_iterations, MAX_CHUNK):
            length = min(MAX_CHUNK, num_iterations - start)
            self.states, chunk = population_steps(self.states, self.programs, start, length)
            losses.append(np.asarray(chunk)[:, :length])
        return np.concatenate(losses, axis=1)

    def trained(self, num_iterations: int) -> list[Learner]:
        """The learners after so many iterations."""
        metas = jax.tree.map(np.array, self.states.meta)
        return [
            learner.replace(meta=jax.tree.map(lambda leaf, run=run: leaf[run], metas), iteration=num_iterations)
            for run, learner in enumerate(self.learners)
        ]


@partial(jax.jit, donate_argnums=0)
def population_steps(
    states: TrainState, programs: Program, start: jax.Array, length: jax.Array
) -> tuple[TrainState, jax.Array]:
    """`meta_steps` for many runs.

    Args:
      states: before them, on a leading axis `[runs]`; their buffers are donated.
      programs: what a meta-step of each run needs besides its state, on a leading axis `[runs]`.
      start: `[]`, the first one's iteration.
      length: `[]`, how many, at most `MAX_CHUNK`.

    Returns:
      The states after them, and the meta-losses `[runs, MAX_CHUNK]`, of which the first `length` of each count.
    """
    return jax.vmap(meta_steps, in_axes=(0, 0, None, None))(states, programs, start, length)


def stacked(trees: Sequence) -> object:
    """Pytrees of one shape as one, with a leading axis `[runs]`."""
    return jax.tree.map(lambda *leaves: jnp.stack([jnp.asarray(leaf) for leaf in leaves]), *trees)


def _check_alike(experiments: Sequence[Experiment]) -> None:
    if not experiments:
        raise ValueError("A population must hold at least one run, got none.")
    for spec in dataclasses.fields(Experiment):
        values = {getattr(experiment, spec.name) for experiment in experiments}
        if len(values) > 1 and spec.name not in FREE:
            raise ValueError(
                f"Runs of one population must share `{spec.name}`, got {', '.join(map(repr, sorted(values, key=str)))}."
            )
