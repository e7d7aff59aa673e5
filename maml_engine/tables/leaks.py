"""Columns that give the target away: whoever predicts with them in earnest will not have them."""

import numpy as np

from maml_engine.io.sheet import Sheet
from maml_engine.tasks.roles import Roles

LEAK = 0.9995  # share of the target's variance that one column, or a sum of columns, may explain without a word


def leak_of(sheet: Sheet, name: str, roles: Roles, ids: np.ndarray) -> str:
    """How an input gives the target away, in words; "" where it does not.

    Args:
      sheet: usable rows.
      name: the input.
      roles: which column is what.
      ids: `[rows]`, each row's task: what is within a task is looked at after each task's own level is taken off.
    """
    return _class_leak(sheet, name, roles.target) if roles.classes else _number_leak(sheet, name, roles.target, ids)


def leak_of_sum(sheet: Sheet, names: list[str], target: str) -> tuple[float, list[str]]:
    """The share of a target's variance that a sum of columns explains, and those of them that count."""
    share, weights = _explained(np.stack([sheet.numbers(name) for name in names], axis=1), sheet.numbers(target))
    return share, [name for name, weight in zip(names, weights, strict=True) if abs(weight) > 0.01]


def _number_leak(sheet: Sheet, name: str, target: str, ids: np.ndarray) -> str:
    if sheet.kind(name) not in ("number", "date"):
        return ""
    x, y = sheet.values(name), sheet.numbers(target)
    if np.ptp(x) == 0 or np.ptp(y) == 0 or len(np.unique(x)) < 5:
        return ""
    if _explained(x[:, None], y)[0] > LEAK:
        return "it is the same up to a factor and a constant"
    codes = np.unique(ids, return_inverse=True)[1]
    within_x, within_y = (_demeaned(values, codes) for values in (x, y))
    if within_y.std() > 1e-9 * y.std() and within_x.std() > 0 and _explained(within_x[:, None], within_y)[0] > LEAK:
        return "within a task it is the same up to a factor and a constant"
    if _by_neighbours(x, y) > LEAK:
        return "equal or near values of it have equal targets, whatever the task"
    return ""


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
    weights, *_ = np.linalg.lstsq(scaled, centred, rcond=None)
    return 1.0 - float(np.mean((centred - scaled @ weights) ** 2)), weights


def _by_neighbours(x: np.ndarray, y: np.ndarray) -> float:
    """Share of the variance of `y` that the rows beside a row in the order of `x` explain."""
    order = np.lexsort((np.random.default_rng(0).random(len(x)), x))
    sorted_y = y[order]
    guess = (sorted_y[:-2] + sorted_y[2:]) / 2
    return 1.0 - float(np.mean((sorted_y[1:-1] - guess) ** 2) / np.var(y))


def _demeaned(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    counts = np.bincount(codes)
    return values - (np.bincount(codes, values) / counts)[codes]
