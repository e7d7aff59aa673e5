"""Tables that the page offers before a visitor has one: each is drawn here, and its words say from what."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from maml_engine.tables import Roles

SEED = 2017


@dataclass(frozen=True)
class ExampleTable:
    """A table on offer.

    file: as somebody would have called it.
    words: what a task is, and how the rows were drawn.
    roles: which column is what.
    draw: makes the columns, by name, in the order of the file.
    """

    file: str
    words: str
    roles: Roles
    draw: Callable[..., dict[str, np.ndarray]]


def machines(rng: np.random.Generator, count: int = 100, rows: int = 12) -> dict[str, np.ndarray]:
    """Vibration of machines against their speed: an unbalanced rotor on springs, each with a resonance of its own.

    An unbalance drives a damped oscillator to the amplitude `a r^2 / sqrt((1 - r^2)^2 + (2 z r)^2)`, with `r` the speed over
    the resonance's: where the peak lies does not enter linearly, so no linear model shares it between machines.

    Returns:
      Columns by name, `[count * rows]` each.
    """
    resonance = rng.uniform(1200, 2400, (count, 1))  # revolutions a minute
    damping, unbalance = 0.15, rng.uniform(12, 30, (count, 1))  # share of critical; micrometres
    speed = _distinct(rng, np.arange(600.0, 3001.0, 10.0), count, rows)
    ratio = speed / resonance
    amplitude = unbalance * ratio**2 / np.hypot(1 - ratio**2, 2 * damping * ratio)
    amplitude += rng.normal(0, 1.0, speed.shape)
    names = np.repeat([f"M{number:02d}" for number in range(1, count + 1)], rows)
    return {"machine": names, "speed_rpm": speed.ravel(), "vibration_um": np.round(amplitude, 1).ravel()}


def batteries(rng: np.random.Generator, count: int = 30, rows: int = 11) -> dict[str, np.ndarray]:
    """Capacity of battery cells against charging cycles: a level and a slope of their own, nothing bent about them.

    Returns:
      Columns by name, `[count * rows]` each.
    """
    level, fade = rng.normal(2.05, 0.06, (count, 1)), rng.normal(0.045, 0.014, (count, 1))  # ampere hours; a hundred cycles
    cycles = _distinct(rng, np.arange(0.0, 901.0, 5.0), count, rows)
    capacity = level - fade * cycles / 100 + rng.normal(0, 0.012, cycles.shape)
    names = np.repeat([f"cell {number:02d}" for number in range(1, count + 1)], rows)
    return {"cell": names, "cycles": cycles.ravel(), "capacity_ah": np.round(capacity, 4).ravel()}


def patients(rng: np.random.Generator, count: int = 30, rows: int = 12) -> dict[str, np.ndarray]:
    """A score that each patient keeps, whatever the measure beside it says: here adapting a network cannot help.

    Returns:
      Columns by name, `[count * rows]` each.
    """
    level = rng.normal(28, 9, (count, 1))
    measure = _distinct(rng, np.arange(0.2, 3.0, 0.01), count, rows)
    score = level + rng.normal(0, 2.0, measure.shape)
    names = np.repeat([f"P{number:02d}" for number in range(1, count + 1)], rows)
    return {"patient": names, "jitter_pct": np.round(measure, 3).ravel(), "score": np.round(score, 1).ravel()}


def _distinct(rng: np.random.Generator, values: np.ndarray, count: int, rows: int) -> np.ndarray:
    """`[count, rows]`: for each task some of `values` in order, none twice."""
    return np.sort(rng.permuted(np.tile(values, (count, 1)), axis=1)[:, :rows], axis=1)


EXAMPLES = {
    "Machines": ExampleTable(
        "machines.csv",
        "Vibration against speed: a hundred machines, twelve measurements each. Drawn here: rotors on springs, each with a "
        "resonance and an unbalance of its own, and noise of 1 µm.",
        Roles("machine", ("speed_rpm",), "vibration_um"),
        machines,
    ),
    "Battery cells": ExampleTable(
        "battery_cells.csv",
        "Capacity against charging cycles: thirty cells, eleven measurements each. Drawn here: straight lines, each with a "
        "level and a slope of its own, and noise of 0.012 Ah. A linear model has all that it takes.",
        Roles("cell", ("cycles",), "capacity_ah"),
        batteries,
    ),
    "Patients": ExampleTable(
        "patients.csv",
        "A score against a measure: thirty patients, twelve visits each. Drawn here: a score that stays with the patient, and "
        "a measure that has nothing to do with it.",
        Roles("patient", ("jitter_pct",), "score"),
        patients,
    ),
}


@lru_cache(maxsize=8)
def example_csv(name: str) -> bytes:
    """An example as the file that somebody would upload; the same bytes each time."""
    columns = EXAMPLES[name].draw(np.random.default_rng(SEED))
    file = io.StringIO()
    file.write(",".join(columns) + "\n")
    for row in zip(*columns.values(), strict=True):
        file.write(",".join(value if isinstance(value, str) else f"{value:.12g}" for value in row) + "\n")
    return file.getvalue().encode()
