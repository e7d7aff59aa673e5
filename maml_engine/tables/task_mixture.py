"""A mixture of Gaussian processes, one about each known task: a new task is like some of them.

The linear mixed model takes the coefficients of tasks for one Gaussian cloud. Where they lie on something bent (a peak that
moves, a few tasks apart from the rest) that cloud is mostly empty, and what it predicts is like no task. Here the density of
coefficients is a kernel estimate from the tasks, shrunk so that their mean and covariance stay as they are (West, 1993): each
known task is the middle of a component, and the known rows of a new task say which of these it may be of. Components as wide
as the cloud are the mixed model itself.
"""

from dataclasses import dataclass, replace
from functools import partial
from typing import NamedTuple

import numpy as np

from maml_engine.tables.blend import Blend
from maml_engine.tables.functions import Constant, Function, Kernel, Linear
from maml_engine.tables.gaussian_process import KernelPredictor, known_rows
from maml_engine.tables.mixed_model import Coefficients, Degrees, LeftOut, MixedModel, explored
from maml_engine.tables.task_arrays import Predictive, TaskArrays, in_chunks

WIDTHS = (0.2, 0.3, 0.4, 0.55, 0.75)  # of a component, over that of the cloud
WHOLE = 1.0  # the width of the mixed model's one component
MAX_AVERAGED, AS_GOOD = 6, 1.1  # times the squared error of the best
MAX_COMPONENTS = 300
MAX_CELLS = 2_000_000  # at once


