"""Runs of several processes on one database: a process says of its runs that it lives, and takes over what a dead one left.

A run stands in the table of jobs from when it is asked for until it has ended. Whoever has it renews its lease, says with it
how the run is, which others show, and now and then from where another would go on; and hears whether somebody looks at it
elsewhere, and whether its owner has stopped it there. Where the lease has run out, the next process that is free takes the run,
under a higher number and the same link, and goes on from what was said last; but not for ever, since the run may be what ends
them. What the first one says or writes afterwards, if it only slept, is refused by its number (`RunLibrary.renew`, `.write`).
"""

import dataclasses
import json
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from dashboard.jobs.elsewhere import Elsewhere, say_in_turn
from dashboard.jobs.job import Job
from dashboard.jobs.progress import Start, opened_progress, packed_progress
from dashboard.jobs.snapshot import FAILED, Snapshot
from dashboard.runs import Claim, Heard, Held, LibraryAway, Run, RunLibrary
from maml_engine import Experiment

if TYPE_CHECKING:
    from dashboard.jobs.registry import JobRegistry

log = logging.getLogger(__name__)

BEAT_SECONDS, LEASE_SECONDS = 2.0, 20.0
MAX_TAKINGS = 3  # processes that have a run, one after another; it may be what ends them
SAY_AGAIN_SECONDS = 10.0  # after which a run that has come no further is described again: it may wait longer than was expected


class _Said(NamedTuple):
    """What was said of a run last: how far it was, when that was, and the start from where another would go on."""

    state: Any = None
    when: float = float("-inf")
    start: Start | None = None


