"""The outer loop: a generator of reports, with one compiled program between two of them."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import nnx

from maml_engine.checks import check_kind, check_number
from maml_engine.core.episode import Episode
from maml_engine.core.losses import LossFn
from maml_engine.evaluation import AdaptationCurves, draw, evaluate_episode, queries
from maml_engine.experiment import Experiment
from maml_engine.io.arrays import from_arrays, to_arrays
from maml_engine.learner import Learner
from maml_engine.methods import Method
from maml_engine.runtime.mappings import make_room
from maml_engine.training.checkpoint import Checkpoint
from maml_engine.training.outer_loop import (
    MAX_CHUNK,
    Steps,
    TrainState,
    initial_state,
    program_of,
    steps_here,
    training_keys,
)

PyTree = Any

# How often a report comes: often enough to watch, rarely enough to cost nothing.
SECONDS_BETWEEN_REPORTS = 0.25
FIRST_CHUNK = 20
# The held-out curve: how often in a run, over how many tasks and queries, and at least to which step.
EVALUATIONS, HELD_OUT_TASKS, HELD_OUT_QUERIES, HELD_OUT_STEPS = 50, 100, 50, 10
# The same for pictures, whose networks take a thousand times as long: evaluations at most and at least, between them what is
# about a tenth of the run; queries of each class, steps.
PICTURE_EVALUATIONS, FEWEST_PICTURE_EVALUATIONS, EVALUATED_SHARE = 25, 5, 0.1
PICTURE_QUERIES, PICTURE_STEPS = 5, 5


@dataclass(frozen=True)
class Report:
    """What training reports between two stretches.

    iteration: meta-iterations done.
    meta_loss: `[iterations since the last report]`, in squared units of the data.
    curve: loss on held-out (validation) tasks after 0, 1, .. inner steps.
    curve_iteration: when `curve` was taken.
    seconds: spent on meta-steps since the run began.
    compile_seconds: spent on compiling in this process.
    iterations_per_second: the present speed.
    learner: a snapshot.
    best: the snapshot with the lowest validation loss so far, taken at `best.iteration`.
    checkpoint: from where another `train` goes on.
    warning: one sentence where the method's outer gradient is not to be trusted on the held-out tasks; empty otherwise.
    """

    iteration: int
    meta_loss: np.ndarray
    curve: AdaptationCurves
    curve_iteration: int
    seconds: float
    compile_seconds: float
    iterations_per_second: float
    learner: Learner
    best: Learner
    checkpoint: Checkpoint
    warning: str = ""

    @property
    def experiment(self) -> Experiment:
        """The run."""
        return self.learner.experiment

    @property
    def done(self) -> bool:
        """Whether this was the last report."""
        return self.iteration >= self.experiment.num_iterations

    @property
    def seconds_left(self) -> float:
        """At the present speed."""
        return (self.experiment.num_iterations - self.iteration) / max(self.iterations_per_second, 1e-9)

    @property
    def result(self) -> Learner:
        """What the run leaves behind: the last snapshot or the best, as the experiment says."""
        return self.best if self.experiment.keep == "best" else self.learner


class Diverged(RuntimeError):
    """The meta-loss is no longer a finite number.

    iteration: where. report: the last finite one, or None where there was none.
    """

    def __init__(self, message: str, iteration: int, report: Report | None):
        super().__init__(message)
        self.iteration, self.report = iteration, report

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.iteration, self.report)


def train(
    experiment: Experiment,
    *,
    start: Checkpoint | None = None,
    model: nnx.Module | None = None,
    tasks: Any = None,
    loss_fn: LossFn | None = None,
    method: Method | None = None,
    meta_optimizer: optax.GradientTransformation | None = None,
    steps: Steps = steps_here,
) -> Iterator[Report]:
    """Meta-trains as `experiment` says. Whoever consumes the reports decides when to stop.

    Tasks are drawn by the iteration's own key, so neither the number of iterations between reports nor a stop in between
    changes the result.

    Args:
      experiment: the run.
      start: a checkpoint of this run to go on from.
      model: the caller's own module; None builds the experiment's.
      tasks: the caller's own tasks (anything with `sample` and `split`, as `tasks/contract.py` says); None builds the
        experiment's.
      loss_fn: the caller's own loss, one number an example; None takes the experiment's.
      method: a method with its numbers, which then take the place of the experiment's; None builds the experiment's.
      meta_optimizer: any Optax transformation, whose updates are added (`optax.adam(1e-3)`); it brings its step size, so
        `meta_lr` and what else the experiment says of its optimiser is not used. None builds the experiment's.
      steps: makes the meta-steps; `distributed` has others than those of one device.

    Yields:
      Reports, a few a second; the last one has `done`. Each holds a snapshot: whoever keeps all of a long run, as
      `*_, report = train(...)` does until its end, keeps gigabytes an hour of a network of a megabyte; `for report in
      train(...): pass` keeps the last one.

    Raises:
      ValueError: the checkpoint belongs to another experiment, the tasks are not at hand, or a part of the caller's own is not
        what it must be.
      Diverged: the meta-loss became infinite or NaN.
    """
    check_kind("experiment", experiment, Experiment, "Experiment(num_iterations=1000)")
    make_room()
    own = {"loss_fn": loss_fn, "method": method, "meta_optimizer": meta_optimizer}
    learner = Learner.untrained(experiment, model=model, tasks=tasks, **own)
    if start is not None:
        check_kind("start", start, Checkpoint, "report.checkpoint or Checkpoint.load(folder)")
        start.check_same_run(learner.experiment)
        check_number("num_iterations", experiment.num_iterations, low=start.iteration, integer=True)  # so many are done
    return _Run(learner, steps).reports(start)


def picture_evaluations(experiment: Experiment, *, known: int, asked: int) -> int:
    """How often a run on pictures is evaluated on held-out tasks.

    By passes of rows through the network, so that every machine evaluates at the same iterations.

    Args:
      experiment: the run.
      known: support rows of a held-out task.
      asked: its query rows.
    """
    evaluation = passes_of_evaluation(max(experiment.inner_steps, PICTURE_STEPS), known=known, asked=asked)
    queries = known // experiment.k_shot * experiment.k_query
    meta_step = experiment.meta_batch_size * 3 * (experiment.inner_steps * known + queries)
    affordable = EVALUATED_SHARE * experiment.num_iterations * meta_step / evaluation
    return int(np.clip(affordable, FEWEST_PICTURE_EVALUATIONS, PICTURE_EVALUATIONS))


def passes_of_evaluation(steps: int, *, known: int, asked: int) -> int:
    """How many rows pass through the network where the held-out tasks are evaluated once; a gradient counts as three.

    Args:
      steps: inner steps.
      known: support rows of a task.
      asked: its query rows.
    """
    return HELD_OUT_TASKS * (3 * steps * known + (steps + 1) * asked)


class _Run:
    """One run under way: what stays the same between its reports, and the few things that do not."""

    def __init__(self, learner: Learner, steps: Steps):
        experiment = learner.experiment
        self.experiment, self.steps, self.start_learner = experiment, steps, learner
        self.program = program_of(self.start_learner)
        tasks, key = self.start_learner.default_tasks.split("validation"), training_keys(experiment.seed)[1]
        are_pictures = hasattr(tasks, "rows_of_a_class")
        k_query = queries(tasks, experiment.k_shot, rows=HELD_OUT_QUERIES, of_a_class=PICTURE_QUERIES)
        drawn = draw(tasks, key, HELD_OUT_TASKS, k_shot=experiment.k_shot, k_query=k_query)
        self.held_out: Episode = jax.tree.map(np.asarray, drawn)  # where scaling and slices compile nothing
        self.held_out_steps = max(experiment.inner_steps, PICTURE_STEPS if are_pictures else HELD_OUT_STEPS)
        known, asked = self.held_out.support.x.shape[1], self.held_out.query.x.shape[1]
        evaluations = picture_evaluations(experiment, known=known, asked=asked) if are_pictures else EVALUATIONS
        self.evaluate_every = max(1, experiment.num_iterations // evaluations)
        self.best = self.start_learner
        self.best_loss = np.inf
        self.seconds = 0.0
        self.last_report: Report | None = None

    def reports(self, start: Checkpoint | None) -> Iterator[Report]:
        """The run itself."""
        state, iteration = self._initial_state(start)
        began = time.perf_counter()
        state, _ = self.steps(state, self.program, iteration, 0)  # compiles and runs no step
        curve = self._evaluate(self._learner(state, iteration))
        curve_iteration, compile_seconds, warning = iteration, time.perf_counter() - began, ""
        chunk, rate = FIRST_CHUNK, 0.0
        while True:
            until_evaluation = self.evaluate_every - iteration % self.evaluate_every
            length = min(chunk, until_evaluation, self.experiment.num_iterations - iteration)
            began = time.perf_counter()
            state, losses = self.steps(state, self.program, iteration, length)
            elapsed, length = time.perf_counter() - began, len(losses)
            learner = self._learner(state, iteration + length)
            self._refuse_divergence(learner, losses, iteration)
            iteration, self.seconds, rate = iteration + length, self.seconds + elapsed, length / elapsed
            chunk = int(np.clip(rate * SECONDS_BETWEEN_REPORTS, 1, MAX_CHUNK))
            finished = iteration >= self.experiment.num_iterations
            if length and (finished or iteration % self.evaluate_every == 0):
                curve, curve_iteration, warning = self._evaluate(learner), iteration, self._diagnose(learner)
                self._keep_best(learner, curve)
            self.last_report = Report(
                iteration, losses, curve, curve_iteration, self.seconds, compile_seconds, rate, learner, self.best,
                self._checkpoint(state, iteration), warning,
            )  # fmt: skip
            yield self.last_report
            if finished:
                return

    def _initial_state(self, start: Checkpoint | None) -> tuple[TrainState, int]:
        state = initial_state(self.start_learner)
        if start is None:
            return state, 0
        source = Path("checkpoint")
        state = from_arrays({"state": state}, start.arrays, source)["state"]
        best = from_arrays({"best": self.start_learner.meta}, start.arrays, source)["best"]
        self.best = self.start_learner.replace(meta=best, iteration=max(start.best_iteration, 0))
        self.best_loss, self.seconds = start.best_loss, start.seconds
        return jax.tree.map(jnp.array, state), start.iteration

    def _learner(self, state: TrainState, iteration: int) -> Learner:
        return self.start_learner.replace(meta=jax.tree.map(np.array, state.meta), iteration=iteration)

    def _evaluate(self, learner: Learner) -> AdaptationCurves:
        return evaluate_episode(learner, self.held_out, self.held_out_steps)

    def _diagnose(self, learner: Learner) -> str:
        held_out = self.program.scaling.episode(self.held_out)
        return learner.method.diagnose(learner.meta, held_out, network=self.program.network, loss_fn=self.program.loss_fn)

    def _keep_best(self, learner: Learner, curve: AdaptationCurves) -> None:
        loss = float(curve.mean[self.experiment.inner_steps])
        if loss < self.best_loss:
            self.best, self.best_loss = learner, loss

    def _checkpoint(self, state: TrainState, iteration: int) -> Checkpoint:
        arrays = to_arrays({"state": state, "best": self.best.meta})
        best_iteration = self.best.iteration if np.isfinite(self.best_loss) else -1
        return Checkpoint(self.experiment, iteration, arrays, best_iteration, self.best_loss, self.seconds)

    def _refuse_divergence(self, learner: Learner, losses: np.ndarray, iteration: int) -> None:
        finite = np.isfinite(losses)
        if finite.all() and all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(learner.meta)):
            return
        where = iteration + (len(losses) if finite.all() else int(np.argmin(finite)) + 1)
        last = self.last_report.learner if self.last_report else self.start_learner
        advice = _first_to_lower(self.experiment, self._evaluate(self.start_learner).mean, self._evaluate(last).mean)
        kept = f"The last finite snapshot is of iteration {last.iteration}." if self.last_report else "Nothing was learned yet."
        message = f"The meta-loss is no longer a finite number at iteration {where}: lower {advice} first. {kept}"
        raise Diverged(message, where, self.last_report)


def _first_to_lower(experiment: Experiment, start: np.ndarray, last: np.ndarray) -> str:
    """Which hyperparameter to blame, by the held-out curves of the untrained learner and of the last finite snapshot."""
    steps = experiment.inner_steps

    def adapts(curve: np.ndarray, steps: int) -> bool:
        return bool(np.isfinite(curve[steps]) and curve[steps] <= curve[0])

    if adapts(last, steps) or (adapts(start, steps) and last[0] > 10 * start[0]):  # the outer loop itself has blown up
        return f"`meta_lr` (now {experiment.meta_lr:g})"
    if steps > 1 and adapts(last, 1):
        return f"`inner_steps` (now {steps})"
    return f"`inner_lr` (now {experiment.inner_lr:g})"
