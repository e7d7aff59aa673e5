"""Reads what a page has put on its bench."""

import json

from streamlit.testing.v1 import AppTest


def on_bench(page: AppTest) -> dict:
    """What Python sent to the browser: the scene, who adapts, and the engine's numbers."""
    (bench,) = [element for element in page.get("bidi_component") if element.proto.component_name == "sine_bench"]
    return json.loads(bench.proto.json)


def losses(page: AppTest) -> dict[str, tuple[float, float]]:
    """The engine's losses before and after the bench's steps, by the learners' names; None is infinity."""
    sent = on_bench(page)
    every = {name: [float("inf") if loss is None else loss for loss in each["loss"]] for name, each in sent["answers"].items()}
    return {name: (each[0], each[sent["scene"]["steps"]]) for name, each in every.items()}
