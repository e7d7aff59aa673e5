"""Every way of predicting a table's tasks that trains no network, and their blend.

In use: python -m benchmarks.table_ways [TABLE ...]

Five parts of the tasks in turn, five known rows, errors over the target's spread. The tables are those of
`tests/acceptance/test_tables.py`, which measures whole verdicts and takes an hour; this takes ten seconds a table.
"""

import sys
import time
from collections.abc import Generator
from typing import TypeVar

from maml_engine.tables import Settings
from maml_engine.tables.baselines import LEARNED
from maml_engine.tables.choosing import META_LEARNED, choose
from maml_engine.tables.conformal import coverage
from maml_engine.tables.fits import fit_parts, judge_predictors, learn_process
from maml_engine.tables.plan import Plan
from maml_engine.tables.summary import residuals_of, scores_so_far
from tests.acceptance.test_tables import CASES, sheet_of

T = TypeVar("T")


def finished(stage: Generator[object, None, T]) -> T:
    """What a stage comes to."""
    while True:
        try:
            next(stage)
        except StopIteration as end:
            return end.value


def measure(name: str) -> None:
    """Prints the ways of one table, best first."""
    case = CASES[name]
    plan = Plan.of(sheet_of(case), case.roles, Settings())
    began = time.process_time()
    fits = finished(fit_parts(plan))
    outcomes = {way: judge_predictors(plan, fits, [one.predictors[way] for one in fits]) for way in fits[0].predictors}
    outcomes[LEARNED] = judge_predictors(plan, fits, finished(learn_process(plan, fits)))
    blends = {"blend": choose(plan, outcomes), "blend without what is meta-learned": choose(plan, outcomes, META_LEARNED)}
    print(f"{name}, {time.process_time() - began:.0f} s of one core")
    for title, found in blends.items():
        assert found is not None
        (score,) = scores_so_far(plan, {"pooled": found.outcomes})
        residuals = residuals_of(plan, found.outcomes)
        inside = [coverage(residuals, k, 0.9) for k in plan.shots]
        print(f"  {score.relative:.4f} {title}; in 90 % intervals {min(inside):.3f} to {max(inside):.3f} by known rows")
    for score in scores_so_far(plan, outcomes):
        print(f"  {score.relative:.4f} {score.title} ({score.setting})", flush=True)


if __name__ == "__main__":
    for each in sys.argv[1:] or CASES:
        measure(each)
