"""Six real tables from CSV to a verdict and a learner in use, against the targets of few-shot regression: `make acceptance`.

The protocol of the errors: 5 support rows a task drawn at random, the task's other rows as queries, 70 % of the tasks to fit on
and 30 % to score, mean over `SPLITS` random splits; root mean squared error over the target's standard deviation. Five splits
take some ten minutes on two cores, all twenty of the targets' four times that: `MAML_LAB_SPLITS=20 make acceptance`.
"""

import csv
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from maml_engine import Learner
from maml_engine.tables import RECOMMENDED, Roles, Settings, judge, read_sheet
from tests.real_data import real_file

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.acceptance
SPLITS = int(os.environ.get("MAML_LAB_SPLITS", "5"))
VOICE = (
    "Jitter(%)", "Jitter(Abs)", "Jitter:RAP", "Jitter:PPQ5", "Jitter:DDP", "Shimmer", "Shimmer(dB)", "Shimmer:APQ3",
    "Shimmer:APQ5", "Shimmer:APQ11", "Shimmer:DDA", "NHR", "HNR", "RPDE", "DFA", "PPE",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A table, the error that what is saved should reach, and whether adapting helps, which the verdict should say."""

    file: str
    roles: Roles
    target: float
    helps: bool = True

    @property
    def path(self):
        return real_file(f"tasks_csv/{self.file}.csv")


CASES = {
    "airfoil": Case(
        "airfoil_self_noise", Roles("config", ("frequency_hz",), "sound_pressure_db", log=("frequency_hz",)), 0.275
    ),
    "yacht": Case("yacht_resistance", Roles("hull", ("froude_number",), "residuary_resistance"), 0.050),
    "elnino": Case("elnino_sst", Roles("year", ("month",), "sst_c"), 0.205),
    "gapminder, year": Case("gapminder", Roles("country", ("year",), "life_expectancy"), 0.142),
    "gapminder, year and gdp": Case(
        "gapminder",
        Roles("country", ("year", "gdp_per_capita"), "life_expectancy", log=("gdp_per_capita",)),
        0.145,
    ),
    "sleepstudy": Case("sleepstudy", Roles("subject", ("days",), "reaction_ms"), 0.495),
    "parkinsons, voice": Case("parkinsons_updrs", Roles("subject#", VOICE, "total_UPDRS"), 0.286, helps=False),
}


def sheet_of(case):
    return read_sheet(case.path)


def check(what, figure, low, high):
    """Prints a figure beside its target; whether it is reached."""
    good = low <= figure <= high
    target = f"at most {high:g}" if low == 0 else f"{low:g} to {high:g}"
    print(f"\n{'ok   ' if good else 'SHORT'} {what}: {figure:.3f} (target: {target})", end="")
    return good


@pytest.mark.parametrize("name", CASES)
def test_from_a_csv_to_a_verdict_and_a_learner_in_use(name, tmp_path):
    case = CASES[name]
    began = time.perf_counter()
    sheet = sheet_of(case)
    first = None
    for last in judge(sheet, case.roles, RECOMMENDED):
        first = time.perf_counter() - began if first is None and last.so_far else first
    seconds, verdict = time.perf_counter() - began, last.verdict
    print(f"\n{name}: {verdict.sentence}")
    reached = [
        check(f"{name}: seconds from the CSV to the verdict", seconds, 0, 45),
        check(f"{name}: seconds to the first errors with intervals", first, 0, 15),
        *(
            check(f"{name}: share of unseen rows in their 90 % intervals, {k} known", share, 0.88, 0.92)
            for k, share in zip(verdict.shots, verdict.coverages, strict=True)
        ),
        check(f"{name}: what is saved, over the best single way", _over_the_best(verdict), 0, 1.01),
    ]
    if not case.helps:
        print(f"\n{'SHORT' if verdict.helps else 'ok   '} {name}: the verdict says that adapting does not help", end="")
        reached.append(not verdict.helps and "does not help" in verdict.sentence)
    last.learner.save(tmp_path / "learner")
    _the_command_line_agrees(Learner.load(tmp_path / "learner"), sheet, case.roles, tmp_path)
    print()
    assert all(reached)


def _over_the_best(verdict):
    return verdict.saved.relative / min(score.relative for score in verdict.scores)


def _the_command_line_agrees(learner, sheet, roles, folder):
    """The saved learner predicts a task's other rows from five of them, as a command and in Python."""
    own = sheet.take(sheet.text(roles.task) == sheet.text(roles.task)[0])
    rows = np.arange(len(own))
    known, others = own.take(rows[:5]), own.take(rows[5:])
    for name, some in (("known", known), ("others", others)):
        (folder / f"{name}.csv").write_bytes(some.to_csv())
    command = [sys.executable, "-m", "maml_engine", "adapt", folder / "learner", folder / "known.csv"]
    command += ["--predict", folder / "others.csv", "--out", folder / "predictions.csv"]
    run = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    with (folder / "predictions.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    prediction = learner.adapt_rows(known).predict_rows(others)
    for suffix, values in zip(("", "_low", "_high"), prediction, strict=True):
        written = [float(row[roles.target + suffix]) for row in found]
        np.testing.assert_allclose(written, values[:, 0], rtol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_the_error_from_five_support_rows(name):
    case = CASES[name]
    *_, last = judge(sheet_of(case), case.roles, Settings(splits=SPLITS, shots=(5,)))
    for score in sorted(last.verdict.scores, key=lambda score: score.relative):
        print(f"\n      {score.title:<28} {score.relative:.3f}  {score.setting}", end="")
    own = last.verdict.saved
    print(f"\n      {own.title}: {last.verdict.sentence}", end="")
    reached = [
        check(f"{name}: mean of {SPLITS} splits ({own.low:.3f} to {own.high:.3f})", own.relative, 0, case.target),
        check(f"{name}: what is saved, over the best single way", _over_the_best(last.verdict), 0, 1.01),
    ]
    assert all(reached)


def test_the_command_line_says_what_python_says(tmp_path):
    """`maml verdict` on the smallest table, in a process of its own."""
    case = CASES["sleepstudy"]
    sheet_of(case)
    command = [sys.executable, "-m", "maml_engine", "verdict", "--data", case.path, "--json"]
    run = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout.splitlines()[-1])
    *_, last = judge(sheet_of(case), case.roles, RECOMMENDED)
    assert found["sentence"] == last.verdict.sentence
