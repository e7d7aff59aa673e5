"""L2: sessions opened and left one after another, and what memory they leave behind."""

import statistics
from collections import Counter
from collections.abc import Iterator
from typing import Any

from benchmarks.visitors import Server, Visitor

MAX_GROWTH_MB = 50.0


def figures(quick: bool) -> Iterator[dict[str, Any]]:
    """2,000 sessions, of which the first 50 warm up."""
    yield leave(60, warm=30) if quick else leave(2000, warm=50)


def leave(sessions: int, *, warm: int) -> dict[str, Any]:
    """Each opens the first page, moves nothing, runs it once more, and goes; every fourth goes without a word."""
    server = Server("streamlit_app.py")
    problems, opened, memory, threads = Counter(), [], [], 0
    try:
        for number in range(sessions):
            try:
                visitor = Visitor(server.port)
                opened.append(1e3 * visitor.open(""))
                visitor.rerun()
                problems.update(visitor.exceptions)
                (visitor.drop if number % 4 == 3 else visitor.close)()
            except Exception as error:
                problems[f"{type(error).__name__}: {error}"] += 1
            memory.append(server.memory_mb()[0])
            threads = max(threads, server.threads())
    finally:
        server.stop()
    growth = memory[-1] - memory[warm - 1]
    return {
        "id": "L2",
        "what": f"{sessions} sessions one after another",
        "initial_load_time_ms": round(statistics.median(opened)),
        "memory_rss_mb_peak": round(max(memory)),
        "memory_rss_mb_growth": round(growth, 1),
        "thread_count_max": threads,
        "failed": sum(problems.values()) + (growth > MAX_GROWTH_MB),
        "problems": dict(problems),
    }
