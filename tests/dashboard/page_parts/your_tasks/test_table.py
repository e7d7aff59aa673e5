"""A visitor's table: rows for pictures, changes, and the shelf."""

import numpy as np

from dashboard.page_parts.your_tasks import table as tables
from maml_engine.tables import Fix, Roles, read_sheet


def test_rows_for_a_picture_lie_along_the_first_input_that_is_no_text(table):
    rows = tables.rows_along(table.sheet, table.roles)
    assert rows.x_name == "speed"
    np.testing.assert_array_equal(rows.tasks["a"], ([3, 1], [30, 10]))  # without the row that has no vibration
    assert list(rows.tasks) == ["a", "b", "c"]
    assert rows.categories == rows.classes == ()


def test_text_and_classes_are_places_among_their_names(table):
    rows = tables.rows_along(table.sheet, Roles("machine", ("kind",), "speed", classes=True))
    assert rows.categories == ("new", "old")
    np.testing.assert_array_equal(rows.tasks["a"][0], [0, 1, 0])
    assert rows.classes[int(rows.tasks["a"][1][0])] == "3"


def test_a_fix_and_an_edit_give_another_table(table):
    fewer = tables.fixed(table, Fix("Leave it out", drop=(4,)))
    assert len(fewer.sheet) == 7
    assert fewer.id != table.id
    assert len(table.sheet) == 8
    frame = table.sheet.frame.copy()
    frame.loc[frame.index[2], "vibration"] = "20"
    assert tables.edited(table, frame).sheet.numbers("vibration")[2] == 20
    assert len(tables.edited(table, frame.iloc[1:]).sheet) == 7


def test_an_edit_keeps_how_decimals_are_written():
    sheet = read_sheet(b"machine;speed;vibration\na;1,5;3,25\na;2,5;4\nb;1;2\n")
    table = tables.UserTable("commas", "commas.csv", sheet, Roles("machine", ("speed",), "vibration"))
    np.testing.assert_array_equal(tables.edited(table, sheet.frame).sheet.numbers("speed"), [1.5, 2.5, 1])


def test_the_shelf_holds_a_few_tables(monkeypatch):
    held = {}
    monkeypatch.setattr(tables, "shelf", lambda: held)
    for number in range(10):
        tables.put(tables.UserTable(str(number), "", None, None))
    assert list(held) == ["6", "7", "8", "9"]
