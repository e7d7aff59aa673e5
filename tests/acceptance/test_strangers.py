"""Tables that strangers bring, outside the repository: which column is what, and files of every kind: `make acceptance`.

`MAML_LAB_DATA` names the folder of real data; `roles/` in it holds tables with the columns that their authors meant.
"""

import csv
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maml_engine.tables import Roles, Settings, guess, read_sheet, table_csv
from maml_engine.tables.fits import fit_parts, judge_predictors
from maml_engine.tables.plan import Plan
from maml_engine.tables.summary import scores_so_far
from tests.io.spellings import spellings
from tests.io.test_spellings import check_odd, check_round_trip
from tests.real_data import real_file

pytestmark = pytest.mark.acceptance
FILES = 20_000
MAX_SECONDS = 2.0


def is_right(roles, row):
    """Task and target are the authors', their inputs are among ours, and no row name is."""
    named = roles.task in row["task"].split("|") and roles.target == row["target"]
    return named and set(row["inputs"].split(",")) <= set(roles.inputs) and "rownames" not in roles.inputs


def test_columns_of_real_tables_are_guessed_right():
    wrong, asked = [], []
    with real_file("roles/roles.tsv").open() as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    for row in rows:
        found = guess(read_sheet(real_file(f"roles/{row['file']}")))
        if not is_right(found.roles, row):
            wrong.append((row["file"], found.roles))
        if found.question is not None:
            asked.append(row["file"])
    print(f"\n{len(rows) - len(wrong)} of {len(rows)} right; asked: {asked or 'none'}")
    assert len(wrong) <= len(rows) - 18 * len(rows) // 21, wrong
    assert len(asked) <= 3


def errors_by_way(strength, inputs):
    """What each fit errs by from five known rows, over the spread, on a table with a category of 200 levels."""
    rng = np.random.default_rng(0)
    effects, shares = strength * rng.normal(size=200), rng.dirichlet(np.full(200, 0.5))
    ids, x = np.repeat(np.arange(60), 15), rng.uniform(-1, 1, 900)
    codes = rng.choice(200, 900, p=shares)
    y = rng.normal(size=60)[ids] + rng.normal(1, 0.5, 60)[ids] * x + effects[codes] + 0.3 * rng.normal(size=900)
    sheet = read_sheet(table_csv({"task": [f"t{task}" for task in ids], "x": x, "kind": [f"k{one}" for one in codes], "y": y}))
    plan = Plan.of(sheet, Roles("task", inputs, "y"), Settings())
    stages = fit_parts(plan)
    while True:
        try:
            next(stages)
        except StopIteration as end:
            fits = end.value
            break
    outcomes = {way: judge_predictors(plan, fits, [one.predictors[way] for one in fits]) for way in fits[0].predictors}
    return {score.name: score.relative for score in scores_so_far(plan, outcomes)}


def test_a_category_of_200_levels_is_used_by_every_way_and_tells_none_what_it_predicts():
    for strength, low, high in ((1.0, 0.3, 0.7), (0.0, 0.95, 1.1)):
        without, with_levels = (errors_by_way(strength, inputs) for inputs in (("x",), ("x", "kind")))
        print(
            f"\nlevels of effect {strength:g}: " + ", ".join(f"{w} {without[w]:.3f} -> {with_levels[w]:.3f}" for w in without)
        )
        for way in ("mixed_model", "gaussian_process", "boosted_trees", "ridge_prior"):
            assert low < with_levels[way] / without[way] < high, way


def test_of_files_that_are_hardly_tables_only_our_refusals_come():
    slowest = (0.0, 0)
    for seed in range(FILES):
        began = time.process_time()
        check_odd(seed)
        slowest = max(slowest, (time.process_time() - began, seed))
    print(f"\n{FILES:,} files, the slowest took {slowest[0]:.2f} s (seed {slowest[1]})")
    assert slowest[0] < MAX_SECONDS


def test_a_table_is_the_same_however_it_is_written():
    @settings(max_examples=2000, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(0, 2**20), spellings())
    def check(seed, how):
        check_round_trip(seed, how)

    check()
