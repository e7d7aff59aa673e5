"""Why: what each input does to the target, and how much tasks differ in it."""

import numpy as np

from maml_engine.tables.gaussian_process import KernelPredictor
from maml_engine.tables.input_code import InputCode
from maml_engine.tables.plan import Plan
from maml_engine.tables.task_arrays import TaskArrays, few_tasks
from maml_engine.tables.verdict import Effect

MAX_KNOWN = 20  # rows of a task from which its own function is told
LOW, HIGH = 0.1, 0.9


def effects_of(plan: Plan, process: KernelPredictor) -> tuple[Effect, ...]:
    """For each input, by how much the target moves when it alone goes from low to high, in the rows of each task.

    Args:
      plan: whose tasks are looked at.
      process: fitted on all of them: each task's function is its draw, as the task's rows tell it.
    """
    encoding = plan.tasks.encoding
    if encoding.classes:
        return ()
    tasks, place, found = few_tasks(plan.tasks.arrays, MAX_KNOWN), 0, []
    for code in encoding.inputs:
        own = slice(place, place + code.size)
        found.append(_effect(tasks, process, code, own, unit=encoding.unit))
        place += code.size
    return tuple(found)


def _effect(tasks: TaskArrays, process: KernelPredictor, code: InputCode, own: slice, *, unit: float) -> Effect:
    rows = tasks.x[tasks.is_row][:, own]
    if code.kind == "text":
        ends = np.eye(len(code.levels), code.size)[: min(2, len(code.levels))]
        names = (*code.levels[:2], "")[:2]
    else:
        ends = np.zeros((2, code.size))
        ends[:, 0] = np.quantile(rows[:, 0], [LOW, HIGH])
        names = tuple(f"{value:.4g}" for value in code.decode(ends[:, 0]))
    spread = np.where(tasks.is_row[..., None], tasks.x[..., own], np.nan)
    between = bool(np.nanmax(np.nanmax(spread, axis=1) - np.nanmin(spread, axis=1)) < 1e-9)
    if len(ends) < 2:
        return Effect(code.name, names[0], names[1], 0.0, 0.0, between)
    moved = _moved(tasks, process, ends, own)
    return Effect(code.name, names[0], names[1], float(moved.mean() * unit), float(moved.std() * unit), between)


def _moved(tasks: TaskArrays, process: KernelPredictor, ends: np.ndarray, own: slice) -> np.ndarray:
    """`[tasks]`, by how much the target moves between two values of an input, `[2, n]`, the mean over a task's rows."""
    known, count = min(MAX_KNOWN, tasks.x.shape[1]), tasks.x.shape[1]
    ways = [tasks.x]
    for end in ends:
        ways.append(tasks.x.copy())
        ways[-1][..., own] = end
    order = tasks.orders[:1]
    rest = np.broadcast_to(np.arange(count, 3 * count), (*order.shape[:2], 2 * count))
    whole = TaskArrays(
        np.concatenate(ways, axis=1),
        np.concatenate([tasks.y, np.zeros_like(tasks.y), np.zeros_like(tasks.y)], axis=1),
        np.concatenate([tasks.is_row] * 3, axis=1),
        np.concatenate([order, rest], axis=-1),
    )
    mean = process.predict(whole, known)[0, ..., 0]
    change = mean[:, 2 * count :] - mean[:, count : 2 * count]
    return np.sum(change * tasks.is_row, axis=1) / tasks.is_row.sum(axis=1)
