"""The verdict: how the meta-learner does on tasks never seen, beside what is simpler, and one sentence about it."""

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from maml_engine.tables.settings import Settings

if TYPE_CHECKING:  # what is saved is made of predictors, which are judged by what is defined here
    from maml_engine.tables.learner import TableLearner


@dataclass(frozen=True)
class Score:
    """One predictor, on all tasks, each by fits that have not seen it.

    name: "meta", or a name in `BASELINES`.
    title: for people.
    setting: what was chosen on validation tasks, in words.
    error: root mean squared error over all query rows, in the target's units (of its logarithm where that is used); for classes
      the share of wrong predictions.
    relative: `error` over the target's standard deviation; for classes over the error of always naming the commonest class.
    low: where the 95 % interval of `relative` over tasks begins.
    high: where it ends.
    difference: `relative` of the meta-learner minus this one's, paired over tasks; below 0 the meta-learner is better. This and
      the next two are None for the meta-learner itself.
    difference_low: where the 95 % interval of `difference` begins.
    difference_high: where it ends.
    curve: `relative` by support rows, as `Verdict.shots`; None where a row count could not be judged.
    """

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
    """How one task is predicted; errors are in the units of `Score.error`.

    task: its name.
    rows: how many it has.
    error: of the meta-learner after adapting.
    before: of the meta-learner before adapting.
    best: of the best baseline over all tasks.
    gain: `best - error`, above 0 where the meta-learner gains.
    saved: of what is saved; NaN in verdicts of before.
    """

    task: str
    rows: int
    error: float
    before: float
    best: float
    gain: float
    saved: float = math.nan


