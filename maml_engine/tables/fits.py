"""The first stage of a verdict: what is simpler than networks is fitted, part by part; a process is learned over the tasks."""

from collections.abc import Sequence
from typing import NamedTuple

from maml_engine.tables.baselines import GAUSSIAN, LEARNED, MIXED, Pooled, fit_predictors
from maml_engine.tables.gaussian_process import KernelPredictor, gaussian_process
from maml_engine.tables.learned_process import learned_processes
from maml_engine.tables.mixed_model import MixedModel, mixed_model
from maml_engine.tables.outcomes import Limits, Outcome
from maml_engine.tables.plan import Plan
from maml_engine.tables.steps import Stage, Step
from maml_engine.tables.task_arrays import Predictor, few_tasks, squared_error

DOING = "Fitting what is simpler"


class Fits(NamedTuple):
    """What was fitted on the tasks of one part.

    pooled: the pooled fit.
    model: the mixed model of what it leaves.
    process: of what tasks may be draws of, the one that predicts tasks best.
    limits: of the targets.
    predictors: by name.
    """

    pooled: Pooled
    model: MixedModel
    process: KernelPredictor
    limits: Limits
    predictors: dict[str, Predictor]


def fit_parts(plan: Plan) -> Stage[list[Fits]]:
    """Fits on each part."""
    fits = []
    for place, part in enumerate(plan.parts):
        tasks, k, seed = plan.tasks.arrays.take(part.fit), plan.settings.k_shot, plan.settings.seed
        pooled = Pooled.fit(tasks, seed)
        process, model = gaussian_process(tasks, pooled, seed), mixed_model(tasks, pooled, k, seed)
        yield Step(DOING, (place + 0.3) / len(plan.parts))
        processes = {GAUSSIAN: process, MIXED: model.predictor()}
        predictors = fit_predictors(tasks, k, plan.settings.baselines, pooled=pooled, processes=processes, seed=seed)
        # The Gaussian process was fitted to the tasks that it predicts here, but by four numbers.
        is_mixed = model.missed < squared_error(process, few_tasks(tasks, k), k)
        likeliest = processes[MIXED] if is_mixed else process
        fits.append(Fits(pooled, model, likeliest, Limits.of(tasks, plan.tasks.encoding.room), predictors))
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
    return [
        Outcome.of(predictor, plan.tasks.arrays.take(part.test), plan.shots, one.limits)
        for predictor, part, one in zip(predictors[:-1], plan.judging, fits[:-1], strict=True)
    ]
