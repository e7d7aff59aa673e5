"""Training in the background: one run at a time, a fair queue, Stop by whose run it is; on a hosted demo budgets and leases.

No streamlit here. `job` says what a run is, `queue` who is next and when, `budget` what is allowed.
"""

import atexit
import dataclasses
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from dashboard.hosting import is_hosted
from dashboard.jobs import budget
from dashboard.jobs.job import Job, Work, reports_of
from dashboard.jobs.pool import Pool
from dashboard.jobs.progress import Start
from dashboard.jobs.running import Running
from dashboard.jobs.snapshot import QUEUED, Snapshot
from maml_engine import Experiment, Learner, Report, train

if TYPE_CHECKING:
    from dashboard.jobs.keeping import Found, Keeper  # and with it a database, which the engine's processes need not load
    from dashboard.jobs.leases import Leases

# Everywhere: how many ended runs are kept; of those that hold a table or a report of it, which may be large, fewer.
KEEP_ENDED, KEEP_LARGE = 200, 24


class JobRegistry(Running):
    """Runs by their id, which cannot be guessed; whoever has it can look. Safe to call from any thread.

    hosted: a demo for strangers, with budgets and leases; None reads `MAML_LAB_HOSTED`.
    pool: where runs compute; None takes this process.
    train: the trainer; another one in tests.
    keeper: what puts ended runs into the library, and finds those of before; None keeps them in memory alone.
    leases: where several processes share the library, what each has; None where this one is alone.
    """

    def __init__(
        self,
        *,
        hosted: bool | None = None,
        pool: Pool | None = None,
        train: Callable[..., Iterator[Report]] = train,
        clock: Callable[[], float] = time.monotonic,
        keep_ended: int = KEEP_ENDED,
        keeper: "Keeper | None" = None,
        leases: "Leases | None" = None,
    ):
        super().__init__(
            hosted=is_hosted() if hosted is None else hosted, pool=pool or Pool(0), clock=clock, keeper=keeper, leases=leases
        )
        self._train, self._keep_ended = train, keep_ended
        self._jobs: dict[str, Job] = {}
        atexit.register(self.close)  # a thread that is cut off inside a compiled program aborts the process

    def submit(self, experiment: Experiment, tasks: Any = None, *, owner: str = "", instead_of: Sequence[str] = ()) -> str:
        """Puts a run into the queue and gives back its id; the very run may be trained already, and is then shared.

        Args:
          experiment: the run.
          tasks: a table's, where it is trained on one; such a run is never shared.
          owner: whose it is.
          instead_of: ids of runs that end where they are the owner's and this one is not refused for what it asks.

        Raises:
          ValueError: on a hosted demo, more than it allows; or the queue is full.
        """
        return self._ask([experiment], self._plain(experiment, tasks), owner, instead_of)

    def submit_work(
        self,
        experiments: Sequence[Experiment],
        work: Callable[[], Iterator[Any]],
        *,
        owner: str = "",
        keep_as: str = "",
        summary: Callable[[Any], tuple[Mapping[str, Any], Any]] = lambda report: ({}, None),
    ) -> str:
        """Puts work of another kind in the same queue: what `work()` yields has `iteration` and `done`.

        Args:
          experiments: the runs that it holds, at least one; each must keep within a hosted demo's budget.
          work: makes the iterator where it runs, so it is a module's function, or a `functools.partial` of one.
          owner: whose it is.
          keep_as: the kind of run as which the library keeps it (`runs.KINDS`); "" keeps nothing.
          summary: what of the last report is kept: plain JSON, and a learner or None.

        Raises:
          ValueError: as for `submit`.
        """
        kind = getattr(work.func if isinstance(work, partial) else work, "__qualname__", "")
        asked = Work(experiments[0], work, kind, is_plain=False, is_shared=False, since=self._clock(), keep_as=keep_as)
        asked.summary = lambda snapshot: ({}, None) if snapshot.report is None else summary(snapshot.report)
        return self._ask(experiments, asked, owner, ())

    def snapshot(self, job_id: str) -> Snapshot | None:
        """The run as it is now; None where there is none of that id, here, under way in another process or in the library."""
        with self._changed:
            if job := self._jobs.get(job_id):
                return self._placed(job)
        return found.snapshot if (found := self._found(job_id)) else None

    def learner(self, job_id: str) -> Learner | None:
        """What a run has left behind so far."""
        snapshot = self.snapshot(job_id)
        return None if snapshot is None else snapshot.result

    def belongs_to(self, job_id: str, owner: str) -> bool:
        """Whether a run is somebody's, who may stop it and give it a name."""
        with self._changed:
            if job_id in self._jobs:
                return self._owned(job_id, owner) is not None
        return (found := self._found(job_id)) is not None and secrets.compare_digest(found.owner, owner)

    def rename(self, job_id: str, name: str, *, owner: str = "") -> None:
        """Gives a run of the owner's a name, short and printable, which goes with it for all who have its link."""
        with self._changed:
            is_here = job_id in self._jobs
            if job := self._owned(job_id, owner):
                job.name = name
        if self._keeper and (job or not is_here):
            self._keeper.rename(job_id, name, owner)

    def forget(self, job_id: str, *, owner: str = "") -> None:
        """Forgets an ended run, which its owner has deleted from the library: its link leads nowhere then."""
        with self._changed:
            if (job := self._owned(job_id, owner)) and not job.is_active:
                self._drop([job])
        if self._keeper:
            self._keeper.forget(job_id)

    def touch(self, job_id: str) -> None:
        """Says that somebody is looking."""
        with self._changed:
            if job := self._jobs.get(job_id):
                job.looked = self._clock()
        if self._leases and job is None:
            self._leases.elsewhere.look(job_id)

    def stop(self, job_id: str, *, owner: str = "") -> None:
        """Ends a run at once for its owner, and for nobody else; what it has learned stays. Whoever shares it goes on."""
        with self._changed:
            if (job := self._owned(job_id, owner)) and job.is_active:
                self._leave(job)
            is_here = job_id in self._jobs
        if self._leases and not is_here:
            self._leases.elsewhere.stop(job_id, owner)

    # Where several processes share the library, `Leases` asks.

    def placed(self, job_ids: Sequence[str]) -> dict[str, Snapshot]:
        """The runs of these that are here, as they are now."""
        with self._changed:
            return {job_id: self._placed(job) for job_id in job_ids if (job := self._jobs.get(job_id))}

    def is_free(self) -> bool:
        """Whether nothing runs or waits here."""
        with self._changed:
            return self._queue.running is None and not self._queue.waiting and not self._closing

    def adopt(self, job_id: str, experiment: Experiment, *, owner: str, start: Start | None = None, name: str = "") -> Job:
        """Takes over a plain run that another process has left.

        Args:
          job_id: its link's, which stays.
          experiment: the run.
          owner: whose it is.
          start: from where it goes on; None: it begins anew.
          name: that the owner has given it.
        """
        with self._changed:
            work = self._shared.get(experiment) or self._plain(experiment, start=start)
            job = self._jobs[job_id] = Job(job_id, owner, work, looked=self._clock(), name=name)
            self._admit(job)
        return job

    def abandon(self, job_id: str) -> None:
        """Lets go of a run that another process has taken over; nothing of it is kept from here."""
        with self._changed:
            if job := self._jobs.pop(job_id, None):
                job.leave(", since another process of this server has taken it over")
                self._let_go(job.work)

    def is_being_kept(self, job_id: str) -> bool:
        """Whether a run is still on its way into the library."""
        return self._keeper is not None and self._keeper.is_keeping(job_id)

    def warm_up(self, experiment: Experiment) -> None:
        """Compiles what a run like this needs, and measures how fast it is, while nobody waits for it; once."""
        with self._changed:
            if not self._is_warm:
                self._is_warm, self._warm_up = True, partial(self._plain, experiment)
                self._start_threads()

    def _found(self, job_id: str) -> "Found | None":
        """A run that is not here."""
        found = self._keeper.found(job_id) if self._keeper else None
        if found is None and self._leases:
            found = self._leases.elsewhere.found(job_id)
            if found is None and self._keeper and self._leases.elsewhere.has_ended(job_id):
                self._keeper.forget(job_id)  # what the library said before that
                found = self._keeper.found(job_id)
        return found

    def _placed(self, job: Job) -> Snapshot:
        """A run as it is now, with its place where it waits; with the lock held."""
        snapshot = job.snapshot
        if snapshot.status == QUEUED and (place := self._queue.place(job.work, self._clock())):
            return dataclasses.replace(snapshot, position=place.position, seconds_to_start=place.seconds)
        return snapshot

    def _plain(self, experiment: Experiment, tasks: Any = None, start: Start | None = None) -> Work:
        goes_on = {"others_go_on": True} if self._leases and tasks is None else {}
        make = partial(reports_of, self._train, experiment, tasks, start.checkpoint if start else None, **goes_on)
        since = self._clock()
        return Work(
            experiment, make, "train", is_plain=True, is_shared=tasks is None, since=since, keep_as="train", goes_on_from=start
        )

    def _ask(self, experiments: Sequence[Experiment], work: Work, owner: str, instead_of: Sequence[str]) -> str:
        """A job for an owner, of this work or of one that is the same; takes the lock, which those below are called with."""
        for experiment in experiments if self.hosted else ():
            budget.check_fields(experiment)
        with self._changed:
            for experiment in experiments if self.hosted and work.is_plain else ():
                budget.check_whole(experiment, self._queue.estimates)
            for job_id in instead_of:
                self.stop(job_id, owner=owner)
            found = self._shared.get(work.experiment) if work.is_shared else None
            is_new = found is None
            work = found or work
            if self.hosted and not work.snapshot.ended:
                has = sum(job.is_active for job in self._jobs.values() if job.owner == owner)
                budget.check_places(has, waiting=len(self._queue.waiting) if is_new else 0)
            job = Job(secrets.token_urlsafe(12), owner, work, looked=self._clock())
            self._jobs[job.id] = job
            self._admit(job)
            if self._leases and work.is_shared and not work.snapshot.ended:
                self._leases.take(job)
        return job.id

    def _admit(self, job: Job) -> None:
        """A job joins its work, and new work the queue."""
        work, is_new = job.work, not job.work.jobs and job.work.began is None
        work.jobs.append(job)
        if work.snapshot.ended:
            self._keep(job, work.snapshot)
        self._is_warm = True
        if is_new:
            self._queue.add(work)
            if work.is_shared:
                self._shared[work.experiment] = work
        self._evict()
        self._start_threads()

    def _owned(self, job_id: str, owner: str) -> Job | None:
        job = self._jobs.get(job_id)
        return job if job is not None and secrets.compare_digest(job.owner, owner) else None

    def _evict(self) -> None:
        """Forgets the runs that ended and were not looked at for longest."""
        ended = sorted((job for job in self._jobs.values() if not job.is_active), key=lambda job: job.looked, reverse=True)
        large = [job for job in ended if not job.work.is_shared]
        self._drop([*large[min(KEEP_LARGE, self._keep_ended) :], *ended[self._keep_ended :]])

    def _drop(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            if self._jobs.pop(job.id, None):
                job.work.jobs.remove(job)
        self._shared = {experiment: work for experiment, work in self._shared.items() if work.jobs}
