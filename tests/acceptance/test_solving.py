"""Methods that adapt by solving beside MAML, at an equal budget of meta-iterations: `make acceptance`.

Each method trains three seeds for `ITERATIONS` of 25 tasks, on the Compare page's recipes; all are judged on the same 600
waves, 100 queries each. Errors are squared errors; MAML's are after the best of its numbers of steps up to ten.
"""

import dataclasses

import jax
import numpy as np
import pytest

from dashboard.page_parts.compare.contest import RECIPES
from maml_engine import METHODS, Experiment
from maml_engine.evaluation import draw, evaluate_episode
from maml_engine.training.population import train_population

pytestmark = pytest.mark.acceptance

ITERATIONS, SEEDS = 5000, 3


@pytest.mark.parametrize("shots", [5, 10])
def test_solving_beside_stepping(shots):
    base = Experiment(k_shot=shots, num_iterations=ITERATIONS)
    episode = draw(base.build_tasks().split("test"), jax.random.key(0), 600, k_shot=shots, k_query=100)
    print(f"\n{shots} points, {ITERATIONS:,} meta-iterations, seeds 0 to {SEEDS - 1}, 600 waves")
    found = {}
    for name in ("maml", "r2d2", "alpaca", "dkt", "cnp"):
        runs = [dataclasses.replace(base, method=name, seed=seed, **RECIPES[name]) for seed in range(SEEDS)]
        trained = train_population(runs)
        steps = 1 if METHODS[name].support_gives == "solution" else 10
        with np.errstate(all="ignore"):  # some tasks blow up under MAML's steps
            loss = np.stack([evaluate_episode(learner, episode, steps).loss for learner in trained.learners])
        step = int(np.argmin(np.nan_to_num(loss.mean(axis=(0, 1))[1:], nan=np.inf))) + 1
        errors, median = loss[..., step].mean(axis=1), np.median(loss[..., step])
        milliseconds = 1e3 * trained.seconds / (ITERATIONS * SEEDS)
        found[name] = errors.mean()
        print(
            f"{name:8} {errors.mean():.3f} ({errors.min():.3f} to {errors.max():.3f}), median task {median:.3f}, after {step} "
            f"steps; {milliseconds:.2f} ms a meta-iteration",
            flush=True,
        )
    assert all(found[name] < found["maml"] for name in ("r2d2", "alpaca"))
