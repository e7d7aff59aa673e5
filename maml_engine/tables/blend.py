"""The blend of several ways of predicting (stacked generalisation: Wolpert, 1992; Breiman, 1996), and how it is chosen.

Weights are not negative and add up to one, one set for each number of known rows. They are chosen on predictions for tasks that
the ways have not seen. Simplest are weights by each way's own error: ways that are as good have the same, and one that errs by
a fifth more than the best has next to none. To take the best way alone would be to take one of several by chance: on few tasks
that cost more than averaging them did. Weights of least error are taken where they do better, by more than chance, on tasks
that have no part in choosing. In all of this a task counts by the root of what it is missed by, not by the square: of squares
a few hard tasks would decide alone, and what few have chosen is not the best on others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from maml_engine.tables.outcomes import Outcome
from maml_engine.tables.task_arrays import Predictive, Predictor, TaskArrays

GROUPS = 5  # of tasks, left out in turn to choose between kinds of weights
# Another kind than the simplest is taken where its error is less by more than this share, and by more than chance over tasks.
AS_GOOD = 0.005
CHANCE = 0.995  # quantile of Student's t
HOPELESS = 3.0  # times the error of the best: such a way has run away, and has no weight
STEEPNESS = 10.0  # a way has so many e-foldings less weight as its squared error is greater, over the least
MIN_WEIGHT = 0.02
ALONE = "alone"
WILD = 1e12  # what is not finite counts as
# Of squared errors, over the mean: one that is less counts as this, of one way on a task and of a task among others.
LEAST = 1e-4


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

    def tempered(self) -> "Products":
        """Over the root of what the ways err by on each task, so that hard tasks count by that and not by its square."""
        total = np.zeros_like(self.total)
        for shot, (own, count) in enumerate(zip(self.total, self.count, strict=True)):
            tasks = np.flatnonzero(count > 0)
            if len(tasks) == 0:
                continue
            each = np.einsum("taa->ta", own[tasks]) / count[tasks, None]
            each = each[:, each.mean(axis=0) <= HOPELESS**2 * each.mean(axis=0).min()]
            typical = np.exp(np.log(np.maximum(each, LEAST * each.mean(axis=1, keepdims=True) + 1e-300)).mean(axis=1))
            typical = np.maximum(typical, LEAST * typical.mean())
            total[shot, tasks] = own[tasks] / np.sqrt(typical / np.exp(np.log(typical).mean()))[:, None, None]
        return Products(total, self.count)


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
    products = products.tempered()
    losses = np.zeros((len(KINDS), products.total.shape[1]))
    for place, kind in enumerate(KINDS.values()):
        for held in groups:
            weights = _kept_ways(products.mean(np.setdiff1d(present, held))[at], kind)
            losses[place, held] = np.einsum("a,tab,b->t", weights, products.total[at, held], weights)
    chosen = list(KINDS)[_clearly_least(losses[:, present])]
    weights = np.stack([_kept_ways(one, KINDS[chosen]) for one in products.mean(present)])
    return weights, ALONE if weights[at].max() == 1 else chosen


def _clearly_least(losses: np.ndarray) -> int:
    """The first, or of those that lose less by more than chance the one that loses least: `losses` are `[kinds, tasks]`."""
    from scipy.special import stdtrit

    kinds, count = losses.shape
    if count < 2:
        return 0
    gains = losses[0] - losses
    chance = stdtrit(count - 1, CHANCE) * np.sqrt(count) * gains.std(axis=1, ddof=1)
    is_better = gains.sum(axis=1) > np.maximum(chance, 2 * AS_GOOD * losses.sum(axis=1).min())
    return min(range(kinds), key=lambda kind: losses[kind].sum() if is_better[kind] or kind == 0 else np.inf)


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
    "weights": _least_error,
    "between": _between,
}
