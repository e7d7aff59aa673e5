"""A run as it is at one moment, for whoever looks."""

import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from maml_engine import Experiment, Learner

MAX_POINTS = 1000  # of a curve

QUEUED, RUNNING, STOPPED, DONE, DIVERGED, FAILED = "queued", "running", "stopped", "done", "diverged", "failed"
ENDED = frozenset({STOPPED, DONE, DIVERGED, FAILED})


@dataclass(frozen=True, eq=False)
class Snapshot:
    """A run at one moment; nothing in it changes later.

    experiment: the run, described.
    status: one of QUEUED, RUNNING and those in ENDED.
    message: why it ended, in a sentence for the visitor; empty as long as all is well.
    position: how many runs are before it in the queue, the one that is trained now among them.
    seconds_to_start: until it begins, as expected; None where it does not wait.
    iteration: meta-iterations so far.
    iterations_per_second: how fast they are made.
    seconds: that training has taken.
    seconds_left: that it will take; None where nothing says so yet.
    history: `[n, 3]`, at most a thousand rows of iteration, meta-loss of that iteration, mean since the row before.
    curve_iterations: `[m]`, where the held-out loss was measured.
    curves: `[m, steps + 1]`, the held-out loss there after each inner step.
    accuracies: `[m, steps + 1, 3]`, of pictures the share of right answers there, with its 95 % interval; else empty.
    learner: the latest.
    result: what the run would leave behind now (the best or the last, as the experiment says).
    report: the latest report of work other than a plain run (`submit_work`).
    warning: where the method's gradient is not to be trusted; empty otherwise.
    measured: the learner as it was at the last of `curve_iterations`; None before one was measured in training.
    name: that a visitor gave it; empty before.
    """

    experiment: Experiment
    status: str
    message: str = ""
    position: int = 0
    seconds_to_start: float | None = None
    iteration: int = 0
    iterations_per_second: float = 0.0
    seconds: float = 0.0
    seconds_left: float | None = None
    history: np.ndarray = field(default_factory=lambda: np.zeros((0, 3)))
    curve_iterations: np.ndarray = field(default_factory=lambda: np.zeros(0, int))
    curves: np.ndarray = field(default_factory=lambda: np.zeros((0, 0)))
    accuracies: np.ndarray = field(default_factory=lambda: np.zeros((0, 0, 3)))
    learner: Learner | None = None
    result: Learner | None = None
    report: Any = None
    warning: str = ""
    measured: Learner | None = None
    name: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.status in ENDED


class History:
    """Meta-losses in bounded memory: single values and means over stretches, whose length doubles when room runs out."""

    def __init__(self, most_points: int = MAX_POINTS):
        self.most_points, self.stride = most_points, 1
        self.rows: list[tuple[float, float, float]] = []
        self.iteration, self.pending = 0, []

    def extend(self, losses: np.ndarray) -> None:
        """Takes in the losses `[n]` of the next iterations."""
        for loss in losses.tolist():
            self.iteration += 1
            self.pending.append(loss)
            if len(self.pending) == self.stride:
                self.rows.append((self.iteration, loss, sum(self.pending) / self.stride))
                self.pending = []
                if len(self.rows) == self.most_points:
                    self._halve()

    def array(self) -> np.ndarray:
        """`[n, 3]`: iteration, its loss, the mean since the row before."""
        return np.array(self.rows, float).reshape(-1, 3)

    def copy(self) -> "History":
        """As it is now."""
        copied = copy.copy(self)
        copied.rows, copied.pending = list(self.rows), list(self.pending)
        return copied

    def _halve(self) -> None:
        pairs = zip(self.rows[::2], self.rows[1::2], strict=False)
        self.rows = [(last[0], last[1], (first[2] + last[2]) / 2) for first, last in pairs]
        self.stride *= 2
