"""A linear mixed model (Laird & Ware, 1982): each task's function is a polynomial whose coefficients are drawn about a mean.

Ridge regression towards the pooled fit is its poorer relative, with one variance for all coefficients. Here they have a
covariance of their own, learned from the tasks, so that a few rows of a new task say something about where it has none.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import comb
from typing import Any, NamedTuple

import numpy as np

from maml_engine.tables.functions import Function, Linear, Powers, Total, Turned
from maml_engine.tables.gaussian_process import KernelPredictor
from maml_engine.tables.task_arrays import Predictor, TaskArrays, few_tasks, squared_error

MAX_DEGREE, MAX_FEATURES = 8, 16
MAX_STEPPED, MAX_LOOKED = 8, 30  # inputs of which each may have a degree of its own, and how many choices are looked at
CHOICE_PARTS = 4
CHOICE_STEPS, STEPS = 30, 100  # of expectation maximisation
# The covariance is shrunk as by so many more tasks, with independent coefficients of one variance.
PRIOR_TASKS = 0.3
MIN_NOISE = 1e-6
MIN_SPREAD = 1e-5  # spread of a feature, relative to the largest one's: below, the rows do not tell it from the others


Degrees = tuple[int, ...]  # of each input; its powers and the products with others lie below the plane through these


def mixed_model(tasks: TaskArrays, pooled: Function, k_shot: int, seed: int) -> "MixedModel":
    """The model, of what the pooled fit leaves, whose degrees predict tasks left out from `k_shot` rows best.

    Args:
      tasks: fitted on.
      pooled: the pooled fit.
      k_shot: support rows.
      seed: of the parts in which tasks are left out.
    """
    left_out = LeftOut.of(tasks, pooled, k_shot, seed)
    errors = explored([left_out], {"model": lambda model, _: model.predictor()})
    (_, degrees, _), missed = min(errors.items(), key=lambda item: item[1])
    return replace(left_out.fitted(degrees), pooled=pooled, missed=missed)


class LeftOut(NamedTuple):
    """Tasks, some of which are left out in turn to choose by.

    tasks: whose targets are what the pooled fit leaves.
    few: enough of them to choose by.
    parts: of `few` that are left out, `[n]` places each, which together are all.
    k_shot: support rows.
    """

    tasks: TaskArrays
    few: TaskArrays
    parts: tuple[np.ndarray, ...]
    k_shot: int

    @classmethod
    def of(cls, tasks: TaskArrays, pooled: Function, k_shot: int, seed: int) -> "LeftOut":
        """From tasks and what they are beside.

        Args:
          tasks: fitted on.
          pooled: the pooled fit.
          k_shot: support rows.
          seed: of the parts in which tasks are left out.
        """
        left = tasks._replace(y=(tasks.y - pooled(tasks.x)) * tasks.is_row[..., None])
        few = few_tasks(left, k_shot)
        count = len(few.x)
        parts = np.array_split(np.random.default_rng(seed).permutation(count), min(CHOICE_PARTS, count))
        return cls(left, few, tuple(parts), k_shot)

    def errors(self, degrees: Degrees, forms: "Mapping[Any, Form]") -> list[float]:
        """Mean squared error on tasks left out of each form that a model of these degrees is given."""
        everyone, total = np.arange(len(self.few.x)), np.zeros(len(forms))
        for held in self.parts:
            rest, own = self.few.take(np.setdiff1d(everyone, held)), self.few.take(held)
            model = _fit(rest, degrees, CHOICE_STEPS)
            rows = own.query(self.k_shot).sum()
            total += [squared_error(form(model, rest), own, self.k_shot) * rows for form in forms.values()]
        return (total / max(1, self.few.query(self.k_shot).sum())).tolist()

    def fitted(self, degrees: Degrees) -> "MixedModel":
        """The model of these degrees, of all tasks."""
        return _fit(self.tasks, degrees, STEPS)


def explored(left_outs: "Sequence[LeftOut]", forms: "Mapping[Any, Form]") -> dict[tuple[int, Degrees, Any], float]:
    """Mean squared errors on tasks left out: of one degree for all inputs, then step by step from the best of these on.

    Args:
      left_outs: the same tasks beside one fit or another.
      forms: by name, from a model and the tasks that it was fitted on to a predictor.

    Returns:
      By the place in `left_outs`, degrees and form.
    """
    in_dim, errors = left_outs[0].few.x.shape[-1], {}

    def look(place: int, degrees: Degrees) -> None:
        found = left_outs[place].errors(degrees, forms)
        errors.update({(place, degrees, form): error for form, error in zip(forms, found, strict=True)})

    even = [(degree,) * in_dim for degree in range(1, MAX_DEGREE + 1) if comb(in_dim + degree, degree) <= MAX_FEATURES]
    for place in range(len(left_outs)):
        for degrees in even or [(0,) * in_dim]:  # with many inputs, tasks differ by a level alone
            look(place, degrees)
    while even and 2 <= in_dim <= MAX_STEPPED:
        place, best, _ = min(errors, key=errors.__getitem__)
        seen = {(other, degrees) for other, degrees, _ in errors}
        near = [other for other in _neighbours(best) if (place, other) not in seen and len(_exponents(other)) <= MAX_FEATURES]
        if not near or len(seen) >= MAX_LOOKED:
            break
        for degrees in near:
            look(place, degrees)
        if min(errors, key=errors.__getitem__)[:2] == (place, best):
            break
    return errors


def _neighbours(degrees: Degrees) -> list[Degrees]:
    """One input a degree higher or lower."""
    steps = [(place, step) for place in range(len(degrees)) for step in (1, -1)]
    found = [tuple(own + step * (at == place) for at, own in enumerate(degrees)) for place, step in steps]
    return [other for other in found if min(other) >= 0 and 0 < max(other) <= MAX_DEGREE]


def _exponents(degrees: Degrees) -> np.ndarray:
    """`[features, in_dim]`, the constant's first, then lower degrees first."""
    found = [()]
    for place, degree in enumerate(degrees):
        before = degrees[:place]
        room = [1 - sum(own / most for own, most in zip(some, before, strict=True) if most) for some in found]
        found = [(*some, own) for some, left in zip(found, room, strict=True) for own in range(int(left * degree + 1e-9) + 1)]
    return np.array(sorted(found, key=lambda some: (sum(some), [-own for own in some])), np.int32)


