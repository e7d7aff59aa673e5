"""A run as it is computed (`Work`) and as somebody's (`Job`): who asks for what is being trained already shares it."""

import dataclasses
import itertools
import logging
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

from dashboard.jobs.pool import EngineLost
from dashboard.jobs.progress import Start
from dashboard.jobs.snapshot import DIVERGED, FAILED, QUEUED, RUNNING, STOPPED, History, Snapshot
from maml_engine import Diverged, Experiment, Report
from maml_engine.training import Checkpoint

log = logging.getLogger(__name__)

# How often what another process would go on from is taken, where there are others, and how large it may be: beyond that, as
# with a network of a million weights, a run that is taken over begins anew.
START_SECONDS, MAX_START_BYTES = 20.0, 4e6


def like(experiment: Experiment) -> Experiment:
    """What stands for all runs that take as long as this one for a meta-iteration."""
    return dataclasses.replace(experiment, num_iterations=1, seed=0, meta_lr=1e-3, inner_lr=0.01, keep="last")


@dataclass(eq=False)
class Work:
    """What is computed once, for one visitor or for several who asked for the same. The registry's lock guards all of it.

    experiment: the run, or the first of those that it holds.
    make: makes the iterator of reports, where it runs; None once it has ended, so that a table's rows go with it.
    kind: the name of what makes it, for what is known of how long such things take.
    is_plain: whether it is a plain run, whose reports are `train`'s.
    is_shared: whether somebody else who asks for the same experiment may have this one.
    since: when it was asked for, by the registry's clock.
    jobs: whose it is.
    began: when it began to compute; None before.
    is_fresh: whether the process in which it computes was started for it.
    first_report: when the first report came, its iteration, and the seconds of meta-steps until then; None before.
    reported: when the latest came.
    unwanted: since when nobody wants it any more; None where somebody does.
    why_cut: the sentence with which it ends, where it took too much; "" where it did not.
    is_cut: whether its process was ended.
    is_over: whether nothing more comes, and how it has ended is on its way into the library: no Stop alters that.
    keep_as: the kind of run as which the library keeps it; "" where it leaves nothing to be kept.
    summary: what comes out of it, as plain JSON, and its learner, if it has one.
    snapshot: as it is now.
    like: what stands for all runs that take as long, since a queue asks for it often.
    goes_on_from: where another process has left it; None where it begins here.
    start: from where another process would go on; None where nothing was taken yet.
    """

    experiment: Experiment
    make: Callable[[], Iterator[Any]] | None
    kind: str
    is_plain: bool
    is_shared: bool
    since: float
    jobs: "list[Job]" = field(default_factory=list)
    began: float | None = None
    is_fresh: bool = False
    first_report: tuple[float, int, float] | None = None
    reported: float = 0.0
    unwanted: float | None = None
    why_cut: str = ""
    is_cut: bool = False
    is_over: bool = False
    keep_as: str = ""
    summary: Callable[[Snapshot], tuple[Mapping[str, Any], Any]] = lambda snapshot: ({}, snapshot.result)
    snapshot: Snapshot = field(init=False)
    like: Experiment = field(init=False)
    goes_on_from: Start | None = None
    start: Start | None = field(init=False, default=None)
    _history: History = field(default_factory=History)
    _curves: list[tuple[int, np.ndarray]] = field(default_factory=list)
    _accuracies: list[np.ndarray] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.snapshot, self.like = Snapshot(self.experiment, QUEUED), like(self.experiment)
        if (before := self.goes_on_from) is not None:
            self._history = before.history.copy()
            self._curves = list(zip(before.curve_iterations.tolist(), before.curves, strict=True))
            self._accuracies = list(before.accuracies)
            self.snapshot = dataclasses.replace(self.snapshot, **before.measured())

    @property
    def wanted_by(self) -> "list[Job]":
        """The jobs that have not been stopped."""
        return [job for job in self.jobs if job.kept is None]

    def begin(self, now: float) -> None:
        """It computes from now on."""
        self.began = now
        self.snapshot = dataclasses.replace(self.snapshot, status=RUNNING)

    def take_in(self, report: Any, now: float) -> None:
        """What has just been reported."""
        self.reported = now
        self.first_report = self.first_report or (now, report.iteration, getattr(report, "seconds", 0.0))
        if self.is_plain:
            self._take_in_training(report)
        else:
            self.snapshot = dataclasses.replace(self.snapshot, iteration=report.iteration, report=report)

    def as_ended(self, status: str, message: str = "") -> Snapshot:
        """As it is once nothing more will come."""
        return dataclasses.replace(self.snapshot, status=status, message=message, seconds_left=None)

    def end(self, snapshot: Snapshot) -> None:
        """Nothing more will come, and this is what it is (`as_ended`)."""
        self.snapshot, self.make, self.start, self.goes_on_from = snapshot, None, None, None

    def _take_in_training(self, report: Report) -> None:
        before = self.goes_on_from
        if before is not None and report.iteration - len(report.meta_loss) < before.checkpoint.iteration:  # it begins anew
            self._history, self._curves, self._accuracies = History(), [], []
            self.goes_on_from = before = None
        self._history.extend(report.meta_loss)
        measured = self.snapshot.measured
        was_measured_there = before is not None and report.curve_iteration == before.checkpoint.iteration  # to begin with
        if not was_measured_there and (not self._curves or self._curves[-1][0] != report.curve_iteration):
            self._curves.append((report.curve_iteration, np.array(report.curve.mean)))
            if (found := getattr(report.curve, "metrics", {}).get("accuracy")) is not None:
                self._accuracies.append(np.stack([found.mean(axis=0), *report.curve.interval(of="accuracy")], axis=-1))
            # The learner that the run starts from does not come with a report.
            measured = report.learner if report.iteration == report.curve_iteration else None
        self.snapshot = dataclasses.replace(
            self.snapshot,
            status=RUNNING,
            iteration=report.iteration,
            iterations_per_second=report.iterations_per_second,
            seconds=report.seconds,
            seconds_left=report.seconds_left,
            history=self._history.array(),
            curve_iterations=np.array([iteration for iteration, _ in self._curves]),
            curves=np.stack([curve for _, curve in self._curves]),
            accuracies=np.stack(self._accuracies) if self._accuracies else self.snapshot.accuracies,
            learner=report.learner,
            result=report.result,
            warning=report.warning,
            measured=measured,
        )
        if (checkpoint := getattr(report, "checkpoint", None)) is not None:
            now = self.snapshot
            self.start = Start(checkpoint, self._history.copy(), now.curve_iterations, now.curves, now.accuracies)


