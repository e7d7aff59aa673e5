"""L4: everybody presses Train within one second: each gets a place and a wait, which is then compared with the real one."""

import functools
import random
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from benchmarks.faults.crowd import browser, is_waiting, job_of, look, press_train, shown_wait, together
from benchmarks.measuring import percentile_95
from benchmarks.visitors import Server, Visitor

RUN = "num_iterations={iterations}&hidden_dim=16"
WITHIN, SECONDS_OFF = 0.3, 2.0  # a wait is true within so much of what was shown, or so many seconds where it is short
SHARE_TRUE, MAX_PAGE_MS, MAX_PLACES = 0.8, 1000.0, 3


def figures(quick: bool) -> Iterator[dict[str, Any]]:
    """100 visitors with a run of their own each, and one who wants more than three places."""
    yield from rush(8, iterations=1000, patience=240) if quick else rush(100, iterations=3000, patience=1800)


def rush(sessions: int, *, iterations: int, patience: float) -> Iterator[dict[str, Any]]:
    """Two figures: the rush, and one browser's tabs.

    Args:
      sessions: visitors.
      iterations: of each one's run.
      patience: seconds after which a run that has not ended is given up.
    """
    server = Server("streamlit_app.py")
    try:
        yield _tabs(server.port)
        visitors, problems = [], Counter()
        for seed in range(sessions):
            visitor = Visitor(server.port)
            visitor.open("train", f"{RUN.format(iterations=iterations)}&seed={seed}")
            visitors.append(visitor)
        shown, real, over, page_times = {}, {}, threading.Event(), []
        watch = threading.Thread(target=_browse, args=(server.port, over, page_times, problems))
        watch.start()
        together(
            functools.partial(_one, visitor, number / sessions, shown, real, problems, patience)
            for number, visitor in enumerate(visitors)
        )
        over.set()
        watch.join()
    finally:
        server.stop()
    waited = {one: (shown[one], real[one]) for one in shown if one in real}
    if unknown := len(shown) - len(waited):
        problems["never seen to begin"] += unknown
    true = sum(abs(was - told) <= max(WITHIN * told, SECONDS_OFF) for told, was in waited.values())
    slow = bool(page_times) and percentile_95(page_times) > MAX_PAGE_MS
    yield {
        "id": "L4",
        "what": f"{sessions} press Train within a second",
        "told_a_wait": len(shown),
        "waits_that_were_true": true,
        "real_over_told": [round(ratio, 2) for ratio in _tenth_median_ninetieth(waited.values())],
        "longest_wait_s": round(max((was for _, was in waited.values()), default=0.0), 1),
        "rerun_times_ms": round(percentile_95(page_times)) if page_times else None,
        "failed": sum(problems.values()) + (true < SHARE_TRUE * len(waited)) + slow,
        "problems": dict(problems),
    }


def _tenth_median_ninetieth(waited: Iterable[tuple[float, float]]) -> list[float]:
    """Of what the waits were, over what was told."""
    ratios = [was / max(1.0, told) for told, was in waited]
    return np.quantile(ratios, [0.1, 0.5, 0.9]).tolist() if ratios else []


def _one(visitor: Visitor, delay: float, shown: dict, real: dict, problems: Counter, patience: float) -> None:
    """Presses, notes what is shown, and looks until the run has ended."""
    time.sleep(delay)
    try:
        if not press_train(visitor):
            problems[f"refused: {visitor.alerts[-1:]}"] += 1
            return
        pressed = time.monotonic()
        if is_waiting(visitor):
            if (wait := shown_wait(visitor)) is None:
                problems[f"told no wait: {visitor.progress}"] += 1
            else:
                shown[visitor] = wait
        while visitor.repeats and time.monotonic() < pressed + patience:
            time.sleep(min(visitor.repeats.values()))  # as a browser does
            look(visitor)
            if not is_waiting(visitor):  # it may have begun and ended between two looks
                real.setdefault(visitor, time.monotonic() - pressed)
        if " iterations in " not in visitor.progress:
            problems[f"did not end right: {visitor.progress or visitor.alerts}"] += 1
        problems.update(visitor.exceptions)
    except Exception as error:  # it is counted
        problems[f"{type(error).__name__}: {error}"] += 1


def _browse(port: int, over: threading.Event, times: list[float], problems: Counter) -> None:
    """Somebody who only looks at pages meanwhile."""
    visitor, choose = Visitor(port), random.Random(0)
    visitor.open("")
    while not over.wait(2.0):
        page = choose.choice(["", "train", "adapt"])
        times.append(1e3 * visitor.open(page))
        problems.update(visitor.exceptions)
        visitor.exceptions.clear()
    visitor.close()


def _tabs(port: int) -> dict[str, Any]:
    """One browser with six tabs: how many places it gets; then all its runs are stopped."""
    cookies, tabs = browser(), []
    for seed in range(6):
        tab = Visitor(port, cookies=cookies)
        tab.open("train", f"num_iterations=50000&hidden_dim=64&seed={900 + seed}")
        press_train(tab)
        tabs.append(tab)
    held = [tab for tab in tabs if job_of(tab)]
    told = [sentence for tab in tabs if not job_of(tab) for sentence in tab.alerts]
    for tab in held:
        tab.open("train", f"job={job_of(tab)}")
        if "stop" in tab.widgets:
            tab.rerun(press="stop")
    for tab in tabs:
        tab.close()
    is_right = len(held) <= MAX_PLACES and len(told) >= len(tabs) - len(held)
    return {
        "id": "L4",
        "what": "one browser, six tabs",
        "places": len(held),
        "told": told[:1],
        "failed": int(not is_right),
        "problems": {},
    }
