"""Runs of several processes on one database: a process says of its runs that it lives, and takes over what a dead one left.

A run stands in the table of jobs from when it is asked for until it has ended. Whoever has it renews its lease; where that has
run out, the next process that is free takes the run, under a higher number, and trains it from the beginning, under the same
link. What the first one writes afterwards, if it only slept, is refused by its number (`RunLibrary.write`).
"""

import json
import logging
import os
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from dashboard.jobs.job import Job
from dashboard.runs import LibraryAway, RunLibrary
from maml_engine import Experiment

if TYPE_CHECKING:
    from dashboard.jobs.registry import JobRegistry

log = logging.getLogger(__name__)

BEAT_SECONDS, LEASE_SECONDS = 5.0, 20.0


class Leases:
    """What this process has of the table of jobs. Safe to call from any thread; only its own thread asks the library.

    library: the one that all processes share.
    name: this process's.
    """

    def __init__(self, library: Callable[[], RunLibrary], name: str = "") -> None:
        """Has nothing yet."""
        self._library, self.name = library, name or f"{socket.gethostname()}-{os.getpid()}"
        self._lock = threading.Lock()
        self._asked: list[Job] = []
        self._held: dict[str, Job] = {}
        self._numbers: dict[str, int] = {}
        self._closed = threading.Event()

    def take(self, job: Job) -> None:
        """This process has a run of its own, and says so soon."""
        with self._lock:
            self._asked.append(job)

    def number(self, job_id: str) -> int | None:
        """By which number this process has a run; None where it is in nobody's table."""
        with self._lock:
            return self._numbers.get(job_id)

    def start(self, registry: "JobRegistry") -> None:
        """From now on, in a thread of its own."""
        threading.Thread(target=self._work, args=(registry,), name="maml-lab-leases", daemon=True).start()

    def close(self) -> None:
        """No more; what is held runs out."""
        self._closed.set()

    def beat(self, registry: "JobRegistry") -> None:
        """Says once that this process lives, and takes over one run if one is left and nothing else is to do.

        Raises:
          LibraryAway: it must be said again.
        """
        library = self._library()
        while (job := self._first_asked()) is not None:
            if job.is_active:
                request = {"experiment": json.loads(job.work.experiment.to_json())}
                library.enqueue(job.id, job.owner, request, worker=self.name, lease_seconds=LEASE_SECONDS)
                self._hold(job, 1)
            with self._lock:
                self._asked.remove(job)
        for job_id, job in list(self._held.items()):
            number = self._numbers[job_id]
            if not job.is_active:
                if not registry.is_being_kept(job_id):
                    library.finish_job(job_id, number)
                    self._let_go(job_id)
            elif not library.renew(job_id, number, LEASE_SECONDS):
                log.warning("Another process has taken the run %s", job_id)
                registry.abandon(job_id)
                self._let_go(job_id)
        if registry.is_free() and (claim := library.claim(self.name, LEASE_SECONDS)):
            try:
                experiment = Experiment.from_json(json.dumps(claim.request["experiment"]))
            except (KeyError, TypeError, ValueError):  # of a newer MAML Lab
                library.finish_job(claim.id, claim.lease_number)
                return
            with self._lock:
                self._numbers[claim.id] = claim.lease_number  # before it can end
            self._hold(registry.adopt(claim.id, experiment, owner=claim.owner), claim.lease_number)
            log.info("Took over the run %s", claim.id)

    def _first_asked(self) -> Job | None:
        with self._lock:
            return self._asked[0] if self._asked else None

    def _hold(self, job: Job, number: int) -> None:
        with self._lock:
            self._held[job.id], self._numbers[job.id] = job, number

    def _let_go(self, job_id: str) -> None:
        with self._lock:
            self._held.pop(job_id, None)
            self._numbers.pop(job_id, None)

    def _work(self, registry: "JobRegistry") -> None:
        while not self._closed.wait(BEAT_SECONDS):
            try:
                self.beat(registry)
            except LibraryAway:
                continue  # said elsewhere; leases that run out meanwhile are renewed if nobody has taken them
            except Exception:
                log.exception("The table of jobs could not be kept up")