@dataclass(eq=False)
class Job:
    """One visitor's run.

    id: cannot be guessed.
    owner: whose it is.
    work: what is computed.
    looked: when somebody last looked, by the registry's clock.
    name: that the owner gave it.
    kept: how it was when the owner stopped it; None as long as they have not.
    created: when it was asked for, UTC.
    ended: when it ended, UTC; None before.
    """

    id: str
    owner: str
    work: Work
    looked: float
    name: str = ""
    kept: Snapshot | None = None
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    ended: datetime | None = None

    @property
    def is_active(self) -> bool:
        """Whether it waits or runs."""
        return self.kept is None and not self.work.snapshot.ended

    @property
    def snapshot(self) -> Snapshot:
        """As it is now."""
        snapshot = self.kept or self.work.snapshot
        return dataclasses.replace(snapshot, name=self.name) if self.name else snapshot

    def leave(self, why: str) -> None:
        """The owner's part in it ends here, with what it has learned.

        Args:
          why: what follows after "Stopped" and its iteration, as ", since ..."; empty where it was asked for.
        """
        snapshot, kept = self.work.snapshot, "What was learned until then is kept."
        if snapshot.status == QUEUED and not snapshot.iteration:
            message = f"Stopped before it began{why}."
        elif snapshot.iteration == 0:
            message = f"Stopped before anything was learned{why}."
        else:
            message = f"Stopped at iteration {snapshot.iteration}{why}. {kept}"
        self.ended = datetime.now(UTC)
        self.kept = dataclasses.replace(snapshot, status=STOPPED, message=message, seconds_left=None)


def reports_of(
    train: Callable[..., Iterator[Report]],
    experiment: Experiment,
    tasks: Any,
    start: Checkpoint | None = None,
    *,
    others_go_on: bool = False,
) -> Iterator[Report]:
    """The reports of a run; without what another run would go on from, but for one now and then where others may.

    Args:
      train: the trainer.
      experiment: the run.
      tasks: a table's, where it is trained on one.
      start: from where it goes on; where that does not fit, it begins anew.
      others_go_on: whether another process goes on where this one has died.
    """
    last = time.monotonic()
    for report in train(experiment, tasks=tasks) if start is None else _going_on(train, experiment, tasks, start):
        if isinstance(report, Report):
            is_due = others_go_on and not report.done and time.monotonic() - last >= START_SECONDS
            if is_due and sum(array.nbytes for array in report.checkpoint.arrays.values()) <= MAX_START_BYTES:
                last = time.monotonic()
            else:
                report = dataclasses.replace(report, checkpoint=None)
        yield report


def _going_on(
    train: Callable[..., Iterator[Report]], experiment: Experiment, tasks: Any, start: Checkpoint
) -> Iterator[Report]:
    reports = iter(train(experiment, tasks=tasks, start=start))
    try:
        return itertools.chain([next(reports)], reports)
    except ValueError as error:  # another version's
        log.warning("A run that was taken over begins anew: %s", error)
        return train(experiment, tasks=tasks)


def how_it_failed(error: Exception) -> tuple[str, str]:
    """Status and message of a run that ended by an error; the engine's own sentences are fit for a visitor."""
    if isinstance(error, Diverged | ValueError | EngineLost):
        return DIVERGED if isinstance(error, Diverged) else FAILED, str(error)
    if isinstance(error, MemoryError):
        return FAILED, "There was not enough memory for this run: lower `meta_batch_size`, `hidden_dim` or `k_query`."
    log.error("A training run failed", exc_info=error)
    return FAILED, "The run failed for a reason that it did not expect; the server's log says more. Try other values."
