import numpy as np
import pytest

from dashboard.figures import style
from dashboard.figures.characters import (
    Look,
    accuracy_figure,
    answers_figure,
    classes_figure,
    confusion_figure,
    letters,
    support_figure,
)
from dashboard.results import AccuracyCurve, PictureTask


def made_task(ways: int = 3, shots: int = 2, queries: int = 2) -> PictureTask:
    """Right at all questions but the last after the second step, and wrong at all before."""
    rng = np.random.default_rng(0)
    truth = np.arange(ways * queries) % ways
    shares = np.full((3, len(truth), ways), 0.1)
    shares[:2, np.arange(len(truth)), (truth + 1) % ways] = 0.8
    shares[2, np.arange(len(truth)), truth] = 0.8
    shares[2, -1] = np.roll(shares[2, -1], 1)
    pictures = rng.integers(0, 256, (ways, shots, 6, 6), np.uint8), rng.integers(0, 256, (len(truth), 6, 6), np.uint8)
    return PictureTask(*pictures, truth, shares)


def texts(figure) -> list[str]:
    return [each["text"] for each in figure.properties.get("annotations", [])]


def test_right_and_wrong_are_counted_after_each_step():
    task = made_task()
    np.testing.assert_allclose(task.accuracy, [0, 0, 5 / 6])
    np.testing.assert_array_equal(task.confusion(2), [[2, 0, 0], [0, 2, 0], [1, 0, 1]])
    assert task.confusion(0).trace() == 0


def test_all_pictures_are_drawn_and_the_wrong_ones_say_what_they_were_taken_for():
    figure = answers_figure(made_task(), 2)
    assert len(figure.traces) == 3 * 2 + 6
    frames = figure.properties["shapes"]
    assert [frame["line"]["dash"] for frame in frames].count("dash") == 1
    assert {frame["line"]["color"] for frame in frames} == {style.AFTER, style.WRONG}
    assert texts(figure) == ["<b>A</b>", "<b>B</b>", "<b>C</b>", "<b>A</b>"]


def test_a_question_says_nothing_of_its_class():
    figure, other = support_figure(made_task(), 1), support_figure(made_task(), 2)
    assert len(figure.traces) == 7 and texts(figure) == [f"<b>{letter}</b>" for letter in "ABC"]
    places = [(trace["x"].tolist(), trace["y"].tolist()) for trace in figure.traces]
    assert places == [(trace["x"].tolist(), trace["y"].tolist()) for trace in other.traces]
    assert len(support_figure(made_task()).traces) == 6


def test_classes_of_a_visitor_s_have_a_row_each_and_their_names_are_read_as_they_stand():
    figure = classes_figure({"cat <b>": np.zeros((3, 6, 6), np.uint8), "dog": np.full((1, 6, 6), 255, np.uint8)})
    assert len(figure.traces) == 4 and texts(figure) == ["<b>cat &lt;b&gt;</b>", "<b>dog</b>"]
    rows = [trace["y"].min() for trace in figure.traces]
    assert rows[0] == rows[1] == rows[2] < rows[3] and figure.traces[3]["z"].min() == 255


def test_confusion_has_a_row_a_class():
    (trace,) = confusion_figure(made_task(), 2).traces
    assert trace["x"] == trace["y"] == list("ABC")
    np.testing.assert_array_equal(trace["z"], made_task().confusion(2))


def test_accuracy_is_drawn_in_percent_with_its_interval_and_guessing():
    curve = AccuracyCurve(np.array([0.2, 0.9]), np.array([0.19, 0.88]), np.array([0.21, 0.92]))
    figure = accuracy_figure({"one": curve}, {"one": Look("#123456", "dash")}, 0.2)
    band, line = figure.traces
    assert line["line"]["color"] == "#123456" and line["line"]["dash"] == "dash"
    np.testing.assert_allclose(line["y"], [20, 90])
    np.testing.assert_allclose(band["y"], [21, 92, 88, 19])
    assert figure.properties["shapes"][0]["y0"] == pytest.approx(20)
    assert accuracy_figure({}, {}, 0.5).traces == []
    assert letters(10) == "ABCDEFGHIJ"
