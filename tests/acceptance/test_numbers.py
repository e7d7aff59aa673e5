"""The figures of `docs/results.md` against their targets, each by the command beside it there: `make acceptance`."""

import csv
import json
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from maml_engine.verification.published import Row
from tests.real_data import real_file

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.acceptance


def maml(*arguments):
    """The last line of JSON of one command."""
    command = [sys.executable, "-m", "maml_engine", *map(str, arguments), "--json"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1800)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def over_seeds(card):
    """What a protocol card reaches, the mean over its seeds, by inner step."""
    rows = {row["step"]: Row.read(row) for row in maml("check", "--published", card)["results"]}
    for row in rows.values():
        print(f"\n      {card}, after {row.step}: {', '.join(f'{mean:.3f}' for mean in row.means)}", end="")
    return {step: row.mean for step, row in rows.items()}


class Targets:
    """Prints each figure beside its target, and fails at the end where one falls short."""

    def __init__(self):
        self.short = []

    def check(self, what, figure, low, high):
        good = low <= figure <= high
        target = f"at most {high:g}" if low == 0 else f"{low:g} to {high:g}"
        print(f"\n{'ok   ' if good else 'SHORT'} {what}: {figure:.3f} (target: {target})", end="")
        if not good:
            self.short.append(what)


@pytest.fixture
def targets():
    targets = Targets()
    yield targets
    print()
    assert not targets.short


def test_the_tutorials_run(targets):
    targets.check("train: seconds after compilation", maml("train")["seconds"], 0, 5)
    mean = over_seeds("tutorial")
    targets.check("train: 10 shots, before adapting", mean[0], 2.9, 3.3)
    targets.check("train: 10 shots, after 1 step", mean[1], 0, 0.60)
    targets.check("train: 10 shots, after 10 steps", mean[10], 0, 0.20)


def test_the_papers_table(targets):
    """Finn et al. (2017), App. C, table 2: five support points; the reference code's inner step size."""
    mean = over_seeds("finn_sinusoid")
    for steps, target in ((1, 0.67), (5, 0.38), (10, 0.35)):
        targets.check(f"70 000 iterations: 5 shots, after {steps} steps", mean[steps], 0, target)


def test_sea_surface_temperature_from_five_months(targets):
    """Error as a share of the standard deviation in the file; the pooled fit has 0.51, a well-set linear prior 0.32."""
    file = real_file("tasks_csv/elnino_sst.csv")
    with file.open() as rows:
        spread = statistics.pstdev(float(row["sst_c"]) for row in csv.DictReader(rows))
    flags = ["--tasks", "table", "--data", file, "--task", "year", "--inputs", "month", "--target", "sst_c"]
    errors = []
    for seed in range(5):  # each another split of the years
        run = maml("train", *flags, "--k-shot", 5, "--inner-lr", 0.05, "--num-iterations", 3000, "--seed", seed)
        errors.append(run["curve"][10]["mean"] ** 0.5 / spread)
    print(f"\n      elnino_sst.csv by split: {', '.join(f'{error:.3f}' for error in errors)}", end="")
    targets.check(
        "elnino_sst.csv: 5 support rows, after 10 steps, of the standard deviation", statistics.fmean(errors), 0, 0.40
    )
