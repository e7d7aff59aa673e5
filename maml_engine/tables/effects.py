"""Why: what each input does to the target, how much tasks differ in it, and the curve of each task."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from maml_engine.io.readings.dates import CLOCK
from maml_engine.tables.encoding import Encoding
from maml_engine.tables.gaussian_process import KernelPredictor
from maml_engine.tables.input_code import InputCode
from maml_engine.tables.plan import Plan
from maml_engine.tables.task_arrays import TaskArrays, few_tasks
from maml_engine.tables.verdict import Curves, Effect, TaskCurve

MAX_KNOWN = 20  # rows of a task from which its own function is told
LOW, HIGH = 0.1, 0.9
MAX_CURVES, GRID, MAX_CATEGORIES = 40, 25, 12


class Column(NamedTuple):
    """An input among the numbers that rows become.

    code: how it becomes them.
    own: which they are.
    """

    code: InputCode
    own: slice


def effects_of(plan: Plan, process: KernelPredictor) -> tuple[Effect, ...]:
    """For each input, by how much the target moves when it alone goes from low to high, in the rows of each task.

    Args:
      plan: whose tasks are looked at.
      process: fitted on all of them: each task's function is its draw, as the task's rows tell it.
    """
    encoding = plan.tasks.encoding
    if encoding.classes:
        return ()
    tasks = few_tasks(plan.tasks.arrays, MAX_KNOWN)
    return tuple(_effect(tasks, process, column, encoding) for column in _columns(encoding))


def curves_of(plan: Plan, process: KernelPredictor, effects: Sequence[Effect]) -> Curves | None:
    """Each task's curve over the input that matters most, its other inputs as they are on average in the task.

    Args:
      plan: whose tasks are looked at.
      process: as for `effects_of`.
      effects: what that has found.

    Returns:
      None for classes, and where no input of a few levels or of numbers varies within tasks.
    """
    encoding = plan.tasks.encoding
    pairs = zip(effects, _columns(encoding), strict=False)
    found = [(_weight(effect), column) for effect, column in pairs if not effect.between and _can_be_drawn(column.code)]
    if not found:
        return None
    code, own = max(found, key=lambda one: one[0])[1]
    picked = np.unique(np.linspace(0, len(plan.tasks) - 1, min(MAX_CURVES, len(plan.tasks))).round().astype(int))
    tasks = few_tasks(plan.tasks.arrays.take(picked), MAX_KNOWN)
    grid = _grid(tasks, code, own)
    average = np.sum(tasks.x * tasks.is_row[..., None], axis=1, keepdims=True) / tasks.is_row.sum(axis=1)[:, None, None]
    along = np.repeat(average, len(grid), axis=1)
    along[..., own] = grid
    moved = np.repeat(average, tasks.x.shape[1], axis=1)
    moved[..., own] = tasks.x[..., own]
    at_rows, curve, at_moved = _predicted(tasks, process, along, moved)
    # Rows as they would be with the other inputs at their average: of one input, as they are.
    rows = tasks.y[..., 0] + at_moved - at_rows
    values = encoding.decode_target

    def one(place: int) -> TaskCurve:
        there = np.flatnonzero(tasks.is_row[place])[:MAX_KNOWN]
        return TaskCurve(
            plan.tasks.names[picked[place]],
            _plain(values(curve[place])),
            _plain(_axis(code, tasks.x[place, there, own])),
            _plain(values(rows[place, there])),
        )

    categories = code.levels if code.kind == "text" else ()
    each = tuple(one(place) for place in range(len(picked)))
    kind = "number" if code.form == CLOCK else code.kind  # of a time of day, the share of the day
    return Curves(
        code.name, kind, categories, _plain(_axis(code, grid)), _plain(values(curve.mean(axis=0))), each, len(plan.tasks)
    )


def _weight(effect: Effect) -> float:
    return float(np.hypot(effect.effect, effect.spread))


def _can_be_drawn(code: InputCode) -> bool:
    return code.kind != "text" or (not code.effects and 2 <= len(code.levels) <= MAX_CATEGORIES)


def _grid(tasks: TaskArrays, code: InputCode, own: slice) -> np.ndarray:
    """`[points, size]`: over all that the rows have; of text, its levels."""
    if code.kind == "text":
        return np.eye(len(code.levels), code.size)
    column = tasks.x[tasks.is_row][:, own.start]
    grid = np.zeros((GRID, code.size))
    grid[:, 0] = np.linspace(column.min(), column.max(), GRID)
    return grid


def _axis(code: InputCode, numbers: np.ndarray) -> np.ndarray:
    """`[n]`, where `[n, size]` lie on the axis: in the column's units, or places among its levels."""
    if code.kind == "text":
        return numbers[:, : len(code.levels)].argmax(axis=-1).astype(float)
    return code.decode(numbers[:, 0])


