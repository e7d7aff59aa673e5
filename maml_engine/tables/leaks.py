"""Columns that give the target away: whoever predicts with them in earnest will not have them."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from maml_engine.io.sheet import Sheet
from maml_engine.tables.guessing.words import DESIGN, TIME, says
from maml_engine.tasks.roles import Roles

LEAK = 0.9995  # share of the target's variance that one column, or a sum of columns, may explain without a word
NEARLY_ALL = 0.95  # of the rows in which a column holds the target of the row before or after
PART = 0.9  # correlation within tasks of a part with its whole
ONE_TO_ONE = 0.35  # by how much the slope of a whole on its part may differ from one


class Leak(NamedTuple):
    """What gives the target away.

    names: one column, or several together.
    how: in words, after "it" or "they".
    """

    names: tuple[str, ...]
    how: str


def leaks_of(sheet: Sheet, roles: Roles, ids: np.ndarray) -> list[Leak]:
    """Every input that gives the target away, alone or together with others.

    Args:
      sheet: usable rows.
      roles: which column is what.
      ids: `[rows]`, each row's task: what is within a task is looked at after each task's own level is taken off.
    """
    if len(sheet) < 10 or len(set(sheet.text(roles.target))) < 2:
        return []
    if roles.classes:
        return [Leak((name,), how) for name in roles.inputs if (how := _class_leak(sheet, name, roles.target))]
    numbers = [name for name in roles.inputs if sheet.kind(name) in ("number", "date")]
    codes = np.unique(ids, return_inverse=True)[1]
    y = sheet.numbers(roles.target)
    found = [Leak((name,), how) for name in numbers if (how := _written_leak(name, sheet.values(name), y, codes))]
    alone = {name for leak in found for name in leak.names}
    left = {name: sheet.numbers(name) for name in numbers if name not in alone and sheet.kind(name) == "number"}
    there = np.isfinite([y, *left.values()]).all(axis=0)
    left = {name: values[there] for name, values in left.items() if there.any() and np.ptp(values[there]) > 0}
    return found + _joint_leaks(left, y[there], np.unique(codes[there], return_inverse=True)[1])


def _written_leak(name: str, x: np.ndarray, y: np.ndarray, codes: np.ndarray) -> str:
    """`_number_leak` on the rows in which both are written."""
    there = np.isfinite(x) & np.isfinite(y)
    return _number_leak(name, x[there], y[there], np.unique(codes[there], return_inverse=True)[1]) if there.sum() >= 10 else ""


def _number_leak(name: str, x: np.ndarray, y: np.ndarray, codes: np.ndarray) -> str:
    """How a column gives the target away by itself, `[rows]` each; "" where it does not."""
    if np.ptp(x) == 0 or np.ptp(y) == 0 or len(np.unique(x)) < 5:
        return ""
    if _explained(x[:, None], y)[0] > LEAK:
        return "it is the same up to a factor and a constant"
    within_x, within_y = (_demeaned(values, codes) for values in (x, y))
    if within_y.std() > 1e-9 * y.std() and within_x.std() > 0 and _explained(within_x[:, None], within_y)[0] > LEAK:
        return "within a task it is the same up to a factor and a constant"
    if says(name, TIME | DESIGN):
        return ""  # that all tasks follow one curve over the time is no leak
    if _by_neighbours(x, y) > LEAK or _same_order(x, y):
        return "equal or near values of it have equal targets, whatever the task"
    return _shift(x, y, codes) or _rank(x, y, codes) or _part(x, y, codes)


def _shift(x: np.ndarray, y: np.ndarray, codes: np.ndarray) -> str:
    """Whether a column holds the target of another row of the task, or the step to it."""
    order = np.argsort(codes, kind="stable")
    x, y, codes = x[order], y[order], codes[order]
    together = (codes[1:] == codes[:-1]) & (y[1:] != y[:-1])
    if together.sum() < 10:
        return ""
    tolerance = 1e-4 * np.ptp(y)  # as far as files round
    step = np.diff(y)
    for what, here, there in (
        ("it holds the target of the row before", x[1:], y[:-1]),
        ("it holds the target of the row after", x[:-1], y[1:]),
        ("it holds the step from the target of the row before", x[1:], step),
        ("it holds the step to the target of the row after", x[:-1], step),
        ("it adds up the targets of the rows before", np.diff(x), y[1:]),
    ):
        if np.mean(np.abs(here - there)[together] <= tolerance) >= NEARLY_ALL:
            return what
    return ""


def _rank(x: np.ndarray, y: np.ndarray, codes: np.ndarray) -> str:
    """Whether a column ranks the targets of each task."""
    if not np.all(x == np.round(x)):
        return ""
    order = np.lexsort((x, codes))
    together = np.diff(codes[order]) == 0
    counts = np.bincount(codes)
    up = np.diff(x[order])[together]
    low, high = np.full(len(counts), np.inf), np.full(len(counts), -np.inf)
    np.minimum.at(low, codes, x)
    np.maximum.at(high, codes, x)
    is_rank = np.all(up == 1) and np.all((high - low + 1 == counts)[counts > 1])
    in_file = np.argsort(codes, kind="stable")
    if not is_rank or np.all(np.diff(x[in_file])[np.diff(codes[in_file]) == 0] > 0):
        return ""  # what counts the rows up is an order of its own
    steps = np.diff(y[order])[together]
    return "it ranks the targets of each task" if together.sum() >= 10 and (np.all(steps >= 0) or np.all(steps <= 0)) else ""


def _part(x: np.ndarray, y: np.ndarray, codes: np.ndarray) -> str:
    """Whether a column is a part of the target that is known no sooner than it."""
    whole = np.all(x == np.round(x)) and np.all(y == np.round(y))
    within = x.min() >= 0 and np.all(x <= y) and np.any((x == y) & (y > 0))
    if not whole or not within:
        return ""
    within_x, within_y = (_demeaned(values, codes) for values in (x, y))
    if within_x.std() == 0 or within_y.std() == 0:
        return ""
    # One more of the part is one more of the whole: what drives a target moves it by amounts of its own.
    slope = float(within_x @ within_y / (within_x @ within_x))
    if np.corrcoef(within_x, within_y)[0, 1] <= PART or abs(slope - 1) >= ONE_TO_ONE:
        return ""
    # Where each task has a slope of its own and nothing is left, it is a law that tasks differ in, and no part.
    sizes = np.bincount(codes, within_x**2)
    slopes = np.bincount(codes, within_x * within_y) / np.where(sizes > 0, sizes, 1.0)
    left = np.sum((within_y - slopes[codes] * within_x) ** 2)
    is_law = left < (1 - LEAK) * np.sum(within_y**2)
    return "" if is_law else "it is never above the target and goes with it, as a part of it does"


def _joint_leaks(numbers: Mapping[str, np.ndarray], y: np.ndarray, codes: np.ndarray) -> list[Leak]:
    """Columns, `[rows]` each by name, that are the target's parts or factors; what passes by itself is none."""
    free = [name for name in numbers if not says(name, TIME)]
    if len(free) < 2 or len(y) <= 3 * len(free) or np.ptp(y) == 0:
        return []
    columns = np.stack([numbers[name] for name in free], axis=1)
    within = np.stack([_demeaned(column, codes) for column in columns.T], axis=1)
    varies = within.std(axis=0) > 1e-9 * columns.std(axis=0)
    ways = [("a sum of them", columns, y, np.ones(len(free), bool))]
    if varies.sum() > 1 and np.ptp(_demeaned(y, codes)) > 0:
        ways.append(("a sum of them but for a constant of each task", within, _demeaned(y, codes), varies))
    positive = np.all(columns != 0, axis=0)
    if positive.sum() > 1 and np.all(y != 0):
        logs = np.log(np.abs(np.where(positive, columns, 1.0)))
        ways.append(("a product of them", logs, np.log(np.abs(y)), positive & (logs.std(axis=0) > 0)))
    for what, x, target, used in ways:
        if used.sum() < 2 or target.std() == 0:
            continue
        share, weights = _explained(x[:, used], target)
        if share > LEAK:
            parts = [name for name, weight in zip(np.array(free)[used].tolist(), weights, strict=True) if abs(weight) > 0.01]
            return [Leak(tuple(parts), f"it is {what} (R² {share:.5f})")]
    return []


