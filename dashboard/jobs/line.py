"""Who is next: the visitor who has had least of the engine lately, and of two who have had as much, the one who came first."""

import heapq
from collections import deque
from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

HALF_LIFE = 600.0  # seconds after which half of what a visitor has had is forgotten
# What a second of waiting makes up for, in seconds had: so nobody waits for ever while others come who have had nothing.
CREDIT = 0.1


class Waits(Protocol):
    """What waits in line: since when."""

    since: float


T = TypeVar("T", bound=Waits)


class Shares:
    """How much each owner has had lately, in seconds."""

    def __init__(self) -> None:
        """Nobody has had anything."""
        self._had: dict[str, tuple[float, float]] = {}  # owner -> seconds, when that was so

    def of(self, owner: str, now: float) -> float:
        """What an owner has had, the longer ago the less of it."""
        seconds, when = self._had.get(owner, (0.0, now))
        return seconds * 0.5 ** ((now - when) / HALF_LIFE)

    def charge(self, owner: str, seconds: float, now: float) -> None:
        """An owner has had more."""
        self._had[owner] = (self.of(owner, now) + seconds, now)
        if len(self._had) > 1000:
            self._had = {name: had for name, had in self._had.items() if self.of(name, now) > 1.0}


def in_order(
    waiting: Iterable[T], owner_of: Callable[[T], str], had: Callable[[str], float], seconds: Callable[[T], float]
) -> list[T]:
    """Those that wait, in the order in which they will run if nobody else comes.

    Args:
      waiting: in the order in which they came.
      owner_of: whose each is.
      had: what an owner has had when the first begins.
      seconds: how long each will take, as far as is known.
    """
    queues: dict[str, deque[T]] = {}
    for each in waiting:
        queues.setdefault(owner_of(each), deque()).append(each)
    had_then = {owner: had(owner) for owner in queues}
    heads = [(had_then[owner] + CREDIT * queue[0].since, number, owner) for number, (owner, queue) in enumerate(queues.items())]
    heapq.heapify(heads)
    ordered: list[T] = []
    while heads:
        _, number, owner = heapq.heappop(heads)
        ordered.append(next_one := queues[owner].popleft())
        had_then[owner] += seconds(next_one)
        if queues[owner]:
            heapq.heappush(heads, (had_then[owner] + CREDIT * queues[owner][0].since, number, owner))
    return ordered
