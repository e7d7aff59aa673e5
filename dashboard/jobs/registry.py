"""Training in the background: one run at a time, a queue, Stop, and on a hosted demo budgets and a lease. No streamlit here."""

import atexit
import contextlib
import dataclasses
import logging
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from dashboard.hosting import is_hosted
from dashboard.jobs.pool import EngineLost, Pool
from dashboard.jobs.snapshot import DIVERGED, DONE, FAILED, QUEUED, RUNNING, STOPPED, History, Snapshot
from maml_engine import Diverged, Experiment, Learner, Report, train

log = logging.getLogger(__name__)

# On a hosted demo: how much one visitor may ask for, how many wait, and how long a run goes on unseen.
BUDGETS = {
    **{"num_iterations": 100_000, "meta_batch_size": 200, "inner_steps": 20, "k_shot": 200, "k_query": 200},
    **{"hidden_dim": 256, "num_layers": 6, "context_dim": 64, "fourier_features": 256, "cg_steps": 50, "degree": 20},
}
MAX_QUEUE = 8
LEASE_SECONDS = 120.0
# Everywhere: how many ended runs are kept.
KEEP_ENDED = 24


class _Job:
    """A run: the description, what was reported so far, and two ways to end it."""

    def __init__(self, experiment: Experiment, now: float, work: Callable[[], Iterator[Any]], *, is_plain: bool):
        self.experiment, self.work, self.is_plain = experiment, work, is_plain
        self.stop = threading.Event()
        self.looked = now
        self.snapshot = Snapshot(experiment, QUEUED)
        self.history = History()
        self.curves: list[tuple[int, np.ndarray]] = []

    def take_in(self, report: Report) -> None:
        if not self.is_plain:
            self.snapshot = dataclasses.replace(self.snapshot, iteration=report.iteration, report=report)
            return
        self.history.extend(report.meta_loss)
        measured = self.snapshot.measured
        if not self.curves or self.curves[-1][0] != report.curve_iteration:
            self.curves.append((report.curve_iteration, np.array(report.curve.mean)))
            # The learner that the run starts from does not come with a report.
            measured = report.learner if report.iteration == report.curve_iteration else None
        self.snapshot = dataclasses.replace(
            self.snapshot,
            status=RUNNING,
            iteration=report.iteration,
            iterations_per_second=report.iterations_per_second,
            seconds=report.seconds,
            seconds_left=report.seconds_left,
            history=self.history.array(),
            curve_iterations=np.array([iteration for iteration, _ in self.curves]),
            curves=np.stack([curve for _, curve in self.curves]),
            learner=report.learner,
            result=report.result,
            warning=report.warning,
            measured=measured,
        )

    def end(self, status: str, message: str = "") -> None:
        self.snapshot = dataclasses.replace(self.snapshot, status=status, message=message, seconds_left=None)
        del self.work  # a table's rows go with the run


