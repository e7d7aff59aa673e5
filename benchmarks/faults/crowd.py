"""What the crowds of L3, L4, L5 and S1 share: a run on Train, followed as its page follows it, and sentences about waiting."""

import re
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from urllib.parse import parse_qs

from benchmarks.visitors import Visitor

_WAIT = re.compile(r"begins in about ([\d.]+) (s|min|h)")
_UNITS = {"s": 1.0, "min": 60.0, "h": 3600.0}


def browser() -> str:
    """The cookie of another visitor's browser."""
    return f"maml_lab_visitor={secrets.token_urlsafe(32)}"


def press_train(visitor: Visitor) -> str:
    """Presses Train on the page that is open; the id of the run, "" where it is refused."""
    visitor.rerun(press="train")
    return job_of(visitor)


def job_of(visitor: Visitor) -> str:
    """The run that a visitor's address names."""
    return parse_qs(visitor.query.lstrip("?")).get("job", [""])[0]


def look(visitor: Visitor) -> None:
    """The page's part that repeats itself, once."""
    if visitor.repeats:
        visitor.rerun(fragment=next(iter(visitor.repeats)))


def is_waiting(visitor: Visitor) -> bool:
    """Its run has not begun."""
    return visitor.progress.startswith("Waiting")


def shown_wait(visitor: Visitor) -> float | None:
    """Seconds that it is told to wait."""
    found = _WAIT.search(visitor.progress)
    return float(found[1]) * _UNITS[found[2]] if found else None


def follow(visitor: Visitor, *, seconds: float, every: float = 1.0) -> bool:
    """Looks until the run has ended; False where it has not by then."""
    until = time.monotonic() + seconds
    while visitor.repeats and time.monotonic() < until:
        time.sleep(every)
        look(visitor)
    return not visitor.repeats


def together(tasks: Iterable[Callable[[], None]]) -> None:
    """All at once, each in a thread; comes back when all have ended."""
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
