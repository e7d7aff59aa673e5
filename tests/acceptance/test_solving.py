"""Methods that adapt by solving beside MAML, at an equal budget of meta-iterations: `make acceptance`.

Each method trains three seeds for the tutorial's `ITERATIONS` of 25 tasks, in turns, on the Compare page's recipes; all are
judged on the same 600 waves, 100 queries each. Errors are squared errors; those of methods with steps are after the best
number of them. Milliseconds are a run's share of a meta-iteration, three seeds being one program.
"""

import dataclasses

import jax
import numpy as np
import pytest

from dashboard.page_parts.compare.contest import RECIPES
from maml_engine import Experiment
from maml_engine.analysis.comparison import Budget, contest
from maml_engine.evaluation import draw

pytestmark = pytest.mark.acceptance

ITERATIONS, SEEDS = 10_000, 3
SOLVING = ("r2d2", "alpaca", "dkt", "pacoh", "cnp")


@pytest.mark.parametrize("shots", [5, 10])
def test_solving_beside_stepping(shots):
    base = Experiment(k_shot=shots)
    runs = {
        name: tuple(dataclasses.replace(base, method=name, seed=seed, **RECIPES[name]) for seed in range(SEEDS))
        for name in ("maml", "metasgd", *SOLVING)
    }
    episode = draw(base.build_tasks().split("test"), jax.random.key(0), 600, k_shot=shots, k_query=100)
    *_, last = contest(runs, Budget("iterations", ITERATIONS), episode, points=4)
    found = {}
    print(f"\n{shots} points, {ITERATIONS:,} meta-iterations, seeds 0 to {SEEDS - 1}, 600 waves")
    for name, ranking in last.rankings.items():
        by_seed = ranking.loss.mean(axis=1)  # [seeds, steps + 1]
        step = 1 if name in SOLVING else int(np.argmin(np.nan_to_num(by_seed.mean(axis=0), nan=np.inf)))
        errors = by_seed[:, step]
        found[name] = errors.mean()
        print(
            f"{name:8} {errors.mean():.4f} ({errors.min():.4f} to {errors.max():.4f}), median "
            f"{np.median(ranking.loss.mean(axis=0)[:, step]):.4f}, after {step}; {1e3 * ranking.seconds_per_iteration:.2f} ms"
        )
    assert all(found[name] < found["maml"] for name in ("r2d2", "alpaca", "dkt"))
