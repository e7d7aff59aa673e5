"""Reads what a page has put on its bench."""

import json

from streamlit.testing.v1 import AppTest


def on_bench(page: AppTest) -> dict:
    """What Python sent to the browser: the scene, who adapts, and the engine's numbers."""
    return sent(page, "sine_bench")


def sent(page: AppTest, component: str) -> dict:
    """What Python sent to the only component of that name on the page."""
    (found,) = [element for element in page.get("bidi_component") if element.proto.component_name == component]
    return json.loads(found.proto.json)[0]


def cells(page: AppTest) -> dict[str, tuple[str, str]]:
    """The numbers beside a switch, for what is chosen: what each is, how much, and what stands below it."""
    data = sent(page, "switched_text")
    key = "|".join(page.query_params.get(control["key"], control["default"]) for control in data["controls"])
    return {label: (value, below) for label, value, below in data["texts"][key]}


def losses(page: AppTest) -> dict[str, tuple[float, float]]:
    """The engine's losses before and after the bench's steps, by the learners' names; None is infinity."""
    sent = on_bench(page)
    every = {name: [float("inf") if loss is None else loss for loss in each["loss"]] for name, each in sent["answers"].items()}
    return {name: (each[0], each[sent["scene"]["steps"]]) for name, each in every.items()}
