"""The sine bench: a wave, support points to drag, and learners that adapt to them in the browser at every frame.

The learners' weights travel once; the browser takes the gradient steps itself (`network.js`) and draws. When the visitor lets
go, Python hears once what stands on the bench (`protocol.js`), and Python's own numbers appear beside the browser's. Imports
no engine, so that a page can show the bench before the engine is loaded.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from dashboard.components import address
from dashboard.components.apart import Apart
from dashboard.components.bundle import browser_module
from dashboard.components.sine_bench import scene as scenes
from dashboard.components.sine_bench.scene import Scene
from dashboard.figures import style
from dashboard.results import CURVE_POINTS, MAX_SHOTS, MAX_STEPS

__all__ = ["CURVE_POINTS", "Answer", "Entrant", "Scene", "Subject", "sine_bench"]

HERE = Path(__file__).parent
PARTS = ("points", "wave", "rate", "steps")
SLIDER = (1e-4, 1.0)  # ends of the step size's, where the scene's own lies between them
# Beside the page's own key, which holds the visitor's edits as the link spells them.
WIDGET, BASE, NOTES = "_widget_", "_base_", "_bench_notes_"


@dataclass(frozen=True, eq=False)
class Entrant:
    """A learner on the bench.

    name: in links; lower-case letters, digits, underscores.
    label: for the reader.
    colour: of its curves.
    weights: what the browser computes with (`weights.weights`); None where Python answers when the visitor lets go.
    why: one sentence that says why the browser cannot.
    inner_lr: a step size of its own; None takes the bench's.
    """

    name: str
    label: str
    colour: str
    weights: Mapping[str, Any] | None = None
    why: str = ""
    inner_lr: float | None = None


@dataclass(frozen=True)
class Subject:
    """Whom the sentence below the picture is about, and what its start was made for.

    name: of an entrant.
    inner_lr: step size alpha in its training.
    amplitude: ends of the amplitudes of the waves that it was trained on, in units of y.
    phase: ends of their phases, in radians.
    """

    name: str
    inner_lr: float
    amplitude: tuple[float, float]
    phase: tuple[float, float]


@dataclass(frozen=True, eq=False)
class Answer:
    """What Python says of one learner on one scene.

    loss: mean squared error over the wave after each step, `[MAX_STEPS + 1]`; not finite where the steps blew up.
    path: predictions at `CURVE_POINTS` inputs after each of them, `[MAX_STEPS + 1, CURVE_POINTS]`; None where the browser
      computes them.
    """

    loss: np.ndarray
    path: np.ndarray | None = None


def sine_bench(
    key: str,
    base: Scene,
    entrants: Sequence[Entrant],
    *,
    answer: Callable[[Scene], Mapping[str, Answer]] | None = None,
    x_range: tuple[float, float] = (-5.0, 5.0),
    follows: Mapping[str, str] | None = None,
    uses: Sequence[str] | None = None,
    subject: Subject | None = None,
) -> Scene:
    """Shows the bench and gives back what stands on it.

    Args:
      key: one a page; also the link's parameter, so it belongs to the page's own (`page.finish`), with "" as its default.
      base: what the page asks for. What the visitor changes stays changed until the page changes the same field.
      entrants: in the order in which they are listed; the first one's steps are drawn, until the visitor chooses another.
      answer: Python's own numbers for a scene, by the entrants' names. None leaves them out: the browser's are on their own.
      x_range: ends of the x axis.
      follows: a switch's key -> the field of the scene that it sets, as `base` has it when the page runs again.
      uses: what the visitor may change, out of `PARTS`: the picture stands first then, and other controls are hidden. None for
        all of it.
      subject: whom the sentence below the picture is about, which says at every frame who comes nearest. None for no sentence.
    """
    scene = _scene_now(key, base)
    st.session_state[BASE + key] = base
    sent = {
        "scene": asdict(scene),
        "base": asdict(base),
        "seen": _reported(key, "number", 0),
        "entrants": [_entrant_sent(entrant) for entrant in entrants],
        "weights": _not_there_yet(entrants, _reported(key, "holds", [])),
        "answers": _answers_sent(answer(scene), entrants) if answer else None,
        "x_range": list(x_range),
        "follows": dict(follows or {}),
        "uses": [] if address.is_fixed(key) else None if uses is None else list(uses),
        "subject": subject and asdict(subject),
        "curve_points": CURVE_POINTS,
        "most": {"points": MAX_SHOTS, "steps": MAX_STEPS},
        "step_sizes": [min(SLIDER[0], scene.inner_lr), max(SLIDER[1], scene.inner_lr)],
        "colours": {"truth": style.TRUTH, "before": style.BEFORE, "between": style.BETWEEN, "point": style.POINTS},
    }
    _SCRIPT.send()
    _BENCH(key=WIDGET + key, data=[sent], on_scene_change=lambda: _take_in(key))
    for note in st.session_state.get(NOTES + key, ()):
        st.info(note, icon=":material/info:")
    return scene


def _scene_now(key: str, base: Scene) -> Scene:
    """What the visitor's edits make of `base`; keeps the address in step with them."""
    state, there = st.session_state, address.from_link(key)
    edits, notes = scenes.parse(state.get(key, "") if there is None else there)
    if there is not None:
        state[NOTES + key] = notes
    before = state.get(BASE + key, base)
    scene = replace(base, **{name: value for name, value in edits.items() if getattr(before, name) == getattr(base, name)})
    address.write(key, scenes.spell(scene.edits(base)))
    return scene


