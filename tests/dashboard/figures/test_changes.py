import numpy as np
import pytest

from dashboard.figures import changes, plain


def bars(y, *, title="error", width=1, extra=None):
    figure = plain.Figure({"xaxis": {"title": {"text": title}, "dtick": 1}, "annotations": [{"text": title, "x": 0}]})
    figure.add_bar(x=["a", "b"], y=np.asarray(y), marker={"line": {"width": width}, "color": "red"})
    return figure.add_scatter(x=[1], y=[1], **(extra or {}))


def test_only_what_differs_is_a_change_by_its_path():
    one, two = changes.between([bars([1.0, 2]), bars([3.0, 4], title="share", width=2)], ["one", "two"])
    assert list(one.traces) == [0] and set(one.traces[0]) == {"y", "marker.line.width"}
    assert list(two.traces[0]["y"]) == [3, 4] and two.traces[0]["marker.line.width"] == 2
    assert two.layout == {"xaxis.title.text": "share", "annotations[0].text": "share"}
    assert (one.layout["xaxis.title.text"], one.alt, two.alt) == ("error", "one", "two")


def test_equal_numbers_are_no_change_and_a_gap_is_equal_to_a_gap():
    assert changes.between([bars([1.0, np.nan]), bars([1.0, np.nan])]) == [changes.Changes({}, {})] * 2
    of_three = changes.between([bars([1.0, 2]), bars([1.0, 2]), bars([1, 2])])
    assert all(set(each.traces[0]) == {"y"} for each in of_three)  # whole numbers are sent as another type


def test_what_another_figure_has_is_reset():
    without, with_one = changes.between([bars([1, 2]), bars([1, 2], extra={"opacity": 0.5})])
    assert (without.traces[1], with_one.traces[1]) == ({"opacity": None}, {"opacity": 0.5})


def test_figures_of_other_traces_cannot_be_switched():
    with pytest.raises(ValueError, match="same number of traces"):
        changes.between([bars([1, 2]), plain.Figure({})])


def test_plotly_takes_every_change():
    figures = [bars([1.0, 2]), bars([3.0, 4], title="share", width=2)]
    shown = figures[0].checked()
    (_, wanted) = changes.between(figures)
    for number, properties in wanted.traces.items():
        shown.data[number].update({name.replace(".", "_"): value for name, value in properties.items()})
    shown.layout.update(xaxis_title_text=wanted.layout["xaxis.title.text"])
    shown.layout.annotations[0].text = wanted.layout["annotations[0].text"]
    assert shown == figures[1].checked()
