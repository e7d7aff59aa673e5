"""The figures of the Pitfalls page: numbers in, numbers out."""

import numpy as np
import pytest

from dashboard.figures import pitfalls as figures
from dashboard.results import LossCurve


def test_the_map_figure_draws_cells_frontier_and_choice():
    loss = np.array([[4.0, 2.0, 1.0], [4.0, 8.0, np.inf]])
    figure = figures.map_figure((0.1, 0.2), loss, np.array([2, 1, 1]), chosen=(1, 2), trained=(0.1, 1))
    heat, frontier, _, points = figure.data
    assert heat.z[0].tolist() == pytest.approx(np.log10([1, 0.5, 0.25]))
    assert heat.z[1].tolist() == pytest.approx([0, np.log10(2), figures.FULL_COLOUR])
    assert heat.text[1][2] == "×"
    assert list(zip(frontier.x, frontier.y, strict=True)) == [(0.5, 0.5), (1.5, 0.5), (1.5, 0.5), (2.5, 0.5)]
    assert [divmod(number, 3) for number in points.customdata] == list(zip(points.y, points.x, strict=True))
    frame = figure.layout.shapes[0]
    assert (frame.x0, frame.x1, frame.y0, frame.y1) == (1.5, 2.5, 0.5, 1.5)
    assert figure.layout.xaxis.title.text == "inner steps"
    assert figure.layout.yaxis.title.text == "inner step size α"


def test_figures_without_numbers_are_empty_axes():
    nothing = np.zeros((0, 2))
    empty = [
        figures.map_figure((), nothing, np.zeros(0)),
        figures.sizes_figure((), nothing, (1,)),
        figures.path_figure({}),
        figures.runs_figure({}, num_iterations=10, steps=1),
        figures.new_tasks_figure({}, steps=1),
    ]
    for figure in empty:
        assert not figure.data
        assert figure.layout.xaxis.title.text
        assert figure.layout.yaxis.title.text


def test_what_is_beyond_drawing_is_left_out():
    curve = LossCurve(np.array([3.0, 1.0, np.inf]), np.array([2.0, -1.0, np.nan]), np.array([4.0, 2.0, np.nan]))
    band, line = figures.new_tasks_figure({"broken": curve}, steps=1).data
    assert line.y[:2].tolist() == [3.0, 1.0]
    assert np.isnan(line.y[2])
    assert band.y.tolist() == [4.0, 2.0, 0.1, 2.0]
    (path,) = figures.path_figure({"query": np.array([2.0, 1e9])}).data
    assert np.isnan(path.y[1])


@pytest.mark.parametrize(
    ("loss", "spelled"), [(0.123, "0.12"), (1.26, "1.3"), (9.96, "10"), (1000, "×"), (np.inf, "×"), (np.nan, "×")]
)
def test_a_cell_has_room_for_four_signs(loss, spelled):
    assert figures.spell_cell(loss) == spelled


def test_the_orders_figure_draws_a_line_a_method_in_percent():
    figure = figures.orders_figure({"maml": np.array([0.2, 0.5]), "unicorn": np.array([0.4, 0.4])})
    assert [(line.name, list(line.y)) for line in figure.data] == [("MAML", [20, 50]), ("UNICORN", [40, 40])]
    assert list(figure.data[0].x) == [1, 2]