@dataclass(frozen=True)
class TaskPicture:
    """One task before and after adapting, for a picture; one entry a row, in the units of the table.

    task: its name.
    x: values of the first input that is a number.
    y: targets, or class codes, as all predictions.
    support: which rows were the support.
    before: predictions before adapting.
    after: predictions after.
    low: where the intervals of `after` begin.
    high: where they end.
    """

    task: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    support: tuple[bool, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class Effect:
    """What an input does to the target, in its units (of its logarithm where that is used).

    name: of the input.
    low: where it is moved from, as it is written: of a number the value that a tenth of the rows lies below, of text the
      commonest level.
    high: where it is moved to: the value that a tenth lies above, the second commonest level.
    effect: by how much the target moves with it, the mean over tasks; NaN for classes.
    spread: standard deviation over tasks of by how much it moves in each.
    between: whether it is the same in all rows of every task, so that it tells tasks apart and does nothing within one.
    """

    name: str
    low: str
    high: str
    effect: float
    spread: float
    between: bool = False


@dataclass(frozen=True)
class TaskCurve:
    """One task's curve over an input.

    task: its name.
    y: the target along `Curves.x`.
    rows_x: of the task's rows, where they lie on the axis.
    rows_y: their targets, with the other inputs brought to the task's average of them.
    """

    task: str
    y: tuple[float, ...]
    rows_x: tuple[float, ...]
    rows_y: tuple[float, ...]


@dataclass(frozen=True)
class Curves:
    """What the input that matters most does in each task.

    name: of the input.
    kind: "number", "date" (as days since 1970) or "text".
    categories: names of x = 0, 1, .. of a text; else ().
    x: along the axis.
    mean: of all curves, along `x`.
    tasks: some of the tasks, in order of appearance.
    num_tasks: how many there are.
    """

    name: str
    kind: str
    categories: tuple[str, ...]
    x: tuple[float, ...]
    mean: tuple[float, ...]
    tasks: tuple[TaskCurve, ...]
    num_tasks: int

    @classmethod
    def from_values(cls, values: dict[str, Any]) -> "Curves":
        """From plain values, as JSON has them."""
        tasks = tuple(TaskCurve(**_tuples(one)) for one in values["tasks"])
        return cls(**{**_tuples(values), "tasks": tasks})


@dataclass(frozen=True)
class Verdict:
    """What was found; JSON-serialisable both ways.

    outcome: "worth it", "no different" or "worse" (than the best of the rest).
    helps: whether adapting a learner beats both what needs no rows (the pooled fits) and what needs no learner (the support
      mean).
    sentence: the whole verdict in words.
    advice: what to use.
    target: the column that is predicted.
    k_shot: support rows of a task.
    num_tasks: tasks that were judged.
    num_rows: rows of these.
    folds: parts of the cross-validation, or random splits.
    spread: the target's standard deviation (of its logarithm where that is used); for classes the error of always naming the
      commonest.
    nominal: the share of rows that an interval is to hold.
    coverage: the share of query rows inside their intervals, on tasks never seen; NaN for classes.
    width: mean width of the intervals, in units of the target; NaN for classes.
    shots: support rows for which `Score.curve` has an entry.
    scores: one a predictor, the meta-learner first.
    tasks: one a task.
    task_pictures: some tasks, from the greatest gain to the greatest loss. In JSON its key is "walls".
    x_name: the input along the axis of the pictures.
    classes: their names; () for a number.
    left_out: tasks that are too small.
    seconds: that the whole work took.
    iterations: after which the networks stopped, the median over parts.
    saved: what is saved, by weights chosen on other tasks than it is judged on; None in verdicts of before, whose learner is
      the meta-learner.
    shares: of what is saved, titles of ways and their weights at `k_shot`, the greatest first.
    gain: how much less it errs (over the spread) than what would be saved without meta-learning, and where the 95 % interval of
      that begins and ends; () where it is not known.
    coverages: `coverage` for each of `shots`; () for classes.
    effects: one an input, of the process that predicts tasks best; () for classes.
    curves: of that process, over the input that matters most; None for classes, where no input varies within tasks, and in
      verdicts of before.
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
    task_pictures: tuple[TaskPicture, ...]
    x_name: str
    classes: tuple[str, ...]
    left_out: tuple[str, ...]
    seconds: float
    iterations: int
    saved: Score | None = None
    shares: tuple[tuple[str, float], ...] = ()
    gain: tuple[float, ...] = ()
    coverages: tuple[float, ...] = ()
    effects: tuple[Effect, ...] = ()
    curves: Curves | None = None

    def to_json(self) -> str:
        """One JSON object; numbers that are not finite become null."""
        values = {JSON_KEYS.get(name, name): value for name, value in dataclasses.asdict(self).items()}
        return json.dumps(_plain(values), allow_nan=False)

    @classmethod
    def from_json(cls, content: str) -> "Verdict":
        """The inverse of `to_json`."""
        values = json.loads(content)
        for name, key in JSON_KEYS.items():
            values[name] = values.pop(key)
        for name in ("coverage", "width"):
            values[name] = math.nan if values[name] is None else values[name]
        for name, kind in (("scores", Score), ("tasks", TaskScore), ("task_pictures", TaskPicture)):
            values[name] = tuple(kind(**_tuples(_known(one))) for one in values[name])
        values["effects"] = tuple(Effect(**one) for one in values.get("effects", ()))
        values["saved"] = Score(**_tuples(saved)) if (saved := values.get("saved")) else None
        values["curves"] = Curves.from_values(curves) if (curves := values.get("curves")) else None
        values["shares"] = tuple(map(tuple, values.get("shares", ())))
        return cls(**_tuples(values))


# Fields whose key in a saved verdict is another: files of before are read, and read by what was before.
JSON_KEYS = {"task_pictures": "walls"}


@dataclass(frozen=True, eq=False)
class Progress:
    """How far the work is, a few times a second.

    iteration: meta-iterations of the networks so far.
    share: of the whole work, in [0, 1].
    doing: in words.
    seconds: since the beginning.
    settings: how the work is done.
    validation_iterations: when the validation tasks were looked at.
    validation: the error on them at these moments, over the target's spread.
    so_far: scores without differences, first of what would be saved now, then of the ways that have been judged; () before
      there are any.
    verdict: with the last progress, else None.
    learner: with the last progress, else None.
    done: whether this is the last.
    table: what the caller of `judge` named the table by; the engine does not look at it.
    """

    iteration: int
    share: float
    doing: str
    seconds: float
    settings: Settings
    validation_iterations: tuple[int, ...] = ()
    validation: tuple[float, ...] = ()
    so_far: tuple[Score, ...] = ()
    verdict: Verdict | None = None
    learner: "TableLearner | None" = None
    done: bool = False
    table: Any = None

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


def _known(values: dict[str, Any]) -> dict[str, Any]:
    """Without an error that is not known, which the default says."""
    return {name: value for name, value in values.items() if not (name == "saved" and value is None)}


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}
