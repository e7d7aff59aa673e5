"""A verdict in the background, and those that come with the app.

`python -m dashboard.page_parts.your_tasks.run` judges every example anew and writes what `shipped` reads.
"""

import dataclasses
import json
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dashboard.jobs import POOL
from dashboard.page_parts.your_tasks.examples import EXAMPLES
from dashboard.page_parts.your_tasks.table import UserTable, example
from maml_engine import Learner
from maml_engine.tables import RECOMMENDED, Progress, Settings, Verdict, judge

SHIPPED = Path(__file__).with_name("shipped_verdicts")
MAX_KEPT_CELLS = 300_000
KEPT = ("outcome", "helps", "sentence", "advice", "target", "k_shot", "num_tasks", "num_rows", "folds", "scores", "gain")


class TrainedVerdict(NamedTuple):
    """A verdict with what it was reached on, and its learner.

    table: on whose tasks.
    settings: how it was trained and judged.
    verdict: what was found.
    learner: trained on all tasks, to be used.
    job_id: of the run that reached it; "" for one that comes with the app.
    """

    table: UserTable
    settings: Settings
    verdict: Verdict
    learner: Any
    job_id: str = ""

    @classmethod
    def of(cls, last: Progress, job_id: str = "") -> "TrainedVerdict":
        """What the last progress of `work` brings."""
        return cls(last.table, last.settings, last.verdict, last.learner, job_id)


def work(table: UserTable, settings: Settings) -> Callable[[], Iterator[Progress]]:
    """What the background job runs; of a large table it keeps the first rows, so that ended runs stay small."""
    return partial(judge, table.sheet, table.roles, settings, table=first_part(table))


def summary(last: Progress) -> tuple[dict[str, Any], Any]:
    """What is kept of a verdict, once there is one: what it says, on how much, and the learner; of a table no row."""
    if last.verdict is None:
        return {}, None
    told = json.loads(last.verdict.to_json())
    return {name: told[name] for name in KEPT if name in told}, last.learner


def first_part(table: UserTable) -> UserTable:
    """The table, or as many of its rows as `MAX_KEPT_CELLS` allows, and its name says so."""
    rows = MAX_KEPT_CELLS // len(table.sheet.names)
    if len(table.sheet) <= rows:
        return table
    name = f"{table.name} (its first {rows:,} rows)"
    return dataclasses.replace(table, name=name, sheet=table.sheet.take(np.arange(rows)))


@lru_cache(maxsize=8)
def shipped(name: str, folder: Path = SHIPPED) -> TrainedVerdict | None:
    """The verdict on an example that comes with the app, made by `python -m` this module; None without one."""
    folder = folder / Path(EXAMPLES[name].file).stem
    if not (folder / "verdict.json").is_file():
        return None
    verdict = Verdict.from_json((folder / "verdict.json").read_text(encoding="utf-8"))
    return TrainedVerdict(example(name), Settings(k_shot=verdict.k_shot), verdict, POOL.call(Learner.load, folder / "learner"))


def ship(name: str, settings: Settings = RECOMMENDED, folder: Path = SHIPPED) -> None:
    """Judges an example and writes what `shipped` reads."""
    folder = folder / Path(EXAMPLES[name].file).stem
    *_, last = work(example(name), settings)()
    last.learner.save(folder / "learner")
    (folder / "verdict.json").write_text(last.verdict.to_json(), encoding="utf-8")


if __name__ == "__main__":
    for each in EXAMPLES:
        ship(each)
