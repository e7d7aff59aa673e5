"""Runs that other processes have, for whoever looks from here: how they are, that somebody looks, their owner's Stop."""

import json
import logging
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple, TypeVar

from dashboard.jobs.keeping import Found
from dashboard.jobs.progress import opened_progress
from dashboard.jobs.snapshot import QUEUED, Snapshot
from dashboard.runs import LibraryAway, RunLibrary, UnderWay
from maml_engine import Experiment

log = logging.getLogger(__name__)
T = TypeVar("T")

KNOWN_SECONDS, MAX_KNOWN = 1.0, 64  # for so long is believed what the table of jobs said of a run, and of how many
MAX_ASKED = 1000


class _Known(NamedTuple):
    when: float
    found: Found | None
    was_there: bool = False


class Elsewhere:
    """What is known of the table of jobs without having a job of it. Safe to call from any thread.

    library: the one that all processes share.
    clock: for what was asked lately.
    """

    def __init__(self, library: Callable[[], RunLibrary], clock: Callable[[], float] = time.monotonic) -> None:
        """Knows nothing yet."""
        self._library, self._clock = library, clock
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._looked: set[str] = set()
        self._stops: list[tuple[str, str]] = []
        self.asked = threading.Event()  # that something is to be said soon

    def found(self, job_id: str) -> Found | None:
        """A run that another process has, or that waits for one; None where there is none. The last that is known of it."""
        with self._lock:
            known, now = self._known.get(job_id), self._clock()
            if known is not None and now - known.when < KNOWN_SECONDS:
                return known.found
            if known is not None:
                self._known[job_id] = known._replace(when=now)  # of many who look at once, one asks
        try:
            job = self._library().under_way(job_id)
            found = None if job is None else _found(job)
        except LibraryAway:
            found = known.found if known else None
        except ValueError:  # of a newer MAML Lab
            found = None
        was_there = known is not None and (known.was_there or known.found is not None)
        with self._lock:
            self._known[job_id] = _Known(self._clock(), found, was_there)
            self._known.move_to_end(job_id)
            while len(self._known) > MAX_KNOWN:
                self._known.popitem(last=False)
        return found

    def has_ended(self, job_id: str) -> bool:
        """Whether a run that was under way has ended meanwhile; told once."""
        with self._lock:
            known = self._known.get(job_id)
            if known is None or known.found is not None or not known.was_there:
                return False
            self._known[job_id] = known._replace(was_there=False)
            return True

    def look(self, job_id: str) -> None:
        """Somebody looks at a run; its process learns of it at the next beat."""
        with self._lock:
            known = self._known.get(job_id)
            if known is not None and known.found is not None and len(self._looked) < MAX_ASKED:
                self._looked.add(job_id)

    def stop(self, job_id: str, owner: str) -> None:
        """Its owner wants a run to end, and nobody else is heard; its process learns of it within a few seconds."""
        with self._lock:
            known = self._known.get(job_id)
            is_mine = known is not None and known.found is not None and secrets.compare_digest(known.found.owner, owner)
            if is_mine and len(self._stops) < MAX_ASKED:
                self._stops.append((job_id, owner))
                self.asked.set()

    def say(self, library: RunLibrary) -> None:
        """Tells the table of jobs what was asked here.

        Raises:
          LibraryAway: it must be said again.
        """
        say_in_turn(self._stops, self._lock, lambda stop: library.ask_to_stop(*stop))
        with self._lock:
            looked = sorted(self._looked)
        if looked:
            say_in_turn([looked], self._lock, library.look)
            with self._lock:
                self._looked -= set(looked)


def say_in_turn(things: list[T], lock: threading.Lock, say: Callable[[T], object]) -> None:
    """Says what is to be said to the library, the oldest first; what cannot be said keeps nothing that comes after it waiting.

    Args:
      things: what is to be said; what was said, or cannot be, leaves the list.
      lock: guards the list, and is not held while something is said.
      say: says one of them.

    Raises:
      LibraryAway: what is still in the list must be said again.
    """
    while True:
        with lock:
            if not things:
                return
            first = things[0]
        try:
            say(first)
        except LibraryAway:
            raise
        except Exception:
            log.exception("The table of jobs could not be told of %s", getattr(first, "id", first))
        with lock:
            things.remove(first)


def _found(job: UnderWay) -> Found:
    """As a registry has it.

    Raises:
      ValueError: of a newer MAML Lab.
    """
    try:
        experiment = Experiment.from_json(json.dumps(job.request["experiment"]))
    except (KeyError, TypeError) as error:
        raise ValueError(str(error)) from None
    snapshot = Snapshot(experiment, QUEUED) if job.progress is None else opened_progress(job.progress, experiment)
    if not job.is_held:  # its process has died or sleeps, and it waits for another
        snapshot = Snapshot(
            experiment,
            QUEUED,
            iteration=snapshot.iteration,
            seconds=snapshot.seconds,
            history=snapshot.history,
            curve_iterations=snapshot.curve_iterations,
            curves=snapshot.curves,
            accuracies=snapshot.accuracies,
            name=snapshot.name,
        )
    return Found(job.owner, snapshot)
