"""The verdict: how the meta-learner does on tasks never seen, beside what is simpler, and one sentence about it."""

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Score:
    """One way of predicting, on all tasks, each by fits that have not seen it.

    name: "meta", or a name in `BASELINES`; title: for people. setting: what was chosen on validation tasks, in words.
    error: root mean squared error over all query rows, in the target's units (of its logarithm where that is used); for classes
    the share of wrong predictions. relative: over the target's standard deviation; for classes over the error of always naming
    the commonest class. low, high: 95 % interval of `relative` over tasks. difference: `relative` of the meta-learner minus
    this one's, paired over tasks; below 0 the meta-learner is better. difference_low, difference_high: its 95 % interval. The
    three are None for the meta-learner itself. curve: `relative` by support rows, as `Verdict.shots`; None where a row count
    could not be judged."""

    name: str
    title: str
    setting: str
    error: float
    relative: float
    low: float
    high: float
    difference: float | None
    difference_low: float | None
    difference_high: float | None
    curve: tuple[float | None, ...]


@dataclass(frozen=True)
class TaskScore:
    """One task. error, before: of the meta-learner after and before adapting; best: of the best baseline over all tasks, in
    the same units as `Score.error`. gain: `best - error`, above 0 where the meta-learner gains. rows: how many the task has."""

    task: str
    rows: int
    error: float
    before: float
    best: float
    gain: float


@dataclass(frozen=True)
class TaskPicture:
    """One task before and after, for a picture. x: values of the first input that is a number, `[rows]`; y: targets. support:
    which rows were the support. before, after, low, high: predictions for each row, in the target's units; lists all."""

    task: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    support: tuple[bool, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class Verdict:
    """What was found; JSON-serialisable both ways.

    outcome: "worth it", "no different" or "worse" (than the best of the rest). helps: whether adapting a learner beats both
    what needs no rows (the pooled fits) and what needs no learner (the support mean). sentence: the whole verdict in words.
    advice: what to use. spread: the target's standard deviation. classes: their names, () for a number.
    coverage: share of query rows inside their `nominal` intervals, on tasks never seen; NaN for classes.
    """

    outcome: str
    helps: bool
    sentence: str
    advice: str
    target: str
    k_shot: int
    num_tasks: int
    num_rows: int
    folds: int
    spread: float
    nominal: float
    coverage: float
    width: float
    shots: tuple[int, ...]
    scores: tuple[Score, ...]
    tasks: tuple[TaskScore, ...]
    walls: tuple[TaskPicture, ...]
    x_name: str
    classes: tuple[str, ...]
    left_out: tuple[str, ...]
    seconds: float
    iterations: int

    def to_json(self) -> str:
        """One JSON object; numbers that are not finite become null."""
        return json.dumps(_plain(dataclasses.asdict(self)), allow_nan=False)

    @classmethod
    def from_json(cls, content: str) -> "Verdict":
        """The inverse of `to_json`."""
        values = json.loads(content)
        values["coverage"] = math.nan if values["coverage"] is None else values["coverage"]
        for name, kind in (("scores", Score), ("tasks", TaskScore), ("walls", TaskPicture)):
            values[name] = tuple(kind(**_tuples(one)) for one in values[name])
        return cls(**_tuples(values))


@dataclass(frozen=True, eq=False)
class Progress:
    """What the work tells, a few times a second. share: of the whole, in [0, 1]. doing: in words. validation: `[points]` error
    on validation tasks so far, over the target's spread, at `validation_iterations`. verdict, learner: with the last one."""

    iteration: int
    share: float
    doing: str
    seconds: float
    validation_iterations: tuple[int, ...] = ()
    validation: tuple[float, ...] = ()
    verdict: Verdict | None = None
    learner: Any = None
    done: bool = False

    @property
    def seconds_left(self) -> float | None:
        """At the present speed; None before there is one."""
        return self.seconds * (1 - self.share) / self.share if self.share > 0.02 else None


def _plain(value: Any) -> Any:
    """Numbers to seven figures: a verdict is read, and shipped."""
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return float(f"{value:.7g}") if math.isfinite(value) else None
    return value


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