@dataclass(frozen=True, eq=False)
class TaskMixture:
    """The posterior mean of a mixture of Gaussian processes that share a kernel, and have a mean each.

    features: `[..., in_dim] -> [..., n]`.
    middles: `[components, n, outputs]`, the coefficients in the middle of each.
    kernel: within a component, `(a, b) -> [tasks, rows of a, rows of b]`.
    noise: variance of a row.
    about: what all this is beside, `[..., in_dim] -> [..., outputs]`; None is 0.
    setting: what was chosen in fitting, in words.
    """

    features: Function
    middles: np.ndarray
    kernel: Kernel
    noise: float
    about: Function | None
    setting: str

    def predict(self, tasks: TaskArrays, k: int) -> np.ndarray:
        """`[draws, tasks, rows, outputs]`, from the first `k` rows of each order."""
        return self.predictive(tasks, k).mean

    def predictive(self, tasks: TaskArrays, k: int) -> Predictive:
        """Mean and variance from the first `k` rows of each order; the noise of a row is not part of the variance."""
        cells = len(tasks.orders) * tasks.x.shape[1] * len(self.middles) * tasks.y.shape[-1]
        return in_chunks(lambda some: self._chunk(some, k), tasks, max(1, MAX_CELLS // max(1, cells)))

    def draw(self, x: np.ndarray, outputs: int, versions: int, rng: np.random.Generator) -> np.ndarray:
        """Targets that the mixture might have had.

        Args:
          x: `[tasks, rows, in_dim]`, where.
          outputs: columns of a target.
          versions: how many times.
          rng: drawn from.

        Returns:
          `[versions, tasks, rows, outputs]`.
        """
        gram = self.kernel(x, x) + (self.noise + 1e-6) * np.eye(x.shape[1])
        drawn = np.einsum("tij,vtjo->vtio", np.linalg.cholesky(gram), rng.standard_normal((versions, *x.shape[:2], outputs)))
        middles = self.middles[rng.integers(len(self.middles), size=(versions, len(x)))]
        drawn = drawn + self.features(x) @ middles
        return drawn + self.about(x) if self.about else drawn

    def _chunk(self, tasks: TaskArrays, k: int) -> Predictive:
        about = self.about(tasks.x) if self.about else np.zeros_like(tasks.y)
        components, size, outputs = self.middles.shape
        gram = self.kernel(tasks.x, tasks.x)
        chosen, task, counts, within, across = known_rows(gram, tasks, k, self.noise)
        flat = self.middles.swapaxes(0, 1).reshape(size, components * outputs)
        middles = self.features(tasks.x) @ flat  # [tasks, rows, components * outputs]
        left = (np.tile((tasks.y - about)[task, chosen], components) - middles[task, chosen]) * counts[..., None]
        solved = np.linalg.solve(within, np.concatenate([left, across.swapaxes(-1, -2)], axis=-1))
        own, taken = np.split(solved, [left.shape[-1]], axis=-1)
        # Components share a kernel, so that their likelihoods differ by the residuals alone.
        misfit = np.sum(left * own, axis=2).reshape(*chosen.shape[:2], components, outputs).sum(axis=-1)
        weights = np.exp(-0.5 * (misfit - misfit.min(axis=-1, keepdims=True)))
        weights = weights / weights.sum(axis=-1, keepdims=True)
        each = (middles + across @ own).reshape(*across.shape[:3], components, outputs)
        mean = (weights[:, :, None, None] @ each)[..., 0, :]
        apart = np.mean((each - mean[..., None, :]) ** 2, axis=-1) @ weights[..., None]
        variance = np.diagonal(gram, axis1=-2, axis2=-1) - np.einsum("dtrk,dtkr->dtr", across, taken)
        return Predictive(about + mean, np.maximum(variance, 0.0) + apart[..., 0])


class Models(NamedTuple):
    """What `mixed_models` fits.

    model: the linear mixed model.
    mixture: the plain average of mixtures.
    best: the best of them by itself, which may be the mixed model.
    missed: mean squared error of that on tasks left out.
    """

    model: MixedModel
    mixture: Blend
    best: KernelPredictor | TaskMixture
    missed: float


def mixed_models(tasks: TaskArrays, pooled: Function, k_shot: int, seed: int) -> Models:
    """The mixed model, and mixtures about tasks, whose degrees and widths predict tasks left out from `k_shot` rows best.

    One mixture alone would be taken by chance among several that are as good, and their average is better than each.

    Args:
      tasks: fitted on.
      pooled: the pooled fit, beside which all of them are.
      k_shot: support rows.
      seed: of the parts in which tasks are left out.
    """
    forms = {width: partial(mixture_about, width=width) for width in WIDTHS} | {WHOLE: lambda model, _: model.predictor()}
    # Of several inputs the pooled fit tells tasks apart by what may do something else within a task: it is tried without, too.
    abouts = [pooled] if tasks.x.shape[-1] == 1 else [pooled, Constant(tasks.rows()[1].mean(axis=0))]
    left_outs = [LeftOut.of(tasks, about, k_shot, seed) for about in abouts]
    errors = explored(left_outs, forms)
    order = sorted(errors, key=errors.__getitem__)
    best = [one for one in order[:MAX_AVERAGED] if errors[one] <= AS_GOOD * errors[order[0]]]
    mixed = next(one for one in order if one[-1] == WHOLE)
    models: dict[tuple[int, Degrees], MixedModel] = {}
    for place, degrees, _ in (*best, mixed):
        if (place, degrees) not in models:
            models[place, degrees] = replace(left_outs[place].fitted(degrees), pooled=abouts[place])
    ways: list[KernelPredictor | TaskMixture] = []
    for place, degrees, width in best:
        own = models[place, degrees]
        ways.append(own.predictor() if width == WHOLE else mixture_about(own, left_outs[place].tasks, width))
    setting = ways[0].setting + (f", and {len(ways) - 1} like it" if len(ways) > 1 else "")
    weights = np.full((1, len(ways)), 1 / len(ways))
    mixture = Blend(tuple(ways), tuple(way.setting for way in ways), np.zeros(1, np.int32), weights, setting)
    return Models(replace(models[mixed[0], mixed[1]], missed=errors[mixed]), mixture, ways[0], errors[order[0]])


def mixture_about(model: MixedModel, tasks: TaskArrays, width: float) -> TaskMixture:
    """A component about each task, and all of it about the model's pooled fit.

    Args:
      model: of the tasks.
      tasks: known, whose targets are what the pooled fit leaves.
      width: of a component, over that of the cloud of tasks.
    """
    if len(tasks.x) > MAX_COMPONENTS:
        tasks = tasks.take(np.linspace(0, len(tasks.x) - 1, MAX_COMPONENTS).astype(int))
    mean, covariance, noise = model.coefficients
    middles = mean + np.sqrt(1 - width**2) * coefficients_beside_mean(model.features(tasks.x), tasks, model.coefficients)
    setting = f"{model.shape}, {len(middles)} tasks, width {width:g}"
    return TaskMixture(model.features, middles, Linear(model.features, width**2 * covariance), noise, model.pooled, setting)


def coefficients_beside_mean(features: np.ndarray, tasks: TaskArrays, coefficients: Coefficients) -> np.ndarray:
    """`[tasks, n, outputs]`, the likeliest coefficients of each task, minus their mean; `features` are `[tasks, rows, n]`."""
    features = features * tasks.is_row[..., None]
    left = tasks.y * tasks.is_row[..., None] - features @ coefficients.mean
    turned = features @ coefficients.covariance
    gram = turned @ features.swapaxes(1, 2) + coefficients.noise * np.eye(features.shape[1])
    return turned.swapaxes(1, 2) @ np.linalg.solve(gram, left)
