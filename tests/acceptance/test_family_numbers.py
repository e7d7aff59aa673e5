"""The family's figures against their targets: `make acceptance`. Minutes each; every one prints what it reached."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from maml_engine import Experiment
from maml_engine.experiment.presets import PRESETS
from maml_engine.training.population import train_population
from maml_engine.verification.published import Row

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.acceptance


def card(name):
    """What a protocol card's runs reach, a seed each, by step."""
    command = [sys.executable, "-m", "maml_engine", "check", "--published", name, "--json"]
    began = time.perf_counter()
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=3000)
    assert run.returncode == 0, run.stderr
    rows = map(Row.read, json.loads(run.stdout.splitlines()[-1])["results"])
    print(f"\n{name}: {PRESETS[name].title}; {time.perf_counter() - began:.0f} s")
    return {row.step: row for row in rows}


def check(what, figure, target):
    """Prints a figure beside its target; whether it is reached."""
    good = figure <= target
    print(f"{'ok   ' if good else 'SHORT'} {what}: {figure:.3f} (target: at most {target:g})")
    return good


@pytest.mark.parametrize(
    ("name", "targets"),
    [
        ("meta_sgd_5_shot", {1: 0.90}),
        ("meta_sgd_maml_5_shot", {1: 1.13}),
    ],
)
def test_a_published_table_is_reached(name, targets):
    rows = card(name)
    reached = []
    for step, target in targets.items():
        row = rows[step]
        reached.append(check(f"{name}, after {step}: seeds from {row.low:.3f} to {row.high:.3f}", row.mean, target))
    assert all(reached)


def test_the_best_after_one_step_in_the_tutorials_budget():
    """The tutorial prints 0.1234 and 0.0987 for single tasks: 0.10 as the median task, over the seeds."""
    row = card("best_after_one_step")[1]
    print(f"mean over the tasks {row.mean:.3f}, seeds from {row.low:.3f} to {row.high:.3f}")
    assert check("median after one step", row.median, 0.10)


def test_eight_seeds_cost_less_than_eight_runs():
    """One program trains the population; compilation apart."""
    runs = [Experiment(num_iterations=3000, seed=seed) for seed in range(8)]
    seconds = {count: min(train_population(runs[:count]).seconds for _ in range(3)) for count in (1, 8)}
    ratio = seconds[8] / seconds[1]
    print(f"\none seed {seconds[1]:.2f} s, eight seeds {seconds[8]:.2f} s")
    assert check("eight seeds over one", ratio, 8.0)
