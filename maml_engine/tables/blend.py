"""The blend of several ways of predicting (stacked generalisation: Wolpert, 1992; Breiman, 1996), and how it is chosen.

Weights are not negative and add up to one, one set for each number of known rows. They are chosen on predictions for tasks that
the ways have not seen. Simplest are weights by each way's own error: ways that are as good have the same, and one that errs by
a tenth more than the best has next to none. To take the best way alone would be to take one of several by chance: on few tasks
that cost more than averaging them did. Plain averages and weights of least error are taken where they do better, by more than
chance, on tasks that have no part in choosing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from maml_engine.tables.outcomes import Outcome
from maml_engine.tables.task_arrays import Predictive, Predictor, TaskArrays

GROUPS = 5  # of tasks, left out in turn to choose between kinds of weights
# A simpler kind is taken where its error is greater by at most this share, or by no more than one standard error over tasks.
AS_GOOD = 0.005
HOPELESS = 3.0  # times the error of the best: such a way has run away, and has no weight
STEEPNESS = 20.0  # a way has so many e-foldings less weight as its squared error is greater, over the least
MIN_WEIGHT = 0.02
ALONE = "alone"
WILD = 1e12  # what is not finite counts as


@dataclass(frozen=True, eq=False)
class Blend:
    """Ways of predicting, weighted by how many rows are known.

    ways: predictors.
    names: of the ways, as in `BASELINES`, or "meta".
    shots: `[n]`, numbers of known rows; others are weighted as the nearest.
    weights: `[n, ways]`.
    setting: in words.
    """

    ways: tuple[Predictor, ...]
    names: tuple[str, ...]
    shots: np.ndarray
    weights: np.ndarray
    setting: str = ""

    def predict(self, tasks: TaskArrays, k: int) -> np.ndarray:
        """`[draws, tasks, rows, outputs]`, from the first `k` rows of each order."""
        return self.predictive(tasks, k).mean

    def predictive(self, tasks: TaskArrays, k: int) -> Predictive:
        """The weighted mean; its variance counts how far the ways are apart."""
        weights = self.weights[np.argmin(np.abs(self.shots - k))]
        used = [(way.predictive(tasks, k), weight) for way, weight in zip(self.ways, weights, strict=True) if weight > 0]
        mean = sum(weight * one.mean for one, weight in used)
        variance = sum(weight * (one.variance + ((one.mean - mean) ** 2).mean(axis=-1)) for one, weight in used)
        return Predictive(np.asarray(mean), np.asarray(variance))


class Products(NamedTuple):
    """Of the ways' errors, summed over each task's rows, outputs and draws.

    total: `[shots, tasks, ways, ways]`; the diagonal holds squared errors.
    count: `[shots, tasks]`, over how many rows.
    """

    total: np.ndarray
    count: np.ndarray

    @classmethod
    def of(cls, outcomes: Sequence[Outcome], tasks: TaskArrays, shots: Sequence[int]) -> "Products":
        """On the tasks of one part; draws may differ, and the fewest are kept."""
        draws = min(one.mean.shape[1] for one in outcomes)
        totals, counts = [], []
        for place, k in enumerate(shots):
            query = tasks.query(k)[:draws]
            wrong = np.stack([(one.mean[place, :draws] - tasks.y) * query[..., None] for one in outcomes])
            totals.append(np.einsum("adtro,bdtro->tab", wrong, wrong, optimize=True))
            counts.append(query.sum(axis=(0, 2)))
        return cls(np.stack(totals), np.stack(counts).astype(float))

    def mean(self, kept: np.ndarray | slice = slice(None)) -> np.ndarray:
        """`[shots, ways, ways]` over some tasks, `[n]` places."""
        count = np.maximum(self.count[:, kept].sum(axis=1), 1.0)
        return self.total[:, kept].sum(axis=1) / count[:, None, None]

    def ways(self, kept: Sequence[int]) -> "Products":
        """Those of some ways."""
        return Products(self.total[:, :, kept][:, :, :, kept], self.count)


def joined_products(parts: Sequence[Products], places: Sequence[np.ndarray], num_tasks: int) -> Products:
    """Those of several parts, added up by task; `places` are the tasks of each, `[n]`."""
    shots, _, ways, _ = parts[0].total.shape
    whole = Products(np.zeros((shots, num_tasks, ways, ways)), np.zeros((shots, num_tasks)))
    for part, tasks in zip(parts, places, strict=True):
        whole.total[:, tasks] += part.total
        whole.count[:, tasks] += part.count
    return whole


def choose_weights(products: Products, at: int, seed: int) -> tuple[np.ndarray, str]:
    """Weights for each number of known rows, and their kind in words.

    Args:
      products: of tasks that the ways have not seen.
      at: the place of the number of known rows that counts.
      seed: of the groups of tasks.

    Returns:
      `[shots, ways]`, and the kind.
    """
    products = products._replace(total=np.nan_to_num(products.total, nan=WILD, posinf=WILD, neginf=WILD))
    present = np.flatnonzero(products.count.sum(axis=0) > 0)
    groups = np.array_split(np.random.default_rng(seed).permutation(present), min(GROUPS, len(present)))
    losses = np.zeros((len(KINDS), products.total.shape[1]))
    for place, kind in enumerate(KINDS.values()):
        for held in groups:
            weights = _kept_ways(products.mean(np.setdiff1d(present, held))[at], kind)
            losses[place, held] = np.einsum("a,tab,b->t", weights, products.total[at, held], weights)
    losses = losses[:, present]
    behind = losses - losses[np.argmin(losses.sum(axis=1))]  # by task, so that a few odd tasks do not decide
    chance = np.sqrt(len(present)) * behind.std(axis=1)
    is_as_good = behind.sum(axis=1) <= np.maximum(chance, 2 * AS_GOOD * losses.sum(axis=1).min())
    chosen = list(KINDS)[int(np.argmax(is_as_good))]
    weights = np.stack([_kept_ways(one, KINDS[chosen]) for one in products.mean(present)])
    return weights, ALONE if weights[at].max() == 1 else chosen


def _kept_ways(mean: np.ndarray, kind: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    own = np.nan_to_num(np.diagonal(mean), nan=np.inf)
    kept = np.flatnonzero(own <= HOPELESS**2 * own.min())
    weights = np.zeros(len(own))
    weights[kept] = kind(mean[np.ix_(kept, kept)])
    weights[weights < MIN_WEIGHT] = 0.0
    return weights / weights.sum()


def _by_error(mean: np.ndarray) -> np.ndarray:
    """Weights by how much each way errs beyond the best."""
    own = np.diagonal(mean)
    weights = np.exp(-STEEPNESS * (own / max(own.min(), 1e-300) - 1))
    return weights / weights.sum()


def _average(mean: np.ndarray) -> np.ndarray:
    """The plain average of a few ways, taken on one by one while that lessens the error."""
    chosen = [int(np.argmin(np.diagonal(mean)))]
    while len(chosen) < len(mean):
        others = [way for way in range(len(mean)) if way not in chosen]
        errors = [mean[np.ix_([*chosen, way], [*chosen, way])].mean() for way in others]
        if min(errors) >= mean[np.ix_(chosen, chosen)].mean():
            break
        chosen.append(others[int(np.argmin(errors))])
    return np.isin(np.arange(len(mean)), chosen) / len(chosen)


def _least_error(mean: np.ndarray) -> np.ndarray:
    """Weights of least squared error."""
    from scipy.optimize import nnls

    size = float(np.trace(mean)) / len(mean) + 1e-12
    factor = np.linalg.cholesky(mean / size + 1e-6 * np.eye(len(mean))).T
    strict = 1e3  # how much adding up to one counts
    weights, _ = nnls(np.concatenate([factor, np.full((1, len(mean)), strict)]), np.append(np.zeros(len(mean)), strict))
    return weights / weights.sum()


def _between(mean: np.ndarray) -> np.ndarray:
    return (_by_error(mean) + _least_error(mean)) / 2


# From the simplest on.
KINDS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "by error": _by_error,
    "average": _average,
    "weights": _least_error,
    "between": _between,
}
