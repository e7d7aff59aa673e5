"""Figures as plain data; that Plotly would send the same is asked of every figure of these tests, in conftest.py."""

import json

import numpy as np
import plotly.graph_objects as go
import pytest
from plotly.subplots import make_subplots

from dashboard.figures.plain import Figure, grid, scatter, trace


def test_what_plotly_does_not_know_is_found_by_checking():
    figure = Figure({}).add_scatter(x=[1], line={"colour": "red"})
    with pytest.raises(ValueError, match="colour"):
        figure.checked()
    figure.traces.clear()  # conftest.py would find it too


@pytest.mark.parametrize(
    "values",
    [
        np.array([1, -2]),
        np.array([1, 300]),
        np.array([1, 70_000]),
        np.array([1, 2**40]),
        np.array([1, 2**40], np.uint64),
        np.array([0, 255], np.uint64),
        np.array([0.5, np.nan], np.float32),
        np.array([0.5, np.inf]),
        np.arange(12.0).reshape(2, 6)[:, ::2],
        np.array([True, False]),
        np.array(["a", "b"]),
        np.array([None, "b"]),
        np.zeros(0),
        (1, None, np.float32(2.5), np.int64(3)),
    ],
    ids=str,
)
def test_numbers_travel_as_plotly_packs_them(values):
    sent = json.loads(Figure({}).add_scatter(x=[0, 1], customdata=values).to_json())["data"][0]
    assert sent == json.loads(go.Figure(go.Scatter(x=[0, 1], customdata=values)).to_json())["data"][0]


def test_none_is_as_if_not_given():
    figure = Figure({"title": None, "legend": {"title": {"text": "a"}}}).add_scatter(x=[0], error_y=None)
    figure.update_layout(title={"text": "b"}, legend={"title": {"font": {"size": 9}}})
    assert figure.layout.title.text == "b"
    assert (figure.layout.legend.title.text, figure.layout.legend.title.font.size) == ("a", 9)
    assert "error_y" not in figure.as_sent().to_dict()["data"][0]


def test_what_was_given_is_never_changed():
    line, axis = {"color": "red"}, {"range": [0, 1]}
    figure = Figure({"xaxis": axis}).add_traces([scatter(x=[0], line=line), trace("bar", x=[1], marker=line)])
    figure.update_traces(line={"color": "blue"}, selector={"type": "scatter"}).update_xaxes(range=[0, 2], showgrid=False)
    assert (line, axis) == ({"color": "red"}, {"range": [0, 1]})
    assert [figure.data[0].line.color, figure.data[1].marker.color] == ["blue", "red"]


def test_lines_across_are_where_plotly_puts_them():
    line = {"color": "red", "width": 2}
    ours = Figure({}).add_scatter(x=[0], y=[0]).add_vline(x=3, line=line).add_hline(y=4, line=line)
    theirs = go.Figure(go.Scatter(x=[0], y=[0])).add_vline(x=3, line=line).add_hline(y=4, line=line)
    assert ours.layout.shapes == theirs.layout.shapes


@pytest.mark.parametrize(("rows", "columns", "shared"), [(1, 1, True), (3, 2, True), (2, 3, False)])
def test_panels_lie_where_plotly_puts_them(rows, columns, shared):
    widths, titles = [2.0 + 2 * column for column in range(columns)], [f"panel {number}" for number in range(rows * columns)]
    spacing = {"horizontal_spacing": 0.1, "vertical_spacing": 0.06, "column_widths": widths}
    ours = grid(rows, columns, titles=titles, shared_x=shared, shared_y=shared, **spacing)
    theirs = make_subplots(rows, columns, subplot_titles=titles, shared_xaxes=shared, shared_yaxes=shared, **spacing)
    for figure in (ours, theirs):
        figure.add_scatter(x=[0], y=[0], row=rows, col=columns)
        figure.update_xaxes(title={"text": "x"}, row=rows).update_yaxes(nticks=3, col=1).update_yaxes(
            showgrid=False, row=1, col=1
        )
    assert ours.data == theirs.data
    assert ours.layout == theirs.layout
