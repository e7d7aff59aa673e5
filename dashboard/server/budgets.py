"""What every cache may take at the most, in one table: its sum is written down as the server starts.

A test finds every cache in the source and fails where one is unbounded or not in this table. What JAX has compiled is no cache
of ours: it lies in the engine's processes, which end at `pool.MAX_MEMORY_MB`.
"""

import importlib
from typing import Any, NamedTuple

from dashboard.jobs.pool import asked_workers

MAX_TOTAL_MB = 700


class Budget(NamedTuple):
    """Of one cache.

    megabytes: at the most, in one process.
    in_engine: whether each of the engine's processes has one as well.
    entries: of all; 0 where bytes are what is bounded.
    """

    megabytes: float
    in_engine: bool = False
    entries: int = 1


# Megabytes of a cache by entries are those of the largest that may be asked for, measured, or the sizes of what is in it.
BUDGETS = {
    "dashboard.engine_calls.cache.ANSWERS": Budget(68, entries=0),
    "dashboard.server.shelves.SHELVES": Budget(80, entries=0),
    "dashboard.server.uploads.held_bytes": Budget(100, entries=0),
    "dashboard.jobs.travel.Learners": Budget(34, True, entries=0),
    "dashboard.engine_calls.cache._title": Budget(0.1, entries=512),
    "dashboard.engine_calls.cache._field_names": Budget(0.3, entries=512),
    "dashboard.engine_calls.first_numbers.names": Budget(0.1),
    "dashboard.engine_calls.first_pictures.load": Budget(0.1),
    "dashboard.engine_calls.resources._shipped_learner": Budget(0.5, entries=16),
    "dashboard.engine_calls.resources._shipped_tasks": Budget(0.1),
    "dashboard.engine_calls.shipped_runs.runs": Budget(0.1),
    "dashboard.engine_calls.sine_bench.warm_up": Budget(0.1),
    "dashboard.figures.plain._ready_class": Budget(0.1),
    "dashboard.figures.plain._template": Budget(0.2, entries=4),
    "dashboard.lessons.book.book": Budget(0.1),
    "dashboard.page_parts.adapt.pictures._after": Budget(16, entries=16),
    "dashboard.page_parts.characters.engine_calls.tasks_of": Budget(1, True, entries=8),
    "dashboard.page_parts.compare.engine_calls.stand_in": Budget(42, entries=16),  # 256 wide, 6 deep, a step for each parameter
    "dashboard.page_parts.pitfalls.label_orders.load": Budget(0.1),
    "dashboard.page_parts.train.held_out_tasks._tasks": Budget(6, True, entries=64),
    "dashboard.page_parts.your_tasks.examples.example_csv": Budget(0.3, True, entries=8),
    "dashboard.page_parts.your_tasks.run.shipped": Budget(5, entries=8),
    "dashboard.page_parts.your_tasks.table.example": Budget(1, True, entries=8),
    "dashboard.runs.run._experiment": Budget(3, entries=512),
    "maml_engine.io.readings.dates.take_apart": Budget(12, True, entries=20_000),
    "maml_engine.io.readings.numbers.looks_like_number": Budget(11, True, entries=20_000),
    "maml_engine.methods.inner_optimizers._first_direction": Budget(0.2, True, entries=128),
    "maml_engine.methods.inner_optimizers._is_differentiable": Budget(0.2, True, entries=128),
    "maml_engine.runtime.compilation_cache._machine": Budget(0.1, True),
    "maml_engine.tables.guessing.words.words_of": Budget(3, True, entries=4096),
    "maml_engine.tasks.images.omniglot_files._characters": Budget(52, True),  # the pictures as bytes, and where JAX has them
}
# A session's own, some kilobytes each; what is large lies on its shelf.
OF_SESSIONS = {
    "dashboard.page_parts.your_tasks.table._findings",
    "dashboard.page_parts.your_tasks.table._rows",
}


def total_mb(workers: int | None = None) -> float:
    """The sum over the server and the engine's processes.

    Args:
      workers: how many of these there are; None asks the settings.
    """
    workers = asked_workers() if workers is None else workers
    return sum(budget.megabytes * (1 + workers * budget.in_engine) for budget in BUDGETS.values())


def held() -> dict[str, dict[str, float]]:
    """What the server's own caches hold now: entries, bytes where they are counted, and the most that there may be."""
    return {name: _now(_found(name)) | {"max_mb": budget.megabytes} for name, budget in BUDGETS.items()}


def clear() -> None:
    """Empties the caches that can be made anew; what visitors have laid aside stays."""
    for name in BUDGETS:
        for emptying in ("cache_clear", "clear"):
            if hasattr(found := _found(name), emptying):
                getattr(found, emptying)()
                break


def _found(name: str) -> Any:
    module, _, inner = name.rpartition(".")
    return getattr(importlib.import_module(module), inner)


def _now(cache: Any) -> dict[str, float]:
    if hasattr(cache, "cache_info"):
        return {"entries": cache.cache_info().currsize}
    if hasattr(cache, "num_bytes"):
        return {"entries": len(cache), "mb": round(cache.num_bytes / 1e6, 1)}
    return {}
