"""What runs: one job after another in a thread of its own, and a second thread that looks after the one under way."""

import contextlib
import dataclasses
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from dashboard.jobs import budget
from dashboard.jobs.job import Job, Work, how_it_failed
from dashboard.jobs.limits import Limits
from dashboard.jobs.pool import Pool
from dashboard.jobs.queue import Queue
from dashboard.jobs.snapshot import DONE, FAILED, STOPPED, Snapshot
from maml_engine import Experiment

if TYPE_CHECKING:
    from dashboard.jobs.keeping import Keeper  # and with it a database, which the engine's processes need not load
    from dashboard.jobs.leases import Leases

LEASE_SECONDS = 120.0  # for which a run goes on unseen, on a hosted demo
WATCH_SECONDS = 0.2  # how often a run under way is looked after
WARM_UP_SECONDS = 1.0  # for which a warm-up goes on after it has compiled, unless somebody waits: so it says how fast this is
KEPT_SECONDS = 2.0  # for so long a run that has ended waits to be in the library, before it says so


class Running:
    """The half of a registry that nobody calls: its queue, and how jobs come to their end.

    hosted: a demo for strangers, with budgets and leases.
    pool: where runs compute.
    clock: seconds.
    keeper: what puts ended runs into the library; None keeps them in memory alone.
    leases: what tells other processes which runs this one has; None where there are no others.
    """

    def __init__(
        self, *, hosted: bool, pool: Pool, clock: Callable[[], float], keeper: "Keeper | None", leases: "Leases | None"
    ) -> None:
        """Starts no thread before something is to run."""
        self.hosted, self._pool, self._clock = hosted, pool, clock
        self._keeper, self._leases, self._limits = keeper, leases, Limits(pool, hosted=hosted)
        self._queue = Queue()
        self._shared: dict[Experiment, Work] = {}
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._warm_up: Callable[[], Work] | None = None
        self._is_warm = self._closing = False

    def close(self, timeout: float = 10.0) -> None:
        """Ends all runs, and waits for the one under way."""
        with self._changed:
            self._closing = True
            self._queue.waiting.clear()
            self._changed.notify_all()
        if self._leases:
            self._leases.close()
        for thread in self._threads:
            thread.join(timeout)
        if self._keeper:
            self._keeper.close()

    # With the lock held.

    def _leave(self, job: Job, why: str = "") -> None:
        """A job ends for its owner, and with the last of them what is computed."""
        work = job.work
        if work.is_over:
            return
        job.leave(why)
        self._keep(job, job.snapshot)
        self._let_go(work)

    def _let_go(self, work: Work) -> None:
        """What nobody wants any more ends."""
        if work.wanted_by:
            return
        work.unwanted = self._clock()
        self._unshare(work)
        if self._queue.remove(work):
            work.end(work.as_ended(STOPPED))

    def _unshare(self, work: Work) -> None:
        """Whoever asks for the same from now on does not get this one."""
        if self._shared.get(work.experiment) is work:
            del self._shared[work.experiment]

    def _keep(self, job: Job, snapshot: Snapshot) -> threading.Event | None:
        """Into the library, soon."""
        job.ended = job.ended or datetime.now(UTC)
        if not snapshot.seconds and job.work.began is not None:  # reports of other kinds than plain runs do not say
            snapshot = dataclasses.replace(snapshot, seconds=self._clock() - job.work.began)
        return self._keeper.keep(job, snapshot) if self._keeper else None

    def _drop_forgotten(self) -> None:
        """On a hosted demo, what nobody has looked at makes room."""
        now = self._clock()
        for work in [*self._queue.waiting, self._queue.running] if self.hosted else ():
            for job in work.wanted_by if work else ():
                if now - job.looked > LEASE_SECONDS:
                    self._leave(job, ", since nobody looked for two minutes")

    def _start_threads(self) -> None:
        if not self._threads:
            for name, target in (("training", self._work), ("watch", self._watch)):
                self._threads.append(threading.Thread(target=target, name=f"maml-lab-{name}", daemon=True))
                self._threads[-1].start()
        self._changed.notify_all()

    # Two threads, which take the lock themselves: one computes, one looks after what is computed.

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._queue.waiting and not self._closing and self._warm_up_due() is None:
                    self._changed.wait()
                if self._closing:
                    return
                self._drop_forgotten()
                is_fresh = not self._pool.shares_lane and not self._pool.jobs_memory_mb()
                work = self._queue.begin_next(self._clock(), is_fresh=is_fresh)
                due = self._warm_up_due() if work is None else None
                warm_up = None if due is None else due()
                if warm_up is not None:
                    self._queue.begin_warm_up(warm_up, self._clock(), is_fresh=is_fresh)
                self._changed.notify_all()
            if work is not None:
                self._run(work)
            elif warm_up is not None:
                self._measure(warm_up)

    def _warm_up_due(self) -> Callable[[], Work] | None:
        """What makes the one that was asked for, until something has said how fast this machine is."""
        return None if self._queue.estimates.knows_speed else self._warm_up

    def _measure(self, warm_up: Work) -> None:
        """Compiles what the next run is likely to need, and sees how fast it is; cut short, it is due again."""
        assert warm_up.make is not None, "It has not begun."
        is_cut = False
        # A run that is asked for will say what is wrong.
        with contextlib.suppress(Exception), contextlib.closing(self._pool.stream(warm_up.make)) as reports:
            for report in reports:
                with self._changed:
                    now = self._clock()
                    warm_up.take_in(report, now)
                    assert warm_up.first_report is not None, "It has just reported."
                    is_cut = bool(self._queue.waiting)
                    if is_cut or self._closing or now - warm_up.first_report[0] > WARM_UP_SECONDS:
                        break
        with self._changed:
            self._queue.end_warm_up(self._clock())
            if not is_cut:
                self._warm_up = None

    def _run(self, work: Work) -> None:
        """One run from its first report to its end, however it ends."""
        status, message = DONE, ""
        try:
            assert work.make is not None
            with contextlib.closing(self._pool.stream(work.make)) as reports:
                for report in reports:
                    with self._changed:
                        work.take_in(report, self._clock())
                        if not report.done:
                            self._drop_forgotten()
                            if work.unwanted is not None or self._closing:
                                status, message = STOPPED, "Stopped, since the server ends."
                                break
        except Exception as error:
            status, message = how_it_failed(error)
        with self._changed:
            if work.why_cut and status != DONE:
                status, message = FAILED, work.why_cut
            work.is_cut = work.is_over = True  # by itself
            ended = work.as_ended(status, message)
            goes_on = self._closing and self._leases is not None  # in another process, once its lease has run out
            kept = {job: None if goes_on else self._keep(job, ended) for job in work.wanted_by}
        deadline = time.monotonic() + KEPT_SECONDS  # who is told that a run has ended may rely on it
        for tried in filter(None, kept.values()):
            tried.wait(max(0.0, deadline - time.monotonic()))
        with self._changed:
            self._queue.end(work, self._clock())
            work.end(ended)
            for job in work.wanted_by:
                if job not in kept:  # somebody has asked for the same meanwhile
                    self._keep(job, ended)
            if status != DONE:
                self._unshare(work)

    def _watch(self) -> None:
        while True:
            with self._changed:
                while (running := self._queue.running) is None and not self._closing:
                    self._changed.wait()
                if self._closing or running is None:
                    return
                self._look_after(running)
                self._changed.wait(WATCH_SECONDS)

    def _look_after(self, work: Work) -> None:
        """Ends a stretch that nobody wants, that is forgotten, that takes too long or too much; called with the lock held."""
        assert work.began is not None, "The queue begins what runs."
        now = self._clock()
        self._drop_forgotten()
        if self.hosted and now - work.began > 2 * budget.MAX_SECONDS:
            for job in work.wanted_by:
                self._leave(job, f" after {2 * budget.MAX_SECONDS / 60:.0f} minutes, the longest that this demo gives a run")
        self._limits.enforce(work, now)
