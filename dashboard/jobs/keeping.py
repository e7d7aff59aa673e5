"""Ended runs go into the library, in a thread of their own: where the library is away, again and again until it is back."""

import contextlib
import dataclasses
import logging
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from dashboard.jobs.job import Job
from dashboard.jobs.snapshot import QUEUED, RUNNING, STOPPED, Snapshot
from dashboard.runs import LibraryAway, Run, RunLibrary, open_learner

log = logging.getLogger(__name__)

MAX_UNSAVED = 1000  # runs that wait for a library that is away; the oldest make room
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 15.0  # seconds between two tries
KNOWN_SECONDS, MAX_KNOWN = 5.0, 64  # for so long is believed what the library said of a run, and of how many


class Found(NamedTuple):
    """A run of the library.

    owner: whose.
    snapshot: as a registry has it.
    """

    owner: str
    snapshot: Snapshot


class Keeper:
    """Between a registry and the library. Safe to call from any thread; only `found` and `rename` ask the library themselves.

    library: where runs go.
    pack: a learner as the file that a visitor takes home.
    measure: what came out on held-out tasks, as plain JSON; it may take long.
    clock: for what was asked and found lately.
    lease_of: by which number this process has a run that others may take over; None where it is its own alone.
    """

    def __init__(
        self,
        library: Callable[[], RunLibrary],
        *,
        pack: Callable[[Any], bytes],
        measure: Callable[[Any], Mapping[str, Any]] = lambda learner: {},
        clock: Callable[[], float] = time.monotonic,
        lease_of: Callable[[str], int | None] = lambda job_id: None,
    ) -> None:
        """Starts no thread before there is something to keep."""
        self._library, self._pack, self._measure, self._clock = library, pack, measure, clock
        self._lease_of = lease_of
        self._unsaved: deque[_Item] = deque()
        self._unmeasured: deque[_Item] = deque()
        self._known: OrderedDict[str, tuple[float, Found | None]] = OrderedDict()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._closing = False

    def keep(self, job: Job, snapshot: Snapshot) -> "threading.Event | None":
        """Has a run kept as it is in `snapshot`.

        Returns:
          An event that is set once it is in the library, or could not be at the first try; None where nothing is to be kept.
        """
        if not job.work.keep_as or (snapshot.status == STOPPED and not snapshot.iteration):
            return None
        item = _Item(job, snapshot)
        with self._changed:
            if self._closing:
                return None
            self._unsaved.append(item)
            while len(self._unsaved) > MAX_UNSAVED:
                log.warning("The run library is away, and the run %s was let go", self._unsaved.popleft().job.id)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="maml-lab-keeping", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return item.tried

    def found(self, job_id: str) -> Found | None:
        """A run that was trained before this process began, or by another one; None where the library has none, or is away."""
        with self._changed:
            when, found = self._known.get(job_id, (float("-inf"), None))
            if self._clock() - when < KNOWN_SECONDS:
                return found
            if found is not None:
                self._known[job_id] = self._clock(), found  # of many who look at once, one asks
        with contextlib.suppress(LibraryAway):
            found = self._look_up(job_id, found)
        with self._changed:
            self._known[job_id] = self._clock(), found
            self._known.move_to_end(job_id)
            while len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        return found

    def rename(self, job_id: str, name: str, owner: str) -> None:
        """Gives a run of the library a name; nothing happens where the owner has none of that id, or the library is away."""
        with contextlib.suppress(LibraryAway):
            self._library().rename(job_id, owner, name)
        self.forget(job_id)

    def forget(self, job_id: str) -> None:
        """What the library said of a run is not believed any more."""
        with self._changed:
            self._known.pop(job_id, None)

    def is_keeping(self, job_id: str) -> bool:
        """Whether a run is still on its way into the library."""
        with self._changed:
            return any(item.job.id == job_id for item in self._unsaved)

    def close(self, timeout: float = 5.0) -> None:
        """Waits until all is kept, as long as that may take."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while self._unsaved and self._thread is not None and time.monotonic() < deadline:
                self._changed.wait(0.1)
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout)

    def _look_up(self, job_id: str, before: Found | None) -> Found | None:
        library = self._library()
        run = library.get(job_id)
        if run is None or run.kind != "train" or run.experiment is None or run.status in (QUEUED, RUNNING):
            return None
        if before is not None and (run.status, run.iteration) == (before.snapshot.status, before.snapshot.iteration):
            return before._replace(snapshot=dataclasses.replace(before.snapshot, name=run.name))  # its learner stays open
        learner: Any = None
        if run.learner_digest is not None and (content := library.learner(job_id)) is not None:
            with contextlib.suppress(ValueError):  # of a newer MAML Lab, or altered
                learner = open_learner(content)
        snapshot = Snapshot(
            run.experiment,
            run.status,
            message=run.message,
            iteration=run.iteration,
            iterations_per_second=run.iteration / run.seconds if run.seconds else 0.0,
            seconds=run.seconds,
            history=run.history,
            curve_iterations=run.curve_iterations,
            curves=run.curves,
            accuracies=run.accuracies,
            learner=learner,
            result=learner,
            measured=learner,
            name=run.name,
        )
        return Found(run.owner, snapshot)

    def _work(self) -> None:
        pause = FIRST_PAUSE
        while True:
            with self._changed:
                while not self._unsaved and not self._unmeasured and not self._closing:
                    self._changed.wait()
                if self._closing:
                    return
                is_saved = not self._unsaved  # numbers can wait until all runs are safe
                item = self._unmeasured.popleft() if is_saved else self._unsaved[0]
            try:
                if is_saved:
                    item.measure(self._library(), self._measure)
                    continue
                item.save(self._library(), self._pack, self._lease_of(item.job.id))
                pause = FIRST_PAUSE
            except LibraryAway:
                item.tried.set()
                with self._changed:
                    (self._unmeasured if is_saved else deque()).append(item)
                    self._changed.wait_for(lambda: self._closing, pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                continue
            except Exception:  # this run cannot be kept, or lacks a number; the next one can
                log.exception("The run %s could not be kept as it is", item.job.id)
            with self._changed:
                if not is_saved and self._unsaved and self._unsaved[0] is item:
                    self._unsaved.popleft()
                    self._unmeasured.append(item)
                self._changed.notify_all()
            item.tried.set()


class _Item:
    """A run on its way into the library: first as it is, then with what came out on held-out tasks."""

    def __init__(self, job: Job, snapshot: Snapshot) -> None:
        self.job, self.snapshot = job, snapshot
        self.tried = threading.Event()
        self._is_others = False
        self._measured: Mapping[str, Any] | None = None  # once it is worked out, for the next try

    def save(self, library: RunLibrary, pack: Callable[[Any], bytes], lease_number: int | None) -> None:
        """Puts it there, unless another process has taken it since.

        Raises:
          LibraryAway: it must be tried again.
        """
        result, learner = self.job.work.summary(self.snapshot)
        run, content = self._run(result), None if learner is None else pack(learner)
        if lease_number is None:
            library.save(run, content)
        elif not library.write(run, content, lease_number=lease_number):
            self._is_others = True
            log.warning("Another process has taken the run %s: what came of it here is not kept", run.id)
        if self.job.name != run.name and not self._is_others:  # it was renamed meanwhile
            library.rename(run.id, run.owner, self.job.name)

    def measure(self, library: RunLibrary, measure: Callable[[Any], Mapping[str, Any]]) -> None:
        """Adds the numbers of a plain run, unless its owner has deleted it meanwhile.

        Raises:
          LibraryAway: it must be tried again.
        """
        learner = self.snapshot.result if self.job.work.is_plain and not self._is_others else None
        if self._measured is None:
            self._measured = measure(learner) if learner is not None else {}
        if self._measured and library.get(self.job.id) is not None:
            library.save(dataclasses.replace(self._run(self._measured), name=""))  # what it is called by now stays

    def _run(self, result: Mapping[str, Any]) -> Run:
        snapshot, job = self.snapshot, self.job
        return Run(
            id=job.id,
            owner=job.owner,
            kind=job.work.keep_as,
            status=snapshot.status,
            name=job.name,
            message=snapshot.message,
            created=job.created,
            ended=job.ended,
            experiment=snapshot.experiment,
            iteration=snapshot.iteration,
            seconds=snapshot.seconds,
            curve_iterations=snapshot.curve_iterations,
            curves=snapshot.curves,
            accuracies=snapshot.accuracies,
            history=snapshot.history,
            result=result,
        )
