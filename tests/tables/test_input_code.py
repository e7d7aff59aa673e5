"""Columns as numbers: what of new rows lies beyond the table is said, and no curve runs away out there."""

import numpy as np
import pytest

from maml_engine.tables import Roles, read_sheet
from maml_engine.tables.encoding import Encoding
from maml_engine.tables.learner import as_sheet

ROWS = "".join(f"s{task},{'ABC'[row % 3]},{8 + row},2024-01-{row + 1:02d},{row}\n" for task in range(6) for row in range(11))
SHEET = read_sheet(("shop,kind,age,day,y\n" + ROWS).encode())


def encoding(*inputs, log=()):
    return Encoding.of(SHEET, Roles("shop", inputs, "y", log))


@pytest.mark.parametrize("log", [(), ("age",)])
def test_rows_beyond_the_range_are_said_and_count_as_those_at_its_edge(log):
    code = encoding("age", log=log)
    sheet = as_sheet({"age": [8, 18, 40]})
    near, edge, far = code.encode_inputs(sheet)[:, 0]
    assert near < edge < far < edge + 0.2 * (edge - near)
    np.testing.assert_array_equal(code.reach(sheet) > 0, [False, False, True])
    assert code.beyond(sheet) == ["Column 'age' goes from 8 to 18 in the table, got '40' in row 4: nothing is known out there."]
    assert code.beyond(as_sheet({"age": [8, 18]})) == []


def test_a_category_that_the_table_never_had_is_like_each_of_its_own():
    code = encoding("kind", "age")
    sheet = as_sheet({"kind": ["A", "D", "b"], "age": [9, 9, 9]})
    known, new, other = code.encode_inputs(sheet)[:, :3]
    assert sorted(known) == [0, 0, 1]
    np.testing.assert_allclose(new, other)
    np.testing.assert_allclose(new.sum(), 1)
    assert (code.reach(sheet) > 0).tolist() == [False, True, True]
    (said,) = code.beyond(sheet)
    assert "'D' in 2 rows (3, 4)" in said
    assert said.endswith("Is 'B' meant?")


def test_days_beyond_the_table_are_said_as_days():
    (said,) = encoding("day").beyond(as_sheet({"day": ["2024-01-05", "2025-03-01"]}))
    assert "from 2024-01-01 to 2024-01-11" in said
    assert "'2025-03-01'" in said


def test_rows_of_a_new_task_are_read_as_their_table_was():
    rows = "".join(f'c{task},{1 + row:02d}/{13 + row}/2024,"{1000 + row:,}"\n' for task in range(6) for row in range(9))
    sheet = read_sheet(("customer,date,y\n" + rows).encode())
    code = Encoding.of(sheet, Roles("customer", ("date",), "y"))
    same = [code.encode_inputs(as_sheet({"date": [day]})).item() for day in ("02/03/2024", "2024-02-03")]
    assert same[0] == same[1]
    numbers = [code.encode_target(as_sheet({"y": [cell]})).item() for cell in ("1,008", "1008")]
    assert numbers[0] == numbers[1]


def test_a_yes_and_a_no_are_known_however_they_are_spelt():
    rows = "".join(f"s{task},{'true' if row % 2 else 'false'},{row}\n" for task in range(6) for row in range(9))
    code = Encoding.of(read_sheet(("shop,promo,y\n" + rows).encode()), Roles("shop", ("promo",), "y"))
    cells = code.encode_inputs(as_sheet({"promo": ["TRUE", "true", "1", "True"]}))
    assert (cells == cells[0]).all()
    assert code.beyond(as_sheet({"promo": ["TRUE", "0"]})) == []


def test_words_that_others_take_for_missing_are_categories():
    rows = "".join(f"s{task},{['NA', 'none', 'EU'][row % 3]},{row}\n" for task in range(6) for row in range(9))
    sheet = read_sheet(("shop,place,y\n" + rows).encode())
    assert not sheet.missing("place").any()
    cells = Encoding.of(sheet, Roles("shop", ("place",), "y")).encode_inputs(as_sheet({"place": ["NA", "none"]}))
    assert (cells.sum(axis=1) == 1).all()
