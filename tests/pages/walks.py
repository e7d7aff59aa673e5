"""A visitor who goes from page to page and changes something on each, as a browser would have it."""

import ast
import json
import random
from collections.abc import Iterator
from typing import Any

from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Widget

from maml_engine import Experiment
from tests.test_packaging import ROOT

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
# A widget of each page that asks for few new numbers.
CHEAP = {
    **{"adapt": "chosen_task", "compare": "after", "gradients": "race_iterations", "home": "point_seed", "learn": "lesson"},
    **{"notes": "published_card", "parameter_space": "surface", "pitfalls": "cell_steps", "train": "seed"},
    **{"characters": "episode_seed", "runs": "find", "your_tasks": "effort"},
}
KINDS = ("number_input", "slider", "select_slider", "selectbox", "toggle", "button_group", "multiselect", "text_input")
# Buttons that ask for nothing but what is there; the others train.
BUTTONS = ("_reset", "back", "on")


def own(page: str) -> dict[str, Any]:
    """What the page adds to its address, key -> default: what it calls OWN, which stands above the page itself."""
    tree = ast.parse((ROOT / "pages" / f"{page}.py").read_text())
    opening = next(number for number, node in enumerate(tree.body) if ast.unparse(node).startswith("page.opening("))
    above = {"__name__": page}
    exec(compile(ast.Module(tree.body[:opening], []), page, "exec"), above)
    return above["OWN"]


def visit(app: AppTest, page: str) -> None:
    """A click in the navigation: the browser sends what widgets hold in the address, and the state of no widget."""
    app.switch_page(f"pages/{page}.py")
    held = bound(app)
    app.query_params = {key: spelled for key, spelled in app.query_params.items() if key in held}
    app._run()


def change(app: AppTest, page: str, turn: int) -> str:
    """The page's cheap change; says what was done."""
    (widget,) = [widget for widget in widgets(app) if widget.key == CHEAP[page]]
    offers = values(widget)
    return send(app, widget, offers[turn % len(offers)])


def widgets(app: AppTest) -> list[Widget]:
    """What can be set on the page, and the buttons that train nothing."""
    found = [widget for kind in KINDS for widget in app.get(kind)]
    found += [button for button in app.button if button.key in BUTTONS]
    return [widget for widget in found if widget.key and not widget.disabled]


def values(widget: Widget) -> list[dict]:
    """A few values that a visitor could set, none of them the present one, as a browser sends them; never empty."""
    match widget.type:
        case "button":
            return [{"trigger_value": True}]
        case "toggle":
            return [{"bool_value": not widget.value}]
        case "number_input":
            low = widget.proto.min if widget.proto.has_min else 0
            high = min(low + 5, widget.proto.max) if widget.proto.has_max else low + 5
            is_whole = widget.proto.data_type == widget.proto.INT
            offers = [{"double_value": float(round(low + (high - low) * share) if is_whole else low + (high - low) * share)}
                      for share in (0.2, 0.4, 1)]  # fmt: skip
        case "slider":
            low, high = widget.proto.min, widget.proto.max
            offers = [{"double_array_value": [value]} for value in (low + widget.proto.step, low, high)]
        case "text_input":
            offers = [{"string_value": content} for content in ("1,2", "0.5, 3", "x", "")]
        case "multiselect":
            offers = [{"string_array_value": widget.options[first : first + 2]} for first in (0, 1)]
        case "selectbox":
            offers = [{"string_value": option} for option in widget.options[:4]]
        case _:
            offers = [{"string_array_value": [option]} for option in widget.options[:4]]
    now = widget._widget_state
    return [value for value in offers if state_of(widget, value) != now] or offers


def state_of(widget: Widget, value: dict) -> WidgetState:
    """The message of one widget's value."""
    state = WidgetState(id=widget.id)
    for name, content in value.items():
        getattr(state, name).data.extend(content) if isinstance(content, list) else setattr(state, name, content)
    return state


def send(app: AppTest, widget: Widget, value: dict) -> str:
    """What a browser sends when a visitor sets a widget: the state of all, this one's new."""
    states = app._tree.get_widget_states()
    others = [state for state in states.widgets if state.id != widget.id]
    app._run(WidgetStates(widgets=[*others, state_of(widget, value)]))
    return f"{widget.key}: {value}"


def every_pair(pages: list[str]) -> list[str]:
    """A tour that goes from each page to each other exactly once and ends where it began."""
    left = {page: [other for other in pages if other != page] for page in pages}
    tour, stack = [], [pages[0]]
    while stack:
        here = left[stack[-1]]
        if here:
            stack.append(here.pop())
        else:
            tour.append(stack.pop())
    return tour[::-1]


def problems(app: AppTest) -> Iterator[str]:
    """Tracebacks in the page, and a page that was not shown."""
    yield from (f"{element.message}: {element.stack_trace[-1:]}" for element in app.exception)
    if not app.title:
        yield "The page was not shown."


def bound(app: AppTest) -> set[str]:
    """Names in the address that a widget of the page reads and writes."""
    with app._session_state.query_params() as parameters:
        return set(parameters._bindings_by_param)


def switches(app: AppTest) -> list[tuple[str, list[str]]]:
    """What the browser switches by itself on the page: keys in the address, each with what it may say."""
    shown = [each.proto for each in app.get("bidi_component") if each.proto.component_name == "switch"]
    controls = [control for proto in shown for control in json.loads(proto.json)[0]["controls"]]
    return [(control["key"], [value for value, _ in control["choices"]]) for control in controls]


def address(app: AppTest, defaults: dict[str, Any]) -> dict[str, str | list[str]]:
    """What a browser's address holds: what Python has written there, and what the browser writes of widgets that are bound.

    Args:
      app: the page, which is not asked for fields of the Experiment.
      defaults: of the page's own keys; what is at its default is left out.
    """
    moved = {key: app.session_state[key] for key in bound(app) & set(defaults) if app.session_state[key] != defaults[key]}
    return dict(app.query_params) | {key: spelled(value) for key, value in moved.items()}


def spelled(value: Any) -> str | list[str]:
    """A widget's value as links spell it."""
    return list(map(Experiment.spell, value)) if isinstance(value, list) else Experiment.spell(value)


def random_change(app: AppTest, rng: random.Random) -> str:
    """Sets a widget or a switch of the page, or presses a button that trains nothing; says what was done."""
    place = rng.choice([*widgets(app), *switches(app)])
    if isinstance(place, Widget):
        return send(app, place, rng.choice(values(place)))
    key, choices = place
    app.query_params[key] = rng.choice(choices)
    app._run()  # the page hears of it with whatever comes next
    return f"{key}: {app.query_params[key]}"
