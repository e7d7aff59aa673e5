"""A learner in use: rows for editors, for pictures and for files."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from dashboard.page_parts.your_tasks import predictions
from dashboard.page_parts.your_tasks.predictions import NewTask
from dashboard.page_parts.your_tasks.table import UserTable
from maml_engine.tables import Roles


def test_editors_begin_with_a_task_of_the_table(table):
    name, (known, asked, _) = predictions.first_task(table, 1)
    assert name == "a"
    assert known.to_dict("list") == {"kind": ["new"], "speed": [3.0], "when": ["2024-01-03"], "vibration": [30.0]}
    assert asked.to_dict("list") == {"kind": ["old"], "speed": [1.0], "when": ["2024-01-01"]}


def test_places_along_an_axis(table):
    frame = pd.DataFrame(
        {"kind": ["old", "new", "other"], "speed": [1.0, 2.0, 3.0], "when": ["2024-01-02", "no", "2024-01-01"]}
    )
    np.testing.assert_array_equal(predictions.along(table, frame, "speed"), [1, 2, 3])
    np.testing.assert_array_equal(predictions.along(table, frame, "kind"), [1, 0, np.nan])
    days = predictions.along(table, frame, "when")
    assert days[0] - days[2] == 1
    assert np.isnan(days[1])


def test_predictions_are_for_the_rows_that_hold_something(table, trained):
    one = trained(table)
    known = pd.DataFrame({"kind": ["old", None], "speed": [1.0, None], "when": ["x", None], "vibration": [10.0, None]})
    asked = pd.DataFrame({"kind": ["=1+1", None, "new"], "speed": [0.1, None, 2.0], "when": ["-x", None, "y"]})
    task = NewTask(known, asked)
    predicted = predictions.predict(one, task)
    assert len(one.learner.known) == 1
    np.testing.assert_allclose((predicted.mean, predicted.low, predicted.high), [[1, 20], [0, 19], [2, 21]])
    assert predicted.curve is None  # more than one input
    files = predictions.files(one, task, predicted)
    header, first, second = csv.reader(io.StringIO(files["predictions.csv"].decode()))
    assert header == ["kind", "speed", "when", "vibration", "vibration_low", "vibration_high"]
    assert first == ["'=1+1", "0.1", "'-x", "1", "0", "2"]
    assert second[1:] == ["2", "y", "20", "19", "21"]
    assert files["known.csv"] == b"kind,speed,when,vibration\nold,1,x,10\n"


def test_one_input_has_a_curve_over_the_table_and_what_is_asked(table, trained):
    one = trained(UserTable("three", "", table.sheet, Roles("machine", ("speed",), "vibration")))
    task = NewTask(pd.DataFrame({"speed": [2.0], "vibration": [20.0]}), pd.DataFrame({"speed": [12.0]}))
    x, mean, low, high = predictions.predict(one, task).curve
    assert (x[0], x[-1]) == (1, 12)
    np.testing.assert_allclose(mean, 10 * x)
    np.testing.assert_allclose(high - low, 2)


def test_rows_that_are_not_complete_are_left_out_with_a_sentence(table, trained):
    known = pd.DataFrame(
        {"kind": ["", None, "old"], "speed": [1, None, 2], "when": ["x", None, "y"], "vibration": [9, None, None]}
    )
    asked = pd.DataFrame({"kind": ["old", "old", "new"], "speed": [None, 2.0, 3.0], "when": ["x", " ", "y"]})
    task, sentences = predictions.complete(table, NewTask(known, asked))
    assert task.known["speed"].tolist() == [1]  # its empty text is a category that training has not seen
    assert task.asked["speed"].tolist() == [3]
    assert sentences == [
        "Known rows: row 2 has no vibration yet. What is not complete is left out.",
        "Rows to predict: row 1 has no speed yet, and 1 more are not complete. What is not complete is left out.",
    ]
    assert not predictions.complete(table, task)[1]
    with pytest.raises(ValueError, match="at least one row"):
        predictions.predict(trained(table), NewTask(task.known.iloc[:0], task.asked.iloc[:0]))


@pytest.mark.parametrize(
    ("content", "speeds"),
    [
        (b'Speed,KIND\n"1,5",old\n"-0,25",new\n', [1.5, -0.25]),
        (b"SPEED;kind\n1,5;old\n2;new\n", [1.5, 2]),
        (b'speed,kind\n"1,5",old\n2.5,new\n', [1.5, 2.5]),
        (b'speed,kind\n"0,125",old\n,new\n', [0.125, np.nan]),
    ],
)
def test_a_file_of_rows_is_read_as_it_is_meant(content, speeds):
    frame = predictions.read_rows(content, ["kind", "speed"])
    np.testing.assert_array_equal(frame["speed"], speeds)
    assert frame["kind"].tolist() == ["old", "new"]


def test_what_a_file_of_rows_may_mean_in_two_ways_is_asked():
    with pytest.raises(ValueError, match="'1,234', whose comma may be of thousands"):
        predictions.read_rows(b'speed,kind\n"1,234",old\n"2,5",new\n', ["speed"])
    with pytest.raises(ValueError, match="must have the column 'SPEED'"):
        predictions.read_rows(b"speed,Speed\n1,2\n", ["SPEED"])
    assert predictions.read_rows(b'kind,speed\n"a,5",1\n', ["kind"])["kind"].tolist() == ["a,5"]


def test_a_file_of_rows_must_hold_the_columns():
    frame = predictions.read_rows(b"speed,kind,other\n1,old,x\n2,new,y\n", ["kind", "speed"])
    assert frame.to_dict("list") == {"kind": ["old", "new"], "speed": [1.0, 2.0]}
    assert predictions.read_rows(b"speed\n1\n2\n", ["speed"])["speed"].tolist() == [1, 2]
    with pytest.raises(ValueError, match="must have the column 'vibration', got 'speed'"):
        predictions.read_rows(b"speed,kind,other\n1,old,x\n", ["kind", "vibration"])
