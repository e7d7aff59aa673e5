"""L5: one visitor does the heaviest that is allowed, uploads, changes links; what others wait, before and meanwhile."""

import functools
import math
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from benchmarks.faults.crowd import job_of, look, press_train, together
from benchmarks.load import CHANGES
from benchmarks.measuring import percentile_95
from benchmarks.visitors import Server, Visitor

MAX_TIMES, MAX_GROWTH_MB = 1.5, 200.0
HEAVY = "num_iterations=100000&meta_batch_size=200&hidden_dim=256"
_FITS = re.compile(r"`(\w+)` ([\d,]+) would fit")
UPLOADS, LINKS, UPLOAD_BYTES = 500, 10_000, 5_000_000
PAGE_SECONDS = 6.0  # that a page takes with its pauses, about and at the least: so the way ahead is as long as a half


def figures(quick: bool) -> Iterator[dict[str, Any]]:
    """20 others, for two minutes each way."""
    yield disturb(4, seconds=20, uploads=10, links=40) if quick else disturb(20, seconds=120, uploads=UPLOADS, links=LINKS)


def disturb(others: int, *, seconds: float, uploads: int, links: int) -> dict[str, Any]:
    """What the others wait at the 95th percentile, alone and beside the one.

    Args:
      others: sessions that open pages and change something.
      seconds: of each half.
      uploads: files of 5 MB that the one sends at the most.
      links: that it opens at the most.
    """
    server = Server("streamlit_app.py")
    problems, did = Counter(), Counter()
    try:
        _warm(server.port, others, seconds, problems)
        alone = _wait(server.port, others, seconds, problems)
        before, over = server.memory_mb()[1], threading.Event()
        one = [
            threading.Thread(target=_safely, args=(work, server.port, over, did, problems, most))
            for work, most in ((_train, 0), (_send, uploads), (_wander, links))
        ]
        for thread in one:
            thread.start()
        beside = _wait(server.port, others, seconds, problems)
        growth = server.memory_mb()[1] - before
        over.set()
        for thread in one:
            thread.join()
    finally:
        server.stop()
    times = percentile_95(beside) / max(1e-9, percentile_95(alone))
    return {
        "id": "L5",
        "what": f"{others} others beside one who does all that is allowed",
        "rerun_times_ms": [round(percentile_95(alone)), round(percentile_95(beside))],
        "times": round(times, 2),
        "memory_with_workers_mb_growth": round(growth),
        **dict(did),
        "failed": sum(problems.values()) + (times > MAX_TIMES) + (growth > MAX_GROWTH_MB),
        "problems": dict(problems),
    }


def _warm(port: int, others: int, seconds: float, problems: Counter) -> None:
    """The others ask once, without pauses, what they ask in either half, so that neither is slower for what is new."""
    pages = math.ceil(seconds / PAGE_SECONDS)
    together(functools.partial(_warm_other, port, number, pages, problems) for number in range(others))


def _warm_other(port: int, number: int, pages: int, problems: Counter) -> None:
    session = _Other(port, number, [], problems)
    for _ in range(pages):
        session.use_page(pace=0.0)
    session.visitor.close()


def _wait(port: int, others: int, seconds: float, problems: Counter) -> list[float]:
    times: list[float] = []
    until = time.monotonic() + seconds
    together(functools.partial(_other, port, number, until, times, problems) for number in range(others))
    return times


def _other(port: int, number: int, until: float, times: list[float], problems: Counter) -> None:
    session = _Other(port, number, times, problems)
    while time.monotonic() < until:
        session.use_page(until=until)
    session.visitor.close()


class _Other:
    """As a session of `make load`; of the same number it does the same, however often it comes."""

    def __init__(self, port: int, number: int, times: list[float], problems: Counter):
        self.port, self.times, self.problems = port, times, problems
        self.choose, self.visitor = random.Random(number), Visitor(port)

    def use_page(self, *, pace: float = 1.0, until: float = math.inf) -> None:
        """Opens the next page and changes three things on it.

        Args:
          pace: by which its pauses are multiplied.
          until: after which nothing is changed.
        """
        try:
            page = self.choose.choice(list(CHANGES))
            self.times.append(1e3 * self.visitor.open(page))
            for _ in range(3):
                time.sleep(pace * self.choose.uniform(1, 3))
                changes = CHANGES[page]
                if time.monotonic() < until and changes and self.visitor.change(self.choose.choice(changes), self.choose):
                    self.times.append(1e3 * self.visitor.rerun())
            self.problems.update(self.visitor.exceptions)
            self.visitor.exceptions.clear()
        except Exception as error:  # it is counted, and the session comes back
            self.problems[f"{type(error).__name__}: {error}"] += 1
            self.visitor = Visitor(self.port)


def _safely(work: Any, port: int, over: threading.Event, did: Counter, problems: Counter, most: int) -> None:
    try:
        work(port, over, did, most)
    except Exception as error:
        problems[f"the one: {type(error).__name__}: {error}"] += 1


def _train(port: int, over: threading.Event, did: Counter, most: int) -> None:
    """The heaviest run that is not refused: a refusal says what would fit."""
    visitor, query = Visitor(port), HEAVY
    while not over.is_set():
        visitor.open("train", query)
        if not press_train(visitor):
            found = _FITS.search(" ".join(visitor.alerts).replace("\\", ""))
            if found is None:
                did["refused"] += 1
                return
            query += f"&{found[1]}={found[2].replace(',', '')}"
            query = "&".join(f"{name}={value}" for name, value in dict(part.split("=") for part in query.split("&")).items())
            continue
        did["heavy_runs"] += 1
        while visitor.repeats and not over.wait(1.0):
            look(visitor)
    if job_of(visitor) and "stop" in visitor.widgets:
        visitor.rerun(press="stop")
    visitor.close()


def _send(port: int, over: threading.Event, did: Counter, most: int) -> None:
    """Uploads that nobody asked for, to the address that the server gives."""
    visitor = Visitor(port)
    visitor.open("your_tasks", "source=A+file")
    while did["uploads"] + did["uploads_refused"] < most and not over.is_set():
        status = visitor.upload("t.csv", b"task,x,y\n" + b"a,1,2\n" * (UPLOAD_BYTES // 6))
        did["uploads" if 200 <= status < 300 else "uploads_refused"] += 1
    visitor.close()


def _wander(port: int, over: threading.Event, did: Counter, most: int) -> None:
    """One link after the other, as fast as they are answered."""
    visitor, choose = Visitor(port), random.Random(0)
    while did["links"] < most and not over.is_set():
        visitor.open(choose.choice(["adapt", "train", ""]), f"k_shot={choose.randint(1, 50)}&seed={choose.randrange(10**6)}")
        did["links"] += 1
    visitor.close()
