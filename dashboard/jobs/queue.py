"""What waits and what runs: who is next, which place the others have, and when their turn is expected to come."""

from typing import NamedTuple

from dashboard.jobs.estimates import Estimates
from dashboard.jobs.job import Work
from dashboard.jobs.line import Shares, in_order

PLAN_SECONDS = 1.0  # for so long places and waits are as they were said last, where nothing has happened


class Place(NamedTuple):
    """One place in the line.

    position: how many are before it, the one that runs among them.
    seconds: until it begins, as far as is known.
    """

    position: int
    seconds: float


class Queue:
    """The line and the one that runs. The registry's lock guards all of it."""

    def __init__(self) -> None:
        """Nothing waits, and nothing was measured."""
        self.waiting: list[Work] = []
        self.running: Work | None = None
        self._warming: Work | None = None  # what is compiled while nobody waits, and who comes meanwhile waits for
        self.estimates, self._shares = Estimates(), Shares()
        self._plan: tuple[float, dict[Work, Place]] | None = None

    def add(self, work: Work) -> None:
        """It comes last, until it is its owner's turn."""
        self.waiting.append(work)
        self._plan = None

    def remove(self, work: Work) -> bool:
        """Takes something out of the line; tells whether it was there."""
        if was_there := work in self.waiting:
            self.waiting.remove(work)
            self._plan = None
        return was_there

    def begin_next(self, now: float, *, is_fresh: bool = False) -> Work | None:
        """What is to run now; None where nothing waits.

        Args:
          now: by the registry's clock.
          is_fresh: whether a process has to be started for it.
        """
        if self.waiting:
            work = self._in_order(now)[0]
            self.remove(work)
            work.is_fresh = is_fresh
            work.begin(now)
            self.running = work
            return work
        return None

    def begin_warm_up(self, work: Work, now: float, *, is_fresh: bool) -> None:
        """Something is compiled that nobody has asked for; arguments as for `begin_next`."""
        work.is_fresh = is_fresh
        work.begin(now)
        self._warming, self._plan = work, None

    def end_warm_up(self, now: float) -> None:
        """It is over, and says how fast this machine is."""
        if self._warming:
            self.estimates.learn(self._warming, now)
        self._warming = self._plan = None

    def end(self, work: Work, now: float) -> None:
        """What ran has ended: its owners have had so much, and its like will take as long."""
        self.estimates.learn(work, now)
        seconds = 0.0 if work.began is None else now - work.began
        owners = {job.owner for job in work.jobs}
        for owner in owners:
            self._shares.charge(owner, seconds / len(owners), now)
        self.running = self._plan = None

    def place(self, work: Work, now: float) -> Place | None:
        """Where something waits; None where it does not."""
        if self._plan is None or now - self._plan[0] >= PLAN_SECONDS:
            seconds, ahead = 0.0, self.running or self._warming
            if self.running:
                self.estimates.watch(self.running)
                seconds = self.estimates.seconds_left(self.running, now)
            elif self._warming and self._warming.first_report is None:
                seconds = self.estimates.seconds_until_report(self._warming, now)
            places, trained = dict[Work, Place](), {ahead.like} if ahead else set()
            for number, each in enumerate(self._in_order(now), start=int(self.running is not None)):
                places[each] = Place(number, seconds)
                seconds += self.estimates.seconds(each, is_warm=each.like in trained)
                trained.add(each.like)
            self._plan = now, places
        return self._plan[1].get(work)

    def _in_order(self, now: float) -> list[Work]:
        """What waits, the next one first."""
        running, runs_for, runs = self.running, set[str](), 0.0
        if running is not None and running.began is not None:
            runs_for = {job.owner for job in running.jobs}
            runs = (now - running.began + self.estimates.seconds_left(running, now)) / max(1, len(runs_for))

        def had(owner: str) -> float:
            return self._shares.of(owner, now) + (runs if owner in runs_for else 0.0)

        return in_order(self.waiting, lambda work: work.wanted_by[0].owner, had, self.estimates.seconds)