def _take_in(key: str) -> None:
    """A callback: what the browser says now stands on the bench; anybody can forge it."""
    if address.is_fixed(key):
        return
    address.let_go(key)
    received = st.session_state[WIDGET + key].get("scene")
    base = st.session_state[BASE + key]
    if not isinstance(received, dict):
        st.session_state[NOTES + key] = ["The bench sent something that is no scene; it was left aside."]
        return
    edits, st.session_state[NOTES + key] = scenes.checked(received)
    edits = {**scenes.parse(st.session_state.get(key, ""))[0], **edits}
    st.session_state[key] = scenes.spell(replace(base, **edits).edits(base))


def _reported(key: str, name: str, default: Any) -> Any:
    """A part of what the browser sent last, if it is of the default's type."""
    state = st.session_state.get(WIDGET + key) or {}
    received = state.get("scene")
    value = received.get(name) if isinstance(received, dict) else None
    return value if type(value) is type(default) else default


def _entrant_sent(entrant: Entrant) -> dict[str, Any]:
    return {**asdict(replace(entrant, weights=None)), "weights": entrant.weights and entrant.weights["digest"]}


def _not_there_yet(entrants: Sequence[Entrant], held: list[Any]) -> dict[str, Any]:
    """Weights by their digest, without those that the browser says it holds."""
    known = {digest for digest in held[:100] if isinstance(digest, str)}
    every = {entrant.weights["digest"]: entrant.weights for entrant in entrants if entrant.weights}
    return {digest: dict(weights) for digest, weights in every.items() if digest not in known}


def _answers_sent(answers: Mapping[str, Answer], entrants: Sequence[Entrant]) -> dict[str, Any]:
    """Losses, and the curves of those that the browser cannot compute."""
    computed = {entrant.name for entrant in entrants if entrant.weights}
    return {
        name: {
            "loss": [float(loss) if np.isfinite(loss) else None for loss in answer.loss],
            "path": None if name in computed else base64.b64encode(np.asarray(answer.path, "<f4").tobytes()).decode(),
        }
        for name, answer in answers.items()
    }


_SCRIPT = Apart("sine_bench", browser_module(HERE / "index.js"))
_BENCH = st.components.v2.component(
    "sine_bench",
    html=(HERE / "bench.html").read_text(encoding="utf-8"),
    css=(HERE / "bench.css").read_text(encoding="utf-8"),
    js=_SCRIPT.caller,
)
