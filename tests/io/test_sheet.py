"""Bringing a table: whatever somebody saved under the name of a table is read, or refused in one sentence."""

import io

import numpy as np
import pandas as pd
import pytest

from maml_engine.io.sheet import Sheet
from maml_engine.tables import read_sheet, table_csv

ROWS = "m1,1.5,3\nm2,-2.5,4\n"


@pytest.mark.parametrize(
    "content",
    [
        ("machine,x,y\n" + ROWS).encode(),
        ("\ufeffmachine;x;y\n" + ROWS.replace(",", ";")).encode(),
        ("machine;x;y\n" + ROWS.replace(",", ";").replace(".", ",")).encode(),
        ("machine\tx\ty\n" + ROWS.replace(",", "\t")).encode(),
        ("machine,x,y\n" + ROWS).encode("utf-16"),
        ("\n\nmachine,x,y\n\n" + ROWS).encode(),
    ],
    ids=["commas", "semicolons and a mark", "decimal commas", "tabs", "UTF-16", "blank rows"],
)
def test_the_spelling_of_a_file_changes_nothing(content):
    sheet = read_sheet(content)
    assert sheet.names == ("machine", "x", "y")
    assert sheet.text("machine").tolist() == ["m1", "m2"]
    np.testing.assert_array_equal(sheet.numbers("x"), [1.5, -2.5])
    np.testing.assert_array_equal(sheet.numbers("y"), [3, 4])


@pytest.mark.parametrize("word", ["n.a.", "k.A.", "#NV", "#DIV/0!", "--"])
def test_words_of_spreadsheets_for_no_number_are_missing(word):
    sheet = read_sheet(f"machine,x,y\n{ROWS}m3,{word},5\nm4,2,7\n".encode())
    assert sheet.missing("x").tolist() == [False, False, True, False]


def test_latin_1_is_read_and_said():
    sheet = read_sheet("gerät,x,y\nä,1,2\n".encode("latin-1"))
    assert sheet.names[0] == "gerät"
    assert "Latin-1" in sheet.notes[0]


def test_a_missing_header_is_said_and_its_row_is_kept():
    sheet = read_sheet(ROWS.encode())
    assert sheet.names == ("column 1", "column 2", "column 3")
    assert len(sheet) == 2
    assert sheet.places.tolist() == [1, 2]
    assert "first row" in sheet.notes[0]


def test_parquet_is_read_as_its_csv_would_be():
    frame = pd.DataFrame({"t": ["a", "b"], "day": pd.to_datetime(["2020-01-01", "2020-01-03"]), "y": [1.5, None]})
    file = io.BytesIO()
    frame.to_parquet(file)
    sheet = read_sheet(file.getvalue())
    assert [sheet.kind(name) for name in sheet.names] == ["text", "date", "number"]
    assert np.diff(sheet.days("day")).tolist() == [2.0]
    assert sheet.missing("y").tolist() == [False, True]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty file"),
        (b"a\n1\n2\n", "the one column 'a'"),
        (b"a,b\n1,2\n", "at least three columns"),
        (b"a,b,c\n", "only the header"),
        (b"a,b,c\n1,2,3,4\n", "Row 2 must have as many fields"),
        (b"PK\x03\x04rest", "a ZIP archive or a spreadsheet"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"PAR1rest", "begins like Parquet"),
        (b"a,b,c\n\x00,1,2\n", "binary data"),
        ((",".join(f"c{place}" for place in range(10_000)) + "\n" + "1," * 9_999 + "1\n").encode(), "at most 1,000 columns"),
    ],
)
def test_what_is_no_table_is_refused_in_one_sentence(content, said):
    with pytest.raises(ValueError, match=said) as error:
        read_sheet(content)
    assert "\n" not in str(error.value)


def test_a_file_that_is_too_large_is_refused_unread(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(200_000_000)
    with pytest.raises(ValueError, match="at most 50 MB, got 200 MB"):
        read_sheet(path)


@pytest.mark.parametrize("name", ["=1+1", "@SUM(A1)", "-x", "+y", "a,b", 'say "x"', "50 %", "#id", "<b>bold</b>"])
def test_names_go_out_harmless_and_come_back_as_they_were(name):
    written = table_csv({name: ["=2+2", "-3", "-3x"], "x": [1.5, -2.0, np.nan], "y": [1, 2, 3]})
    cells = [field for row in written.decode().splitlines() for field in row.split(",")]
    assert not [cell for cell in cells if cell[:1] in "=+@" and cell]
    assert "-2" in cells
    assert "-3" in cells
    back = read_sheet(written)
    assert back.names[0] == name
    assert back.text(name).tolist() == ["=2+2", "-3", "-3x"]


def test_a_frame_is_judged_as_its_text():
    sheet = Sheet.from_frame(pd.DataFrame({"t": [1, 2], "x": [0.5, None], "y": [True, False]}))
    assert sheet.text("t").tolist() == ["1", "2"]
    assert np.isnan(sheet.numbers("x")[1])
    assert sheet.text("y").tolist() == ["true", "false"]


def test_columns_that_are_known_are_found_whatever_else_is_there():
    sheet = read_sheet(b"x;note\n1,5;a\n2;b\n", columns=("x",))
    assert sheet.names == ("x",)
    np.testing.assert_array_equal(sheet.matrix(["x"]), [[1.5], [2.0]])
    np.testing.assert_array_equal(read_sheet(b"x\n3\n4\n", columns=("x",)).checked_numbers("x"), [3.0, 4.0])
    np.testing.assert_array_equal(read_sheet(b"1952,t\n3,a\n", columns=("1952",)).checked_numbers("1952"), [3.0])


def test_a_file_of_empty_cells_is_refused():
    with pytest.raises(ValueError, match="only the header"):
        read_sheet(b",,\n,,\n")


@pytest.mark.parametrize(
    ("x", "dates", "sentence"),
    [
        (["1", "", "3"], False, "Column 'x' must not have missing values, got '' in row 3."),
        (["1", "two", "inf"], False, "Column 'x' must hold numbers, got 'two' in row 3."),
        (["1", "-inf", "1e20"], False, "Column 'x' must hold finite numbers, got '-inf' in row 3."),
        (["1e20", "2", "3e20"], False, "Column 'x' must hold numbers between -1e+18 and 1e+18, got '1e20' in 2 rows (2, 4)."),
        (["2024-01-01", "soon", "2024-01-02"], True, "Column 'x' must hold dates, got 'soon' in row 3."),
    ],
)
def test_a_cell_that_cannot_be_used_is_named_with_its_row(x, dates, sentence):
    sheet = Sheet.from_frame(pd.DataFrame({"x": x}), fewest_columns=1)
    with pytest.raises(ValueError) as refusal:
        sheet.checked_numbers("x", dates=dates)
    assert str(refusal.value) == sentence


def test_all_columns_that_are_missing_are_named():
    with pytest.raises(ValueError, match=r"^Columns 'x', 'y' must be among the file's columns: 't', 'z'\.$"):
        read_sheet(b"t,z\na,1\n", columns=("t", "x", "y"))
