"""Tables that strangers bring, outside the repository: which column is what, and files of every kind: `make acceptance`.

`MAML_LAB_DATA` names the folder of real data; `roles/` in it holds tables with the columns that their authors meant.
"""

import csv
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maml_engine.tables import guess, read_sheet
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