class Coefficients(NamedTuple):
    """What the tasks have in common.

    mean: `[features, outputs]`.
    covariance: `[features, features]`, over tasks.
    noise: variance of a row.
    """

    mean: np.ndarray
    covariance: np.ndarray
    noise: float


def fit_coefficients(features: np.ndarray, y: np.ndarray, is_row: np.ndarray, steps: int) -> Coefficients:
    """Makes all rows of all tasks likely, by expectation maximisation (Laird & Ware, 1982, sec. 4).

    Args:
      features: `[tasks, rows, features]`.
      y: `[tasks, rows, outputs]`; an output is as another task with a mean of its own.
      is_row: `[tasks, rows]`, False on padding.
      steps: of expectation maximisation.
    """
    features, y = features * is_row[..., None], y * is_row[..., None]
    grams, sides = features.swapaxes(1, 2) @ features, features.swapaxes(1, 2) @ y
    (tasks, size, outputs), rows, squares = sides.shape, is_row.sum() * y.shape[-1], float(np.sum(y**2))
    pooled = np.linalg.pinv(grams.sum(axis=0))
    mean = pooled @ sides.sum(axis=0)
    noise = max(MIN_NOISE, (squares - float(np.sum(mean * sides.sum(axis=0)))) / rows / 2)
    covariance = noise * np.eye(size)
    for _ in range(steps):
        # A task's coefficients given its rows: their covariance, and what they are beside the mean.
        spread = np.linalg.inv(grams / noise + np.linalg.inv(covariance))
        own = spread @ (sides - grams @ mean) / noise
        moments = np.einsum("tio,tjo->ij", own, own) + outputs * spread.sum(axis=0)
        alike = np.trace(moments) / (tasks * outputs * size) * np.eye(size)
        covariance = (moments + PRIOR_TASKS * alike) / (tasks * outputs + PRIOR_TASKS)
        mean = pooled @ (sides - grams @ own).sum(axis=0)
        whole = mean + own
        missed = squares + float(np.sum(whole * (grams @ whole - 2 * sides)) + outputs * np.sum(grams * spread))
        noise = max(MIN_NOISE, missed / rows)
    return Coefficients(mean, covariance, noise)


def uncorrelated(rows: np.ndarray, degrees: Degrees) -> Turned:
    """Powers and products of the inputs that over `rows`, `[n, in_dim]`, are uncorrelated, with mean square 1."""
    powers = Powers(_exponents(degrees))
    _, sizes, axes = np.linalg.svd(powers(rows), full_matrices=False)
    kept = sizes > MIN_SPREAD * sizes[0]
    return Turned(powers, axes[kept].T / sizes[kept] * np.sqrt(len(rows)))


@dataclass(frozen=True, eq=False)
class MixedModel:
    """A fitted model.

    degrees: of the powers of each input, and of their products.
    features: these, `[..., in_dim] -> [..., features]`.
    coefficients: what was learned of them.
    pooled: what it is beside; None is 0.
    missed: its mean squared error on tasks left out, if any were.
    """

    degrees: Degrees
    features: Turned
    coefficients: Coefficients
    pooled: Function | None = None
    missed: float = float("nan")

    @property
    def shape(self) -> str:
        """The degrees, in words."""
        return f"degree {self.degrees[0]}" if len(set(self.degrees)) == 1 else f"degrees {', '.join(map(str, self.degrees))}"

    def predictor(self) -> KernelPredictor:
        """As a Gaussian process: what it predicts, and what it draws."""
        mean, covariance, noise = self.coefficients
        own = Turned(self.features, mean)
        about = own if self.pooled is None else Total((own, self.pooled))
        kernel = Linear(self.features, covariance)
        return KernelPredictor(kernel, noise, 0.0, about, f"{self.shape}, noise {np.sqrt(noise):.2g}")


def _fit(tasks: TaskArrays, degrees: Degrees, steps: int) -> MixedModel:
    features = uncorrelated(tasks.rows()[0], degrees)
    return MixedModel(degrees, features, fit_coefficients(features(tasks.x), tasks.y, tasks.is_row, steps))


Form = Callable[[MixedModel, TaskArrays], Predictor]
