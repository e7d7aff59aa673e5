"""The first stage of a verdict: what is simpler than networks is fitted, part by part; a process is learned over the tasks."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from maml_engine.runtime.parallel import one_thread
from maml_engine.tables.baselines import GAUSSIAN, LEARNED, MIXED, MIXTURE, Pooled, fit_predictors
from maml_engine.tables.gaussian_process import KernelPredictor, gaussian_process
from maml_engine.tables.learned_process import learned_processes
from maml_engine.tables.mixed_model import MixedModel
from maml_engine.tables.outcomes import Limits, Outcome
from maml_engine.tables.plan import Plan
from maml_engine.tables.steps import Stage, Step
from maml_engine.tables.task_arrays import Predictor, few_tasks, squared_error
from maml_engine.tables.task_mixture import mixed_models

DOING = "Fitting what is simpler"


class Drawn(Protocol):
    """What tasks may be draws of."""

    def draw(self, x: np.ndarray, outputs: int, versions: int, rng: np.random.Generator) -> np.ndarray:
        """Targets that tasks might have had, `[versions, tasks, rows, outputs]`.

        Args:
          x: `[tasks, rows, in_dim]`, where.
          outputs: columns of a target.
          versions: how many times.
          rng: drawn from.
        """
        ...


class Fits(NamedTuple):
    """What was fitted on the tasks of one part.

    pooled: the pooled fit.
    model: the mixed model of what it leaves.
    process: of the Gaussian processes that tasks may be draws of, the one that predicts tasks best.
    drawn_from: the same among all of them, mixtures too.
    limits: of the targets.
    predictors: by name.
    """

    pooled: Pooled
    model: MixedModel
    process: KernelPredictor
    drawn_from: Drawn
    limits: Limits
    predictors: dict[str, Predictor]


def fit_parts(plan: Plan) -> Stage[list[Fits]]:
    """Fits on each part."""
    fits = []
    for place, part in enumerate(plan.parts):
        tasks, k, seed = plan.tasks.arrays.take(part.fit), plan.settings.k_shot, plan.settings.seed
        with one_thread():
            pooled = Pooled.fit(tasks, seed)
            process, models = gaussian_process(tasks, pooled, seed), mixed_models(tasks, pooled, k, seed)
        yield Step(DOING, (place + 0.5) / len(plan.parts))
        with one_thread():
            mixed = models.model.predictor()
            processes: dict[str, Predictor] = {GAUSSIAN: process, MIXED: mixed, MIXTURE: models.mixture}
            predictors = fit_predictors(tasks, k, plan.settings.baselines, pooled=pooled, processes=processes, seed=seed)
            # The Gaussian process was fitted to the tasks that it predicts here, but by four numbers.
            by_process = squared_error(process, few_tasks(tasks, k), k)
        likeliest = mixed if models.model.missed < by_process else process
        drawn_from = models.best if models.missed < by_process else process
        fits.append(Fits(pooled, models.model, likeliest, drawn_from, Limits.of(tasks, plan.tasks.encoding.room), predictors))
        yield Step(DOING, (place + 1) / len(plan.parts))
    return fits


def learn_process(plan: Plan, fits: Sequence[Fits]) -> Stage[Sequence[Predictor]]:
    """A process learned over the tasks of each part, if it is asked for; the predictors by part."""
    if LEARNED not in plan.settings.baselines:
        return []
    given = [one.pooled for one in fits], [one.model for one in fits]
    return (yield from learned_processes(plan.tasks.arrays, plan.parts, *given, seed=plan.settings.seed))


def judge_predictors(plan: Plan, fits: Sequence[Fits], predictors: Sequence[Predictor]) -> list[Outcome]:
    """What each part's predictor makes of the tasks that the part judges; the last part's is for use."""
    with one_thread():
        return [
            Outcome.of(predictor, plan.tasks.arrays.take(part.test), plan.shots, one.limits)
            for predictor, part, one in zip(predictors[:-1], plan.judging, fits[:-1], strict=True)
        ]