def _plain(values: np.ndarray) -> tuple[float, ...]:
    return tuple(float(f"{value:.5g}") for value in values)


def _columns(encoding: Encoding) -> list[Column]:
    ends = np.cumsum([code.size for code in encoding.inputs])
    return [Column(code, slice(int(end) - code.size, int(end))) for code, end in zip(encoding.inputs, ends, strict=True)]


def _effect(tasks: TaskArrays, process: KernelPredictor, column: Column, encoding: Encoding) -> Effect:
    code, own = column
    ends, names = _ends(code, tasks.x[tasks.is_row][:, own])
    spread = np.where(tasks.is_row[..., None], tasks.x[..., own], np.nan)
    between = bool(np.nanmax(np.nanmax(spread, axis=1) - np.nanmin(spread, axis=1)) < 1e-9)
    if len(ends) < 2:
        return Effect(code.name, *names, 0.0, 0.0, between)
    ways = [tasks.x.copy() for _ in ends]
    for way, end in zip(ways, ends, strict=True):
        way[..., own] = end
    _, low, high = _predicted(tasks, process, *ways)
    # A logarithm that somebody asked for is the unit; one that was taken here is undone.
    change = encoding.unit * (high - low) if encoding.target_log else encoding.decode_target(high) - encoding.decode_target(low)
    moved = np.sum(change * tasks.is_row, axis=1) / tasks.is_row.sum(axis=1)
    return Effect(code.name, *names, float(moved.mean()), float(moved.std()), between)


def _ends(code: InputCode, rows: np.ndarray) -> tuple[np.ndarray, tuple[str, str]]:
    """A low and a high value of an input, `[2, size]`, and how they are written, from its rows, `[n, size]`."""
    ends = np.zeros((2, code.size))
    if code.kind == "text" and not code.effects:
        ends = np.eye(len(code.levels), code.size)[: min(2, len(code.levels))]
        return ends, (code.levels[0], code.levels[1] if len(ends) > 1 else "")
    ends[:, 0] = np.quantile(rows[:, 0], [LOW, HIGH])
    if code.effects:
        effects = np.array(code.effects)[:, 0]
        places = [int(np.argmin(np.abs(effects - end))) for end in ends[:, 0]]
        ends[:, : len(code.effects[0])] = np.array(code.effects)[places]
        return ends, (code.levels[places[0]], code.levels[places[1]])
    values = code.decode(ends[:, 0])
    return ends, (code.spell(values[0]), code.spell(values[1]))


def _predicted(tasks: TaskArrays, process: KernelPredictor, *ways: np.ndarray) -> list[np.ndarray]:
    """What each task's function is at its rows, and at those of each of the ways.

    Args:
      tasks: whose rows tell it.
      process: whose draws the functions are.
      ways: `[tasks, points, in_dim]`.

    Returns:
      `[tasks, points]` each, those at the tasks' own rows first.
    """
    count, more = tasks.x.shape[1], sum(way.shape[1] for way in ways)
    order = tasks.orders[:1]
    rest = np.broadcast_to(np.arange(count, count + more), (*order.shape[:2], more))
    outputs = tasks.y.shape[-1]
    whole = TaskArrays(
        np.concatenate([tasks.x, *ways], axis=1),
        np.concatenate([tasks.y, np.zeros((len(tasks.x), more, outputs))], axis=1),
        np.concatenate([tasks.is_row, np.ones((len(tasks.x), more), bool)], axis=1),
        np.concatenate([order, rest], axis=-1),
    )
    mean = process.predict(whole, min(MAX_KNOWN, count))[0, ..., 0]
    return np.split(mean, np.cumsum([count, *(way.shape[1] for way in ways[:-1])]), axis=1)
