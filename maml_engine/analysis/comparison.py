"""Several methods trained in turns within one budget, and evaluated on the same tasks as they go."""

import dataclasses
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import jax
import numpy as np

from maml_engine.analysis.cost import temp_bytes
from maml_engine.checks import check_choice, check_number
from maml_engine.core.adapter import MetaParams, partition
from maml_engine.core.episode import Episode
from maml_engine.evaluation import evaluate_episode
from maml_engine.experiment import Experiment
from maml_engine.learner import Learner
from maml_engine.methods import METHODS
from maml_engine.training.outer_loop import MAX_CHUNK, initial_state, program_of
from maml_engine.training.population import population_steps, stacked

KINDS = ("iterations", "gradients", "seconds")
# Where seconds are the budget: no run goes further than this.
MAX_ITERATIONS = 1_000_000
# Long enough to cost nothing, short enough to watch and to stop.
SECONDS_AT_ONCE = 0.25
FIRST_CHUNK = 20


def gradients_per_iteration(experiment: Experiment) -> int:
    """Counts the gradients and Hessian-vector products of single tasks' losses that a meta-iteration takes.

    The exact gradient takes K inner gradients, one of the query loss and K Hessian-vector products; first order leaves the last
    out, Reptile the query's as well. iMAML takes K inner gradients, one of the query loss and `cg_steps` products. A method
    that solves takes one gradient, through support and query alike, which counts as two. A Hessian-vector product counts as
    one, though it takes about twice the time.
    """
    steps = experiment.inner_steps
    if METHODS[experiment.method].support_gives == "solution":
        each = 2
    elif experiment.method == "reptile":
        each = max(steps, 1)
    elif experiment.method == "fomaml":
        each = steps + 1
    elif experiment.method == "imaml":
        each = steps + 1 + experiment.cg_steps
    elif experiment.method == "mamlplusplus" and experiment.multi_step_iterations:
        each = 3 * steps  # the query loss counts at every step
    else:
        each = 2 * steps + 1
    return each * experiment.meta_batch_size


