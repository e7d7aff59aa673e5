import numpy as np
import pytest

from dashboard.downloads.files import figure_csv
from dashboard.figures.runs import Axis, Line, describe_axes, overlay_figure, parallel_figure, steps_title

NAN = float("nan")
AXES = [
    Axis("method", "method", np.array([0.0, 1.0, 1.0]), ["ANIL", "MAML"]),
    Axis("inner_lr", "α", np.array([0.001, 0.1, 0.01]), is_log=True),
    Axis("held_out", "held out", np.array([0.5, 0.25, NAN])),
]


def dimensions(figure):
    return {each.label: each for each in figure.data[0].dimensions}


def test_curves_lie_one_over_the_other_and_the_baseline_is_another_line():
    lines = [
        Line("a <b>name</b>", np.array([0, 10]), np.array([3.0, 1.0]), "#123456", is_baseline=True),
        Line("other", np.array([5]), np.array([2.0]), "#654321"),
    ]
    figure = overlay_figure(lines, "held-out loss after 2 steps")
    base, other = figure.data
    assert base.name == "a &lt;b&gt;name&lt;/b&gt; (baseline)" and base.line.dash == "dot"
    assert list(base.y) == [3.0, 1.0] and base.line.color == "#123456"
    assert other.mode == "markers" and other.line.dash is None
    assert figure.layout.yaxis.title.text == "held-out loss after 2 steps"
    assert overlay_figure([]).data == ()


def test_axes_have_words_logarithms_and_a_place_for_what_is_not_known():
    found = dimensions(parallel_figure(AXES))
    assert list(found["method"].ticktext) == ["ANIL", "MAML"] and list(found["method"].range) == [-0.5, 1.5]
    np.testing.assert_allclose(found["α"].values, [-3, -1, -2])
    assert list(found["α"].ticktext) == ["0.001", "0.01", "0.1"] and list(found["α"].tickvals) == [-3, -2, -1]
    assert found["held out"].values[2] < 0.25 and found["held out"].ticktext[0] == "none"
    assert found["held out"].range[0] < min(found["held out"].values)


@pytest.mark.parametrize(
    ("values", "is_log", "texts"),
    [
        (np.linspace(0.21, 1.93, 40), False, ["0.5", "1", "1.5"]),
        (np.geomspace(100, 70_000, 40), True, ["100", "1,000", "10,000"]),
        (np.geomspace(0.02, 3, 40), True, ["0.02", "0.05", "0.1", "0.2", "0.5", "1", "2"]),
        (np.array([4.0, 4.0]), False, ["4"]),
        (np.array([0.94392643, 0.44206]), False, ["0.442", "0.944"]),
    ],
)
def test_an_axis_is_marked_at_its_few_values_or_at_round_numbers(values, is_log, texts):
    found = dimensions(parallel_figure([Axis("a", "a", values, is_log=is_log), Axis("b", "b", values)]))["a"]
    assert list(found.ticktext) == texts
    assert all(found.range[0] < mark < found.range[1] for mark in found.tickvals)


def test_the_numbers_are_saved_as_they_were_set():
    assert figure_csv(parallel_figure(AXES)).splitlines() == [
        "method,α,held out",
        "ANIL,0.001,0.5",
        "MAML,0.1,0.25",
        "MAML,0.01,",
    ]


def test_who_does_not_see_them_hears_what_the_axes_are():
    assert describe_axes(AXES) == "method (ANIL, MAML), α (0.001 to 0.1), held out (0.25 to 0.5)"
    assert steps_title([2, 2]) == "held-out loss after 2 steps"
    assert steps_title([1, 2]) == "held-out loss after adapting"
