"""Every way of predicting a table's tasks, and what is saved of them.

In use: python -m benchmarks.table_ways [--splits N] [--networks] [TABLE ...]

Five known rows, errors over the target's spread; without --splits in five parts of the tasks in turn, with it in so many random
splits (70 % of the tasks to fit on): the mean over splits and, behind it, their standard deviation. Without --networks those
ways alone that train none, which takes twenty seconds a table. The tables are those of `tests/acceptance/test_tables.py`, which
measures whole verdicts.
"""

import argparse
import time
from collections.abc import Generator, Sequence
from typing import TypeVar

import pytest

from maml_engine.tables import Settings
from maml_engine.tables.baselines import LEARNED
from maml_engine.tables.choosing import META_LEARNED, choose
from maml_engine.tables.conformal import coverage
from maml_engine.tables.fine_tuning import judge_networks
from maml_engine.tables.fits import Fits, fit_parts, judge_predictors, learn_process
from maml_engine.tables.meta_learner import predict_unseen, train_meta_learner
from maml_engine.tables.outcomes import Outcome
from maml_engine.tables.plan import Plan
from maml_engine.tables.scoring import META
from maml_engine.tables.summary import errors_of, residuals_of, scores_so_far
from tests.acceptance.test_tables import CASES, sheet_of

T = TypeVar("T")
Outcomes = dict[str, list[Outcome]]


def main() -> None:
    """Measures the tables that the command line names, or all."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.table_ways", description="Every way of predicting, by table.")
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"any of: {'; '.join(CASES)} (default: all)")
    parser.add_argument("--splits", type=int, default=0, help="random splits instead of five parts")
    parser.add_argument("--networks", action="store_true", help="train the networks of a verdict, too")
    given = parser.parse_args()
    if unknown := [name for name in given.tables if name not in CASES]:
        parser.error(f"{', '.join(unknown)}: no such table; there are {'; '.join(CASES)}")
    for name in given.tables or CASES:
        try:
            sheet = sheet_of(CASES[name])
        except pytest.skip.Exception as skipped:
            parser.exit(1, f"{skipped}\n")
        plan = Plan.of(sheet, CASES[name].roles, Settings(splits=given.splits))
        print(f"{name}, target {CASES[name].target:g}", flush=True)
        report(plan, judged(plan, with_networks=given.networks))


def judged(plan: Plan, *, with_networks: bool) -> Outcomes:
    """What each way makes of the tasks of each part; says what each stage took of all cores."""
    fits: list[Fits] = _timed("fits", fit_parts(plan))
    outcomes = {way: judge_predictors(plan, fits, [one.predictors[way] for one in fits]) for way in fits[0].predictors}
    outcomes[LEARNED] = judge_predictors(plan, fits, _timed("process learned over tasks", learn_process(plan, fits)))
    if with_networks:
        outcomes |= _timed("networks without meta-learning", judge_networks(plan)).outcomes
        learner = _timed("meta-learner", train_meta_learner(plan, fits))
        outcomes[META] = _timed("its predictions", predict_unseen(plan, learner, [one.limits for one in fits]))
    return outcomes


def report(plan: Plan, outcomes: Outcomes) -> None:
    """Prints what is saved, what would be without what is meta-learned, and the ways, best first."""
    blends = {"what is saved": choose(plan, outcomes), "without what is meta-learned": choose(plan, outcomes, META_LEARNED)}
    scores = scores_so_far(plan, outcomes)
    for title, found in blends.items():
        assert found is not None
        mean, spread = _error(plan, found.outcomes)
        line = f"  {mean:.4f}{spread} {title} ({found.kind}); {mean / scores[0].relative:.3f} of the best single way"
        if plan.scale.is_class:
            print(line)
            continue
        residuals = residuals_of(plan, found.outcomes)
        inside = [f"{100 * coverage(residuals, k, 0.9):.0f}" for k in plan.shots]
        print(f"{line}; in 90 % intervals by known rows: {' '.join(inside)}")
    for score in scores:
        print(f"  {score.relative:.4f}{_error(plan, outcomes[score.name])[1]} {score.title} ({score.setting})", flush=True)


def _error(plan: Plan, outcomes: Sequence[Outcome]) -> tuple[float, str]:
    """The mean over splits, and " ± " their standard deviation where there are several."""
    found, at = errors_of(plan, outcomes), plan.shots.index(plan.settings.k_shot)
    each = plan.scale.relative(found.total[:, at].sum(axis=1), found.count[:, at].sum(axis=1))
    return float(each.mean()), f" ± {each.std(ddof=1):.4f}" if len(each) > 1 else ""


def _timed(title: str, stage: Generator[object, None, T]) -> T:
    """What a stage comes to."""
    began, wall = time.process_time(), time.perf_counter()
    while True:
        try:
            next(stage)
        except StopIteration as end:
            print(
                f"  ({title}: {time.process_time() - began:.0f} s of processor, {time.perf_counter() - wall:.0f} s)", flush=True
            )
            return end.value


if __name__ == "__main__":
    main()
