"""What the columns of a table are called."""

import pytest

from maml_engine.io.header import check_columns, holds_numbers
from maml_engine.io.sheet import read_sheet


@pytest.mark.parametrize(
    ("first", "is_data"),
    [
        (["m1", "1.5", "3"], True),
        (["1,5", "2,5", "x"], True),
        (["machine", "speed", "load"], False),
        (["country", "1952", "1957"], False),
        (["1952", "1952"], True),  # a year that comes twice names nothing
        (["", "", ""], False),
    ],
)
def test_a_first_row_of_numbers_is_no_header_unless_they_are_years(first, is_data):
    assert holds_numbers(first) == is_data


def test_years_as_names_are_a_header():
    assert read_sheet(b"country,1952,1957\nA,1,2\n").names == ("country", "1952", "1957")


def test_names_that_come_twice_or_are_empty_are_made_their_own():
    sheet = read_sheet(b"t,x,x,x (2),\na,1,2,3,4\n")
    assert sheet.names == ("t", "x", "x (3)", "x (2)", "column 5")
    assert len(sheet.notes) == 2


@pytest.mark.parametrize(
    ("header", "names", "sentence"),
    [
        (["t", "x"], ["y"], "Column 'y' must be one of the file's columns: 't', 'x'."),
        (["t", ""], ["x", "y"], "Columns 'x', 'y' must be among the file's columns: 't'."),
        (["", ""], ["x", "y"], "Column 'x' must be one of the file's columns: none has a name."),
    ],
)
def test_what_is_missing_is_named_beside_what_is_there(header, names, sentence):
    with pytest.raises(ValueError) as refusal:
        check_columns(header, names)
    assert str(refusal.value) == sentence


BODY = "".join(f"{task},red,{row},{row % 3}\n" for task in "abcd" for row in range(5))


@pytest.mark.parametrize(
    "above",
    [
        "a,,,\n" * 6,  # nothing is known yet but the task
        "a,red,,\n" * 6,
        "".join(f"new {row},,,\n" for row in range(6)),
        "a,,,2\n",
    ],
)
@pytest.mark.parametrize("preamble", ["", "Report,,,\nby me,,,\n"])
def test_rows_with_holes_below_the_names_are_rows(above, preamble):
    sheet = read_sheet((preamble + "task,colour,x,y\n" + above + BODY).encode())
    assert sheet.names == ("task", "colour", "x", "y")
    assert len(sheet.frame) == above.count("\n") + 20
