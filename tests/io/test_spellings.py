"""A table says the same in whatever way it is written; and whatever comes under the name of a table, the answer is ours."""

import datetime
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maml_engine.tables import guess, read_sheet, validate
from tests.io.spellings import COLUMNS, Spelling, odd_file, rows_from, spellings, write

EPOCH = datetime.date(1970, 1, 1)


def check_round_trip(seed, how):
    """Reads what was written and compares it with the rows."""
    rows = rows_from(seed)
    sheet = read_sheet(write(rows, how))
    named = [name for name in sheet.names if not name.startswith("column ")]
    assert sorted(named) == sorted(COLUMNS)
    assert len(sheet) == len(rows.tasks)
    assert sheet.text("gerät").tolist() == list(rows.tasks)
    assert sheet.text("wort").tolist() == list(rows.words)
    assert [sheet.kind(name) for name in COLUMNS] == ["text", "text", "date", "number", "number"]
    np.testing.assert_array_equal(np.floor(sheet.days("tag")), [(day - EPOCH).days for day in rows.days])
    np.testing.assert_array_equal(sheet.numbers("preis"), rows.prices)
    np.testing.assert_array_equal(sheet.numbers("anteil"), rows.shares)
    assert not any(sheet.reading(name).others for name in COLUMNS)


def check_odd(seed):
    """Reads, guesses and judges a file that may be none; only refusals of ours come out."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            sheet = read_sheet(odd_file(seed))
            roles = guess(sheet).roles
        except ValueError as error:
            assert "\n" not in str(error), seed
            assert type(error) is ValueError, (seed, error)
            return
        validate(sheet, roles)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(st.integers(0, 2**20), spellings())
def test_a_table_is_the_same_however_it_is_written(seed, how):
    check_round_trip(seed, how)


@pytest.mark.parametrize(
    "how",
    [
        Spelling(";", ",", ".", "%d.%m.%Y", "cp1252", "\r\n"),
        Spelling(dates="%m/%d/%Y", thousands=",", unit="$", quoted=True),
        Spelling("\t", ",", " ", "%d %b %Y", "utf-16", "\r"),
        Spelling("|", dates="%B %d, %Y", trailing=True, order=(3, 4, 1, 2, 0)),  # a comma in each row, and none in the header
        Spelling(preamble="# made by a logger, of words\n\n", units_row=True, trailing=True),
        Spelling(";", ",", dates="%y-%m-%d", encoding="cp850", line_end="\r\n"),
        Spelling(";", encoding="mac_roman", preamble="sep=;\n", names_rows=True),
    ],
    ids=["German spreadsheet", "American shop", "tabs and blanks", "bars at the end", "logger", "DOS", "R"],
)
def test_how_people_save_tables(how):
    check_round_trip(0, how)


@pytest.mark.parametrize("block", range(3))
def test_what_is_hardly_a_table_is_read_or_refused_by_us(block):
    for seed in range(40 * block, 40 * (block + 1)):
        check_odd(seed)