class JobRegistry:
    """Runs by their id, which cannot be guessed. Safe to call from any thread.

    hosted: a demo for strangers, with budgets and leases; None reads `MAML_LAB_HOSTED`.
    pool: where runs compute; None takes this process.
    train: the trainer; another one in tests.
    """

    def __init__(
        self,
        *,
        hosted: bool | None = None,
        pool: Pool | None = None,
        train: Callable[..., Iterator[Report]] = train,
        clock: Callable[[], float] = time.monotonic,
        keep_ended: int = KEEP_ENDED,
    ):
        self.hosted = is_hosted() if hosted is None else hosted
        self._pool, self._train, self._clock, self._keep_ended = pool or Pool(0), train, clock, keep_ended
        self._jobs: dict[str, _Job] = {}
        self._queue: deque[str] = deque()
        self._changed = threading.Condition()
        self._worker: threading.Thread | None = None
        self._warm_up: Experiment | None = None
        self._is_warm = False
        self._closing = False
        atexit.register(self.close)  # a thread that is cut off inside a compiled program aborts the process

    def submit(self, experiment: Experiment, tasks: Any = None) -> str:
        """Puts a run at the end of the queue and gives back its id.

        Raises:
          ValueError: on a hosted demo, more than it allows; or the queue is full.
        """
        self._check_budget(experiment)
        return self._enqueue(_Job(experiment, self._clock(), partial(_run, self._train, experiment, tasks), is_plain=True))

    def submit_work(self, experiments: Sequence[Experiment], work: Callable[[], Iterator[Any]]) -> str:
        """Puts work of another kind in the same queue: what `work()` yields has `iteration` and `done`.

        Args:
          experiments: the runs that it holds, at least one; each must keep within a hosted demo's budget.
          work: makes the iterator where it runs, so it is a module's function, or a `functools.partial` of one.

        Raises:
          ValueError: as for `submit`.
        """
        for experiment in experiments:
            self._check_budget(experiment)
        return self._enqueue(_Job(experiments[0], self._clock(), work, is_plain=False))

    def _enqueue(self, job: _Job) -> str:
        job_id = secrets.token_urlsafe(12)
        with self._changed:
            if self.hosted and len(self._queue) >= MAX_QUEUE:
                raise ValueError(
                    f"{len(self._queue)} runs are waiting already, which is all this demo holds: try again in a minute."
                )
            self._jobs[job_id] = job
            self._queue.append(job_id)
            self._evict()
            self._is_warm = True
            self._start_worker()
        return job_id

    def warm_up(self, experiment: Experiment) -> None:
        """Compiles what a run like this needs while nobody waits for it; once."""
        with self._changed:
            if not self._is_warm:
                self._is_warm = True
                self._warm_up = experiment
                self._start_worker()

    def snapshot(self, job_id: str) -> Snapshot | None:
        """The run as it is now; None where there is none of that id, or it ended long ago."""
        with self._changed:
            job = self._jobs.get(job_id)
            if job is None:
                return None
            if job.snapshot.status == QUEUED and job_id in self._queue:
                is_busy = any(other.snapshot.status == RUNNING for other in self._jobs.values())
                return dataclasses.replace(job.snapshot, position=self._queue.index(job_id) + is_busy)
            return job.snapshot

    def learner(self, job_id: str) -> Learner | None:
        """What a run has left behind so far."""
        snapshot = self.snapshot(job_id)
        return None if snapshot is None else snapshot.result

    def rename(self, job_id: str, name: str) -> None:
        """Gives a run a name, which goes with it for all who have its link.

        Args:
          job_id: the run's; where there is none of that id, nothing happens.
          name: short and printable.
        """
        with self._changed:
            if job := self._jobs.get(job_id):
                job.snapshot = dataclasses.replace(job.snapshot, name=name)

    def touch(self, job_id: str) -> None:
        """Says that somebody is looking."""
        with self._changed:
            if job := self._jobs.get(job_id):
                job.looked = self._clock()

    def stop(self, job_id: str) -> None:
        """Ends a run after the stretch that it is in; what it has learned stays."""
        with self._changed:
            job = self._jobs.get(job_id)
            if job is None:
                return
            job.stop.set()
            if job_id in self._queue:
                self._queue.remove(job_id)
                job.end(STOPPED, "Stopped before it began.")

    def close(self, timeout: float = 10.0) -> None:
        """Ends all runs, and waits for the one under way."""
        with self._changed:
            self._closing = True
            for job in self._jobs.values():
                job.stop.set()
            self._queue.clear()
            self._changed.notify_all()
        if self._worker is not None:
            self._worker.join(timeout)

    def _check_budget(self, experiment: Experiment) -> None:
        for name, most in BUDGETS.items() if self.hosted else ():
            if (value := getattr(experiment, name)) > most:
                raise ValueError(
                    f"`{name}` must be at most {most} on this hosted demo, got {value}; on your own machine there is no limit."
                )

    def _evict(self) -> None:
        """Forgets the runs that ended and were not looked at for longest."""
        ended = [job_id for job_id, job in self._jobs.items() if job.snapshot.ended]
        for job_id in sorted(ended, key=lambda job_id: self._jobs[job_id].looked)[: max(0, len(ended) - self._keep_ended)]:
            del self._jobs[job_id]

    def _start_worker(self) -> None:
        if self._worker is None:
            self._worker = threading.Thread(target=self._work, name="maml-lab-training", daemon=True)
            self._worker.start()
        self._changed.notify()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._queue and not self._closing and self._warm_up is None:
                    self._changed.wait()
                if self._closing:
                    return
                experiment, self._warm_up = self._warm_up, None
                job = self._jobs[self._queue.popleft()] if self._queue else None
                if job is not None:
                    job.snapshot = dataclasses.replace(job.snapshot, status=RUNNING)
            if job is not None:
                self._run(job)
            elif experiment is not None:
                with contextlib.suppress(Exception):  # a run that is asked for will say what is wrong
                    next(self._pool.stream(self._train, experiment))

    def _run(self, job: _Job) -> None:
        """One run from its first report to its end, however it ends."""
        try:
            status, message = DONE, ""
            for report in self._pool.stream(job.work):
                with self._changed:
                    job.take_in(report)
                if job.stop.is_set() and not report.done:
                    status, message = STOPPED, f"Stopped at iteration {report.iteration}. What was learned until then is kept."
                    break
                if self._is_forgotten(job) and not report.done:
                    status = STOPPED
                    message = f"Stopped at iteration {report.iteration}, since nobody looked for two minutes."
                    break
        except Exception as error:
            status, message = _how_it_failed(error)
        with self._changed:
            job.end(status, message)

    def _is_forgotten(self, job: _Job) -> bool:
        return self.hosted and self._clock() - job.looked > LEASE_SECONDS


def _run(train: Callable[..., Iterator[Report]], experiment: Experiment, tasks: Any) -> Iterator[Report]:
    """The reports of a run, without what another run would go on from."""
    for report in train(experiment, tasks=tasks):
        yield dataclasses.replace(report, checkpoint=None) if isinstance(report, Report) else report


def _how_it_failed(error: Exception) -> tuple[str, str]:
    """Status and message of a run that ended by an error; the engine's own sentences are fit for a visitor."""
    if isinstance(error, Diverged | ValueError | EngineLost):
        return DIVERGED if isinstance(error, Diverged) else FAILED, str(error)
    if isinstance(error, MemoryError):
        return FAILED, "There was not enough memory for this run: lower `meta_batch_size`, `hidden_dim` or `k_query`."
    log.error("A training run failed", exc_info=error)
    return FAILED, "The run failed for a reason that it did not expect; the server's log says more. Try other values."
