"""A table on its way through the page: rows for pictures, for editors, and for files."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from dashboard.page_parts.your_tasks import table as your_tasks
from dashboard.page_parts.your_tasks.examples import EXAMPLES, example_csv
from maml_engine.tables import Fix, Roles, Settings, guess_roles, read_sheet
from tests.small_verdict import small_verdict

CONTENT = b"""machine,kind,when,speed,vibration
a,new,2024-01-03,3,30
a,old,2024-01-01,1,10
a,new,2024-01-02,2,
b,old,2024-02-01,5,50
b,old,2024-02-02,4,40
b,new,2024-02-03,6,60
c,old,2024-02-01,7,70
c,old,2024-02-02,8,80
"""
ROLES = Roles("machine", ("kind", "speed", "when"), "vibration")


@pytest.fixture
def table():
    return your_tasks.UserTable("one", "table.csv", read_sheet(CONTENT), ROLES)


class Tenfold:
    """A learner that predicts ten times the speed, more or less one; it keeps what it was given."""

    def adapt_rows(self, rows):
        self.known = rows
        return self

    def predict_rows(self, rows):
        mean = 10 * rows["speed"].to_numpy(float)[:, None]
        return your_tasks.Prediction(mean, mean - 1, mean + 1)


def judged(table, learner):
    return your_tasks.TrainedVerdict(table, Settings(k_shot=2), small_verdict(), learner)


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_the_same_each_time_and_guessed_as_they_are(name):
    sheet = read_sheet(example_csv(name))
    assert guess_roles(sheet) == EXAMPLES[name].roles
    example_csv.cache_clear()
    assert read_sheet(example_csv(name)).digest == sheet.digest
    counts = pd.Series(sheet.text(EXAMPLES[name].roles.task)).value_counts()
    assert len(counts) >= 30
    assert counts.min() >= 11


def test_rows_for_a_picture_lie_along_the_first_input_that_is_no_text(table):
    rows = your_tasks.rows_along(table.sheet, ROLES)
    assert rows.x_name == "speed"
    np.testing.assert_array_equal(rows.tasks["a"], ([3, 1], [30, 10]))  # without the row that has no vibration
    assert list(rows.tasks) == ["a", "b", "c"]
    assert rows.categories == rows.classes == ()


def test_text_and_classes_are_places_among_their_names(table):
    rows = your_tasks.rows_along(table.sheet, Roles("machine", ("kind",), "speed", classes=True))
    assert rows.categories == ("new", "old")
    np.testing.assert_array_equal(rows.tasks["a"][0], [0, 1, 0])
    assert rows.classes[int(rows.tasks["a"][1][0])] == "3"


def test_editors_begin_with_a_task_of_the_table(table):
    name, known, asked = your_tasks.first_rows(table, 1)
    assert name == "a"
    assert known.to_dict("list") == {"kind": ["new"], "speed": [3.0], "when": ["2024-01-03"], "vibration": [30.0]}
    assert asked.to_dict("list") == {"kind": ["old"], "speed": [1.0], "when": ["2024-01-01"]}


def test_a_mend_and_an_edit_give_another_table(table):
    fewer = your_tasks.mended(table, Fix("Leave it out", drop=(4,)))
    assert len(fewer.sheet) == 7
    assert fewer.id != table.id
    assert len(table.sheet) == 8
    frame = table.sheet.frame.copy()
    frame.loc[frame.index[2], "vibration"] = "20"
    assert your_tasks.edited(table, frame).sheet.numbers("vibration")[2] == 20


def test_of_a_large_table_a_run_keeps_the_first_rows(table, monkeypatch):
    assert your_tasks.first_part(table) is table
    monkeypatch.setattr(your_tasks, "MAX_KEPT_CELLS", 10)
    kept = your_tasks.first_part(table)
    assert len(kept.sheet) == 2
    assert (kept.id, kept.name) == ("one", "table.csv (its first 2 rows)")


def test_places_along_an_axis(table):
    frame = pd.DataFrame(
        {"kind": ["old", "new", "other"], "speed": [1.0, 2.0, 3.0], "when": ["2024-01-02", "no", "2024-01-01"]}
    )
    np.testing.assert_array_equal(your_tasks.along(table, frame, "speed"), [1, 2, 3])
    np.testing.assert_array_equal(your_tasks.along(table, frame, "kind"), [1, 0, np.nan])
    days = your_tasks.along(table, frame, "when")
    assert days[0] - days[2] == 1
    assert np.isnan(days[1])


def test_predictions_are_for_the_rows_that_hold_something(table):
    learner = Tenfold()
    one = judged(table, learner)
    known = pd.DataFrame({"kind": ["old", None], "speed": [1.0, None], "when": ["x", None], "vibration": [10.0, None]})
    asked = pd.DataFrame({"kind": ["=1+1", None, "new"], "speed": [0.1, None, 2.0], "when": ["-x", None, "y"]})
    predicted = your_tasks.predicted(one, known, asked)
    assert len(learner.known) == 1
    np.testing.assert_allclose((predicted.mean, predicted.low, predicted.high), [[1, 20], [0, 19], [2, 21]])
    assert predicted.curve is None  # more than one input
    files = your_tasks.files(one, known, asked, predicted)
    header, first, second = csv.reader(io.StringIO(files["predictions.csv"].decode()))
    assert header == ["kind", "speed", "when", "vibration", "vibration_low", "vibration_high"]
    assert first == ["'=1+1", "0.1", "'-x", "1", "0", "2"]
    assert second[1:] == ["2", "y", "20", "19", "21"]
    assert files["known.csv"] == b"kind,speed,when,vibration\nold,1,x,10\n"


def test_one_input_has_a_curve_over_the_table_and_what_is_asked(table):
    one = judged(your_tasks.UserTable("three", "", table.sheet, Roles("machine", ("speed",), "vibration")), Tenfold())
    x, mean, low, high = your_tasks.predicted(
        one, pd.DataFrame({"speed": [2.0], "vibration": [20.0]}), pd.DataFrame({"speed": [12.0]})
    ).curve
    assert (x[0], x[-1]) == (1, 12)
    np.testing.assert_allclose(mean, 10 * x)
    np.testing.assert_allclose(high - low, 2)


def test_a_file_of_rows_must_hold_the_columns():
    frame = your_tasks.read_rows(b"speed,kind,other\n1,old,x\n2,new,y\n", ["kind", "speed"])
    assert frame.to_dict("list") == {"kind": ["old", "new"], "speed": [1.0, 2.0]}
    assert your_tasks.read_rows(b"speed\n1\n2\n", ["speed"])["speed"].tolist() == [1, 2]
    with pytest.raises(ValueError, match="must have the column 'vibration', got 'speed'"):
        your_tasks.read_rows(b"speed,kind,other\n1,old,x\n", ["kind", "vibration"])


def test_the_script_is_python_whatever_the_columns_are_called(table):
    evil = '"""\n{x}\' + __import__("os")'
    one = judged(your_tasks.UserTable("four", "", table.sheet, Roles("t", (evil,), "y")), None)
    content = your_tasks.script(one)
    compiled = compile(content, "your_tasks.py", "exec")
    assert evil in [const for const in compiled.co_consts for const in (const if isinstance(const, tuple) else (const,))]
    assert "Settings(k_shot=2)" in content


def test_the_shelf_holds_a_few_tables(monkeypatch):
    held = {}
    monkeypatch.setattr(your_tasks, "shelf", lambda: held)
    for number in range(10):
        your_tasks.put(your_tasks.UserTable(str(number), "", None, ROLES))
    assert list(held) == ["6", "7", "8", "9"]
