"""L3: sessions that drop at once and come back by their link after 10 s and after 150 s, longer than Streamlit keeps them."""

import functools
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from benchmarks.faults.crowd import follow, press_train, together
from benchmarks.visitors import Server, Visitor

RUN = "num_iterations=200&hidden_dim=8&meta_batch_size=4"
AT_ONCE = 25  # that open a page at the same moment, so that nobody's patience is tried


def figures(quick: bool) -> Iterator[dict[str, Any]]:
    """200 sessions, ten to a run."""
    yield from drop_and_return(12, runs=3, pauses=(2.0,)) if quick else drop_and_return(200, runs=20, pauses=(10.0, 150.0))


def drop_and_return(sessions: int, *, runs: int, pauses: tuple[float, ...]) -> Iterator[dict[str, Any]]:
    """One figure a pause; each counts who sees the run and its figure again.

    Args:
      sessions: how many in all; each has the link of one of the runs.
      runs: how many, trained by visitors of their own beforehand.
      pauses: seconds between dropping and coming back.
    """
    server = Server("streamlit_app.py")
    try:
        links = [_trained(server.port, seed) for seed in range(runs)]
        visitors, problems = {}, Counter()
        together(
            functools.partial(_come, server.port, links[place % runs], visitors, place, problems) for place in range(sessions)
        )
        for pause in pauses:
            for visitor in visitors.values():
                visitor.drop()
            time.sleep(pause)
            visitors, problems = {}, Counter()
            began = time.monotonic()
            for first in range(0, sessions, AT_ONCE):
                places = range(first, min(sessions, first + AT_ONCE))
                together(functools.partial(_come, server.port, links[n % runs], visitors, n, problems) for n in places)
            again = sum(_sees_it(visitor) for visitor in visitors.values())
            for visitor in visitors.values():
                problems.update(visitor.exceptions)
            yield {
                "id": "L3",
                "what": f"{sessions} sessions return after {pause:g} s",
                "see_run_and_figure": again,
                "seconds_until_all_stand": round(time.monotonic() - began, 1),
                "failed": sessions - again + sum(problems.values()),
                "problems": dict(problems),
            }
    finally:
        server.stop()


def _trained(port: int, seed: int) -> str:
    """A short run of a visitor's own, to its end; its link."""
    visitor = Visitor(port)
    visitor.open("train", f"{RUN}&seed={seed}")
    job = press_train(visitor)
    if not job or not follow(visitor, seconds=300):
        raise RuntimeError(f"a run of 200 iterations did not end: {visitor.progress or visitor.alerts}")
    visitor.close()
    return f"{RUN}&seed={seed}&job={job}"


def _come(port: int, query: str, visitors: dict[int, Visitor], place: int, problems: Counter) -> None:
    try:
        visitors[place] = visitor = Visitor(port)
        visitor.open("train", query)
    except Exception as error:  # it is counted
        problems[f"{type(error).__name__}: {error}"] += 1


def _sees_it(visitor: Visitor) -> bool:
    return " iterations in " in visitor.progress and visitor.charts > 0
