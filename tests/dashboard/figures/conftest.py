"""Whatever figure a test makes is shown to Plotly: no page does that while somebody waits."""

import json

import pytest

from dashboard.figures.plain import Figure


def by_plotly(figure: Figure) -> dict:
    """What Plotly's own figure sends, without the titles that it leaves empty."""
    sent = json.loads(figure.checked().to_json())
    axes = (axis for name, axis in sent["layout"].items() if name.startswith(("xaxis", "yaxis")))
    for axis in axes:
        if axis.get("title") == {}:
            del axis["title"]
    return sent


@pytest.fixture(autouse=True)
def _plotly_would_send_the_same(monkeypatch):
    made, begin = [], Figure.__init__

    def remember(figure, *arguments, **options):
        begin(figure, *arguments, **options)
        made.append(figure)

    monkeypatch.setattr(Figure, "__init__", remember)
    yield
    for figure in made:
        assert json.loads(figure.to_json()) == by_plotly(figure)
