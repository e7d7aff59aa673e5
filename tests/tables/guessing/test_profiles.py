"""What the cells of a column say of it."""

import numpy as np
import pytest

from maml_engine.tables import read_sheet, table_csv
from maml_engine.tables.guessing.profiles import is_design, profiles_of, ranks_within, rises_within

GROUP, DAY = np.repeat(np.arange(10), 6), np.tile(np.arange(1, 7), 10)
RNG = np.random.default_rng(0)


def profiles(**columns):
    return profiles_of(read_sheet(table_csv({"group": GROUP, "day": DAY} | columns)))


@pytest.mark.parametrize(
    ("name", "cells", "said"),
    [
        ("n", np.arange(60), "numbers the rows"),
        ("n", RNG.permutation(60) + 5, "numbers the rows"),
        ("obs", np.arange(60) ** 2, "counts the rows up"),
        ("note", [f"row {place}" for place in range(60)], "another value in every row"),
        ("height", np.arange(60) ** 2, ""),
        ("x", RNG.normal(size=60), ""),
    ],
)
def test_what_names_the_rows_is_known(name, cells, said):
    why = profiles(**{name: cells})[name].row_name
    assert said in why if said else why == ""


@pytest.mark.parametrize("header", ["", "rownames", "X", "...1", "Unnamed: 0", "index"])
def test_a_first_column_without_a_name_names_the_rows(header):
    rows = "".join(f"{3 * place + place % 2},g{place % 4},{place / 7:.3f}\n" for place in range(20))
    column = profiles_of(read_sheet(f"{header},task,y\n{rows}".encode()))
    assert next(iter(column.values())).row_name


def test_a_design_a_time_and_a_measure_are_told_apart():
    found = profiles(measure=RNG.normal(size=60), score=RNG.integers(0, 4, 60))
    task = found["group"]
    assert is_design(found["day"], task) == 1.0
    assert is_design(found["measure"], task) < 0.2
    assert is_design(found["score"], task) < 0.5
    assert rises_within(found["day"], task) == 1.0
    assert rises_within(found["measure"], task) < 0.2
    assert ranks_within(found["day"], task)
    assert not ranks_within(found["score"], task)