@dataclass(frozen=True)
class Budget:
    """What each run may spend.

    kind: one of `KINDS`.
    amount: in meta-iterations, in gradients, or in seconds of training, compilation apart; > 0.
    """

    kind: str
    amount: float

    def __post_init__(self):
        check_choice("kind", self.kind, KINDS)
        check_number("amount", self.amount, above=0)

    def iterations(self, experiment: Experiment) -> int:
        """How many meta-iterations it buys, at least 1; for seconds, `MAX_ITERATIONS`."""
        if self.kind == "seconds":
            return MAX_ITERATIONS
        price = 1 if self.kind == "iterations" else gradients_per_iteration(experiment)
        return max(1, int(self.amount // price))


@dataclass(frozen=True, eq=False)
class Ranking:
    """Where one method stands at one moment, all its seeds together; nothing in it changes later.

    experiments: one a seed.
    learners: the latest that were evaluated, one a seed.
    iterations: `[points]`, meta-iterations that a run had made when it was evaluated.
    gradients: `[points]`, gradients that these took, as `gradients_per_iteration` counts them.
    seconds: `[points]`, seconds that these took. Seeds train side by side, and a run's seconds are its share.
    curves: `[points, seeds, steps + 1]`, mean loss over the tasks after each inner step.
    loss: `[seeds, tasks, steps + 1]`, of the latest point.
    temp_bytes: what one meta-gradient asks for besides its arguments and results; None until it is measured.
    message: why it ended early; empty where it did not.
    """

    experiments: tuple[Experiment, ...]
    learners: tuple[Learner, ...]
    iterations: np.ndarray
    gradients: np.ndarray
    seconds: np.ndarray
    curves: np.ndarray
    loss: np.ndarray
    temp_bytes: int | None = None
    message: str = ""

    @property
    def task_loss(self) -> np.ndarray:
        """Mean loss over seeds, `[tasks, steps + 1]`."""
        return self.loss.mean(axis=0)

    @property
    def seconds_per_iteration(self) -> float:
        """Seconds of a meta-iteration of one seed; NaN before the first."""
        return float(self.seconds[-1] / self.iterations[-1]) if self.iterations[-1] else float("nan")

    @property
    def num_adapted(self) -> int:
        """How many numbers move in the inner loop."""
        moving, _ = partition(self.learners[0].method, self.learners[0].meta.init)
        return sum(int(np.size(leaf)) for leaf in jax.tree.leaves(moving))


@dataclass(frozen=True, eq=False)
class ContestReport:
    """What a contest reports between two stretches.

    rankings: by the entrants' names, of those that have been compiled.
    share: of the whole work done, in [0, 1].
    iteration: meta-iterations done, all runs together.
    doing: in words; empty at the end.
    done: whether this is the last report.
    """

    rankings: Mapping[str, Ranking]
    share: float
    iteration: int
    doing: str
    done: bool = False


def contest(
    entrants: Mapping[str, Sequence[Experiment]],
    budget: Budget,
    episode: Episode,
    *,
    inner_steps: int = 10,
    points: int = 24,
    prepare: Callable[[str, Learner], Learner] = lambda name, learner: learner,
) -> Iterator[ContestReport]:
    """Trains every entrant within the same budget, a stretch of each in turns, so that a busy moment falls on all of them.

    Args:
      entrants: by name, one experiment a seed; those of one name differ in their seeds alone and train as one program.
      budget: what each run may spend.
      episode: the tasks that all are evaluated on, with a leading axis `[tasks]`.
      inner_steps: how far they adapt when they are evaluated.
      points: how often they are evaluated, besides the start; >= 1.
      prepare: makes of a snapshot the learner that is evaluated (a baseline chooses its step size here).

    Yields:
      Reports, a few a second; the last one has `done`.
    """
    check_number("points", points, low=1, integer=True)
    runs: dict[str, _Run] = {}
    share = 0.0

    def report(doing: str, done: bool = False) -> ContestReport:
        rankings = {name: run.ranking for name, run in runs.items()}
        return ContestReport(rankings, share, sum(run.iteration * len(run.learners) for run in runs.values()), doing, done)

    for name, experiments in entrants.items():
        yield report(f"Compiling {name}")
        runs[name] = _Run(experiments, budget, episode, inner_steps=inner_steps, prepare=partial(prepare, name))
    for point in range(1, points + 1):
        for place, (name, run) in enumerate(runs.items()):
            for within in run.until(point / points):
                share = (point - 1 + (place + within) / len(runs)) / points
                yield report(f"Training {name}")
            run.evaluate()
            yield report(f"Training {name}")
    for name, run in runs.items():
        yield report(f"Measuring the memory of {name}")
        run.measure()
    share = 1.0
    yield report("", done=True)


class _Run:
    """The seeds of one entrant under way."""

    def __init__(
        self,
        experiments: Sequence[Experiment],
        budget: Budget,
        episode: Episode,
        *,
        inner_steps: int,
        prepare: Callable[[Learner], Learner],
    ):
        self.budget, self.episode, self.inner_steps, self.prepare = budget, episode, inner_steps, prepare
        self.learners = [Learner.untrained(experiment) for experiment in experiments]
        self.total = budget.iterations(experiments[0])
        self.price = gradients_per_iteration(experiments[0])
        self.programs = stacked([program_of(learner) for learner in self.learners])
        states = stacked([initial_state(learner) for learner in self.learners])
        self.states, _ = jax.block_until_ready(population_steps(states, self.programs, 0, 0))  # compiles and runs no step
        self.iteration, self.seconds, self.rate, self.ended = 0, 0.0, 0.0, ""
        empty = np.zeros(0)
        self.ranking = Ranking(tuple(experiments), (), empty, empty, empty, np.zeros((0, len(experiments), 0)), empty)
        self.evaluate()

    def until(self, share: float) -> Iterator[float]:
        """Trains until `share` of the budget is spent; yields how much of this stretch is done, in [0, 1]."""
        by_time = self.budget.kind == "seconds"
        begin = self.seconds if by_time else self.iteration
        goal = share * self.budget.amount if by_time else round(share * self.total)
        while not self.ended and (now := self.seconds if by_time else self.iteration) < goal and self.iteration < self.total:
            left = (goal - now) * self.rate if by_time and self.rate else goal - now if not by_time else FIRST_CHUNK
            at_once = self.rate * SECONDS_AT_ONCE if self.rate else FIRST_CHUNK
            self._train(int(np.clip(min(left, at_once), 1, min(MAX_CHUNK, self.total - self.iteration))))
            done = self.seconds if by_time else self.iteration
            yield min(1.0, (done - begin) / max(goal - begin, 1e-9))

    def evaluate(self) -> None:
        """Adds a point to the ranking, unless nothing was trained since the last."""
        past = self.ranking
        if len(past.iterations) and past.iterations[-1] == self.iteration:
            return
        learners = tuple(self.prepare(learner) for learner in self.learners)
        with np.errstate(all="ignore"):  # some tasks may blow up
            loss = np.stack([evaluate_episode(learner, self.episode, self.inner_steps).loss for learner in learners])
            curves = loss.mean(axis=1)[None]
        spent = (self.iteration, self.iteration * self.price, self.seconds)
        iterations, gradients, seconds = (
            np.append(before, now) for before, now in zip((past.iterations, past.gradients, past.seconds), spent, strict=True)
        )
        curves = np.concatenate([past.curves, curves]) if len(past.iterations) else curves
        self.ranking = dataclasses.replace(
            past,
            learners=learners,
            iterations=iterations,
            gradients=gradients,
            seconds=seconds,
            curves=curves,
            loss=loss,
            message=self.ended,
        )

    def measure(self) -> None:
        """Adds the working memory of one meta-gradient to the ranking."""
        self.ranking = dataclasses.replace(self.ranking, temp_bytes=meta_gradient_bytes(self.learners[0]))

    def _train(self, length: int) -> None:
        began = time.perf_counter()
        self.states, losses = jax.block_until_ready(population_steps(self.states, self.programs, self.iteration, length))
        elapsed = (time.perf_counter() - began) / len(self.learners)
        metas = jax.tree.map(np.array, self.states.meta)
        finite = np.isfinite(np.asarray(losses)[:, :length]).all()
        if not finite or not all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(metas)):
            self.ended = (
                f"The meta-loss was no longer a finite number after iteration {self.iteration:,}; its last snapshot counts."
            )
            self.ranking = dataclasses.replace(self.ranking, message=self.ended)
            return
        self.iteration, self.seconds, self.rate = self.iteration + length, self.seconds + elapsed, length / elapsed
        self.learners = [
            learner.replace(meta=jax.tree.map(lambda leaf, seed=seed: leaf[seed], metas), iteration=self.iteration)
            for seed, learner in enumerate(self.learners)
        ]


def meta_gradient_bytes(learner: Learner) -> int:
    """Compiles the meta-gradient of `learner`'s own run and returns its bytes besides arguments and results."""
    program, experiment = program_of(learner), learner.experiment

    def value_and_grad(meta: MetaParams, key: jax.Array) -> tuple[jax.Array, MetaParams]:
        episode = program.tasks.sample(key, experiment.meta_batch_size, experiment.k_shot, experiment.k_query)
        return learner.method.meta_gradient(meta, episode, network=program.network, loss_fn=program.loss_fn)

    compiled = jax.jit(value_and_grad).lower(learner.meta, jax.random.key(0)).compile()
    return temp_bytes(compiled)