def _class_leak(sheet: Sheet, name: str, target: str) -> str:
    codes = np.unique(sheet.text(target), return_inverse=True)[1]
    values, places = np.unique(sheet.text(name), return_inverse=True)
    if not 2 <= len(values) <= len(places) / 2:
        return ""
    first = np.zeros(len(values), int)
    first[places] = codes
    return "each of its values goes with one class" if np.array_equal(first[places], codes) else ""


def _explained(columns: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Share of the variance of `y` that a sum of `columns` explains, and each column's standardised weight."""
    spread = columns.std(axis=0)
    scaled = (columns - columns.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    centred = (y - y.mean()) / y.std()
    # By the normal equations: exact enough for the share, and of one core's work.
    weights = np.linalg.pinv(scaled.T @ scaled / len(y), rcond=1e-10, hermitian=True) @ (scaled.T @ centred) / len(y)
    return 1.0 - float(np.mean((centred - scaled @ weights) ** 2)), weights


def _by_neighbours(x: np.ndarray, y: np.ndarray) -> float:
    """Share of the variance of `y` that the rows beside a row in the order of `x` explain."""
    order = np.lexsort((np.random.default_rng(0).random(len(x)), x))
    sorted_y = y[order]
    guess = (sorted_y[:-2] + sorted_y[2:]) / 2
    return 1.0 - float(np.mean((sorted_y[1:-1] - guess) ** 2) / np.var(y))


def _same_order(x: np.ndarray, y: np.ndarray) -> bool:
    """Whether the rows have one order by both, upwards or downwards."""
    steps = np.diff(y[np.lexsort((y, x))])
    other = np.diff(y[np.lexsort((-y, x))])
    return len(np.unique(x)) >= 20 and bool(np.all(steps >= 0) or np.all(other <= 0)) and len(np.unique(y)) >= 20


def _demeaned(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    counts = np.bincount(codes)
    return values - (np.bincount(codes, values) / counts)[codes]
