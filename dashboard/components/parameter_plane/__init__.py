"""The parameter plane: tasks and theta to drag, what each method would do, computed in the browser at every frame.

`surfaces.js`, `landscape.js` and `optimum.js` are `maml_engine.analysis.toy_landscape` once more. When the visitor lets go,
Python hears once what stands there (`protocol.js`), and the page shows the engine's own numbers.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard.components import address
from dashboard.components.apart import Apart
from dashboard.components.bundle import browser_module
from dashboard.components.parameter_plane import scene as scenes
from dashboard.components.parameter_plane.scene import PlaneScene
from dashboard.figures import style
from dashboard.method_names import NAMES
from maml_engine.analysis.toy_landscape import MAX_TASKS, METHODS, SURFACES

__all__ = ["MAX_STEP_LENGTH", "META_LR", "PlaneScene", "parameter_plane", "put", "scene_now"]

HERE = Path(__file__).parent
# What a visitor may change; with the numbers beside and below the picture, and the two optima in it.
CHANGED = ("theta", "tasks", "inner_steps", "inner_lr", "proximal", "gap")
PARTS = (*CHANGED, "descent", "losses", "methods", "table", "best", "joint")
FIRST_ORDER = ("fomaml", "reptile")  # no second derivative in them: dashed
JOINT_COLOUR = style.method_colour("pretrained")
# The methods' own descent: plain gradient steps of this size, none longer than that (units of the plane).
META_LR, MAX_STEP_LENGTH, DESCENT_STEPS = {"bowls": 0.2, "valleys": 0.2, "rivers": 0.1, "waves": 0.05}, 0.1, 300
# How large a gradient is drawn at full length, where none is larger.
STEEPNESS = {"bowls": 3.0, "valleys": 3.0, "rivers": 3.0, "waves": 6.0}
# Beside the page's own key, which holds the visitor's edits as the link spells them.
WIDGET, BASE, NOTES = "_plane_widget_", "_plane_base_", "_plane_notes_"


def parameter_plane(key: str, base: PlaneScene, uses: Sequence[str] | None = None) -> PlaneScene:
    """Shows the plane and gives back what stands in it.

    Args:
      key: one a page; also the link's parameter, so it belongs to the page's own (`page.finish`), with "" as its default.
      base: what the page asks for. What the visitor changes stays changed until the page changes the same field; another
        surface drops all of it.
      uses: out of `PARTS`; others are hidden or stay as they are. None for all of it.
    """
    scene = _updated(key, base)
    st.session_state[BASE + key] = base
    if address.is_fixed(key):
        uses = [part for part in uses or PARTS if part not in CHANGED]
    surface = SURFACES[scene.surface]
    sent = {
        "now": asdict(scene),
        "seen": _number_sent(key),
        "uses": None if uses is None else list(uses),
        "window": surface.window,
        "axes": surface.axes,
        "max_tasks": MAX_TASKS,
        "meta_lr": META_LR[scene.surface],
        "longest_step": MAX_STEP_LENGTH,
        "descent_steps": DESCENT_STEPS,
        "steepness": STEEPNESS[scene.surface],
        "ranges": {"inner_lr": scenes.STEP_SIZES, "proximal": scenes.PULLS, "gap": scenes.GAPS},
        "methods": {
            name: {"name": NAMES[name], "colour": style.method_colour(name), "dash": name in FIRST_ORDER} for name in METHODS
        },
        "colours": {"truth": style.TRUTH, "before": style.BEFORE, "after": style.AFTER, "joint": JOINT_COLOUR},
    }
    _SCRIPT.send()
    _PLANE(key=WIDGET + key, data=[sent], on_now_change=lambda: _take_in(key))
    for note in st.session_state.get(NOTES + key, ()):
        st.info(note, icon=":material/info:")
    return scene


def put(key: str, base: PlaneScene, scene: PlaneScene) -> None:
    """For a callback: the plane shows `scene`, as if the visitor had made it of `base`."""
    st.session_state[key] = scenes.spell(scene.edits(base))


def scene_now(key: str, base: PlaneScene) -> PlaneScene:
    """What a plane that was shown with `base` shows now."""
    return replace(base, **scenes.parse(st.session_state.get(key, ""), base.surface)[0])


def _updated(key: str, base: PlaneScene) -> PlaneScene:
    """What the visitor's edits make of `base`; keeps the address in step with them."""
    state, there = st.session_state, address.from_link(key)
    before = state.get(BASE + key, base)
    if there is not None:
        edits, state[NOTES + key] = scenes.parse(there, base.surface)
    elif before.surface != base.surface:
        edits = {}
    else:
        edits, _ = scenes.parse(state.get(key, ""), base.surface)
    kept = {name: value for name, value in edits.items() if getattr(before, name) == getattr(base, name)}
    scene = replace(base, **kept)
    address.write(key, scenes.spell(scene.edits(base)))
    return scene


def _take_in(key: str) -> None:
    """A callback: what the browser says now stands in the plane; anybody can forge it."""
    if address.is_fixed(key):
        return
    received, base = st.session_state[WIDGET + key].get("now"), st.session_state[BASE + key]
    if not isinstance(received, Mapping):
        st.session_state[NOTES + key] = ["The picture sent something that is no scene; it was left aside."]
        return
    if received.get("surface") != base.surface:
        return  # let go while the page went on to another surface
    address.let_go(key)
    edits, st.session_state[NOTES + key] = scenes.checked(received, base.surface)
    put(key, base, replace(scene_now(key, base), **edits))


def _number_sent(key: str) -> int:
    """The number of the browser's last message."""
    state: Any = st.session_state.get(WIDGET + key) or {}
    received = state.get("now")
    number = received.get("number") if isinstance(received, Mapping) else 0
    return number if type(number) is int else 0


_SCRIPT = Apart("parameter_plane", browser_module(HERE / "index.js"))
_PLANE = st.components.v2.component(
    "parameter_plane",
    html=(HERE / "plane.html").read_text(encoding="utf-8"),
    css=(HERE / "plane.css").read_text(encoding="utf-8"),
    js=_SCRIPT.caller,
)