class Leases:
    """What this process has of the table of jobs. Safe to call from any thread; only its own thread asks the library.

    library: the one that all processes share.
    name: this process's.
    elsewhere: what other processes have.
    """

    def __init__(self, library: Callable[[], RunLibrary], name: str = "") -> None:
        """Has nothing yet."""
        self._library, self.name = library, name or f"{socket.gethostname()}-{os.getpid()}"
        self.elsewhere = Elsewhere(library)
        self._lock = threading.Lock()
        self._asked: list[Job] = []
        self._held: dict[str, Job] = {}
        self._numbers: dict[str, int] = {}
        self._said: dict[str, _Said] = {}
        self._is_closed = False

    def take(self, job: Job) -> None:
        """This process has a run of its own, and says so soon."""
        with self._lock:
            self._asked.append(job)
        self.elsewhere.asked.set()

    def number(self, job_id: str) -> int | None:
        """By which number this process has a run; None where it is in nobody's table."""
        with self._lock:
            return self._numbers.get(job_id)

    def start(self, registry: "JobRegistry") -> None:
        """From now on, in a thread of its own."""
        threading.Thread(target=self._work, args=(registry,), name="maml-lab-leases", daemon=True).start()

    def close(self) -> None:
        """No more; what is held runs out."""
        self._is_closed = True
        self.elsewhere.asked.set()

    def beat(self, registry: "JobRegistry") -> None:
        """Says once that this process lives, and takes over one run if one is left and nothing else is to do.

        Raises:
          LibraryAway: it must be said again.
        """
        library = self._library()
        say_in_turn(self._asked, self._lock, partial(self._enqueue, library))
        self.elsewhere.say(library)
        self._let_go_of_ended(library, registry)
        self._renew(library, registry)
        if registry.is_free() and (claim := library.claim(self.name, LEASE_SECONDS)):
            self._take_over(claim, library, registry)

    def _enqueue(self, library: RunLibrary, job: Job) -> None:
        """What cannot be said of it leaves it this process's alone."""
        if job.is_active:
            request = {"experiment": json.loads(job.work.experiment.to_json())}
            library.enqueue(job.id, job.owner, request, worker=self.name, lease_seconds=LEASE_SECONDS)
            self._hold(job, 1)

    def _let_go_of_ended(self, library: RunLibrary, registry: "JobRegistry") -> None:
        for job_id, job in list(self._held.items()):
            if not job.is_active and not registry.is_being_kept(job_id):
                library.finish_job(job_id, self._numbers[job_id])
                self._let_go(job_id)

    def _renew(self, library: RunLibrary, registry: "JobRegistry") -> None:
        """Says how the runs are that go on, and hears what others say of them."""
        active = {job_id: job for job_id, job in self._held.items() if job.is_active}
        if not active:
            return
        said, held = dict[str, _Said](), dict[str, Held]()
        for job_id, snapshot in registry.placed(list(active)).items():
            said[job_id], held[job_id] = self._to_say(active[job_id], snapshot)
        heard = library.renew(held, LEASE_SECONDS)
        for job_id in held:
            if job_id in heard:
                self._said[job_id] = said[job_id]
                self._hear(active[job_id], heard[job_id], registry)
            elif active[job_id].is_active and active[job_id].ended is None:  # else it is kept in this moment
                log.warning("Another process has taken the run %s", job_id)
                registry.abandon(job_id)
                self._let_go(job_id)

    def _to_say(self, job: Job, snapshot: Snapshot) -> tuple[_Said, Held]:
        before, now = self._said.get(job.id, _Said()), time.monotonic()
        state = (snapshot.status, snapshot.position, snapshot.iteration, snapshot.name)
        start = job.work.start or before.start
        is_news = state != before.state or now - before.when > SAY_AGAIN_SECONDS
        held = Held(
            self._numbers[job.id],
            packed_progress(snapshot) if is_news else None,
            start.packed() if start is not None and start is not before.start else None,
        )
        return _Said(state, now if is_news else before.when, start), held

    def _hear(self, job: Job, heard: Heard, registry: "JobRegistry") -> None:
        if heard.unseen is not None and heard.unseen < 2 * BEAT_SECONDS:
            registry.touch(job.id)
        waits_for_what_it_left = job.work.goes_on_from is not None and job.work.first_report is None
        if heard.stop and not waits_for_what_it_left:  # else nothing that was learned would be kept
            registry.stop(job.id, owner=job.owner)

    def _take_over(self, claim: Claim, library: RunLibrary, registry: "JobRegistry") -> None:
        try:
            experiment = Experiment.from_json(json.dumps(claim.request["experiment"]))
        except (KeyError, TypeError, ValueError):  # of a newer MAML Lab
            library.finish_job(claim.id, claim.lease_number)
            return
        start: Start | None = None
        if claim.snapshot is not None:
            try:
                start = Start.opened(claim.snapshot, experiment)
            except ValueError as error:
                log.warning("The run %s begins anew: %s", claim.id, error)
        if claim.lease_number > MAX_TAKINGS:
            library.write(_given_up(claim, experiment, start), lease_number=claim.lease_number)
            log.warning("The run %s is not tried again: %d processes ended while they had it", claim.id, MAX_TAKINGS)
            return
        with self._lock:
            self._numbers[claim.id] = claim.lease_number  # before it can end
        job = registry.adopt(claim.id, experiment, owner=claim.owner, start=start, name=_name_of(claim, library, experiment))
        self._hold(job, claim.lease_number)
        self._said[claim.id] = _Said(start=job.work.goes_on_from)
        log.info("Took over the run %s at iteration %d", claim.id, start.checkpoint.iteration if start else 0)

    def _hold(self, job: Job, number: int) -> None:
        with self._lock:
            self._held[job.id], self._numbers[job.id] = job, number

    def _let_go(self, job_id: str) -> None:
        with self._lock:
            self._held.pop(job_id, None)
            self._said.pop(job_id, None)
            self._numbers.pop(job_id, None)

    def _work(self, registry: "JobRegistry") -> None:
        while not self._is_closed:
            self.elsewhere.asked.wait(BEAT_SECONDS)
            self.elsewhere.asked.clear()
            try:
                if not self._is_closed:
                    self.beat(registry)
            except LibraryAway:
                time.sleep(BEAT_SECONDS)  # said elsewhere; leases that run out meanwhile are renewed if nobody has taken them
            except Exception:
                log.exception("The table of jobs could not be kept up")


def _name_of(claim: Claim, library: RunLibrary, experiment: Experiment) -> str:
    """What its owner has called it, as the process said that had it before; "" where that cannot be read."""
    job = library.under_way(claim.id)
    try:
        return "" if job is None or job.progress is None else opened_progress(job.progress, experiment).name
    except ValueError:
        return ""


def _given_up(claim: Claim, experiment: Experiment, start: Start | None) -> Run:
    """A run that nobody tries again, as far as it was described."""
    message = f"The server's process ended {MAX_TAKINGS} times while it had this run, which is not tried again."
    run = Run(id=claim.id, owner=claim.owner, status=FAILED, message=message, ended=datetime.now(UTC), experiment=experiment)
    return run if start is None else dataclasses.replace(run, **start.measured())
