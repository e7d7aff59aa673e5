"""The first stage of a verdict: what is simpler than networks is fitted and judged, part by part."""

from typing import NamedTuple

from maml_engine.tables.baselines import GAUSSIAN, MIXED, Pooled, fit_predictors
from maml_engine.tables.gaussian_process import KernelPredictor, gaussian_process
from maml_engine.tables.mixed_model import mixed_model
from maml_engine.tables.plan import Plan
from maml_engine.tables.scoring import Errors, by_shots, errors_at
from maml_engine.tables.steps import Stage, Step
from maml_engine.tables.task_arrays import TaskArrays, few_tasks, squared_error

DOING = "Fitting what is simpler"


class Result(NamedTuple):
    """How a predictor did on the tasks of one part.

    errors: `[shots, n]`.
    setting: what was chosen in fitting, in words.
    """

    errors: Errors
    setting: str


class Fits(NamedTuple):
    """What was fitted on the tasks of one part.

    pooled: the pooled fit.
    process: of what tasks may be draws of, the one that predicts tasks best.
    results: how each predictor did, by name; nothing where a part judges none.
    """

    pooled: Pooled
    process: KernelPredictor
    results: dict[str, Result]


def fit_parts(plan: Plan) -> Stage[list[Fits]]:
    """Fits on each part, and judges on its other tasks."""
    fits = []
    for place, part in enumerate(plan.parts):
        tasks, settings = plan.tasks.arrays.take(part.fit), plan.settings
        pooled = Pooled.fit(tasks, settings.seed)
        processes, likeliest = _processes(tasks, pooled, settings.k_shot, settings.seed)
        yield Step(DOING, (place + 0.3) / len(plan.parts))
        results = {}
        if len(part.test):
            test = plan.tasks.arrays.take(part.test)
            given = {"pooled": pooled, "processes": processes, "seed": settings.seed}
            for name, predictor in fit_predictors(tasks, settings.k_shot, settings.baselines, **given).items():
                errors = [errors_at(k, predictor.predict(test, k), test, plan.scale) for k in plan.shots]
                results[name] = Result(by_shots(errors), predictor.setting)
        fits.append(Fits(pooled, likeliest, results))
        yield Step(DOING, (place + 1) / len(plan.parts))
    return fits


def _processes(tasks: TaskArrays, pooled: Pooled, k_shot: int, seed: int) -> tuple[dict[str, KernelPredictor], KernelPredictor]:
    """What tasks may be draws of, by name, and the one of these that predicts tasks best."""
    process, model = gaussian_process(tasks, pooled, seed), mixed_model(tasks, pooled, k_shot, seed)
    processes = {GAUSSIAN: process, MIXED: model.predictor()}
    # The Gaussian process was fitted to the tasks that it predicts here, but by four numbers.
    is_mixed = model.missed < squared_error(process, few_tasks(tasks, k_shot), k_shot)
    return processes, processes[MIXED] if is_mixed else process
