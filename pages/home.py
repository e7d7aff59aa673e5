"""Home: three networks meet a new sine wave; one of them has learned to learn."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from dashboard.components.sine_bench import Answer, Entrant, Scene, scene, sine_bench
from dashboard.engine_calls import first_pictures
from dashboard.figures import style
from dashboard.method_names import PAPERS
from dashboard.page_parts.home import returning, runs
from dashboard.results import MAX_SHOTS, spell_loss
from dashboard.server import start_up
from dashboard.widgets import page, session

if TYPE_CHECKING:
    from maml_engine import Learner

FIRST = first_pictures.load()
OWN = {
    session.HOME_BENCH: "",
    "shots": first_pictures.SHOTS,
    "point_noise": first_pictures.NOISE,
    session.POINT_SEED: first_pictures.SEED,
    session.OWN_RUNS: "",
}
# Links from before the bench spelt these one by one.
OLD = {"wave_amplitude": "amplitude", "wave_phase": "phase", "steps": "steps", "adapt_lr": "inner_lr"}


def read_old_link() -> None:
    """Puts what an old link says of the bench into the form that links have now."""
    old = {field: st.query_params[name] for name, field in OLD.items() if name in st.query_params}
    if not old:
        return
    edits, notes = scene.checked(old)
    for name in OLD:
        st.query_params.pop(name, None)
    st.query_params[session.HOME_BENCH] = scene.spell(edits)
    st.session_state[session.STRANGE] = [name for name in st.session_state[session.STRANGE] if name not in OLD]
    for note in notes:
        st.info(note, icon=":material/link:")


def point_controls() -> tuple[int, float, int]:
    """The sidebar: which points of the wave are drawn, before the visitor moves them."""
    side = st.sidebar
    shots = side.slider("Support points", 1, MAX_SHOTS, OWN["shots"], key="shots", bind="query-params")
    noise = side.slider(
        "Noise on the points (units of y)", 0.0, 2.0, OWN["point_noise"], 0.1, key="point_noise", bind="query-params"
    )
    seed = side.number_input(
        "Seed of the points", 0, 9999, OWN[session.POINT_SEED], key=session.POINT_SEED, bind="query-params"
    )
    side.button("Other points", icon=":material/casino:", key="other_points", on_click=other_points)
    return shots, noise, seed


def other_points() -> None:
    """A callback."""
    st.session_state[session.POINT_SEED] = (st.session_state[session.POINT_SEED] + 1) % 10_000


def asked_for(shots: int, noise: float, seed: int) -> Scene:
    """The wave with the points that the sidebar asks for; the first picture waits for no engine."""
    if (shots, noise, seed) == (OWN["shots"], OWN["point_noise"], OWN[session.POINT_SEED]):
        return FIRST.scene
    start_up.wait()
    from dashboard.engine_calls import sine_bench as bench_engine

    wave = FIRST.scene
    return bench_engine.scene_of(wave.amplitude, wave.phase, shots=shots, noise=noise, seed=seed, inner_lr=wave.inner_lr)


def entrants(own: "Mapping[str, Learner]") -> list[Entrant]:
    """The shipped learners, and the visitor's own after them."""
    if not own:
        return FIRST.entrants
    from dashboard.engine_calls import sine_bench as bench_engine

    labels = runs.labels(own)
    coloured = zip(own.items(), style.OWN_COLOURS, strict=False)
    return [
        *FIRST.entrants,
        *(bench_engine.entrant(name, labels[name], each, colour=colour) for (name, each), colour in coloured),
    ]


def engine_says(shown: Scene, own: "Mapping[str, Learner]") -> Mapping[str, Answer]:
    """The engine's numbers; nothing while it is still to be loaded."""
    if shown.is_same_task(FIRST.scene) and not own:
        return FIRST.answers
    if not start_up.is_done() or "dashboard.engine_calls.sine_bench" not in sys.modules:
        return {}
    from dashboard.engine_calls import sine_bench as bench_engine

    return bench_engine.answers(shown, {**bench_engine.shipped(), **own})


def spell_usual(usual: first_pictures.Usual) -> str:
    """How the three do on other waves than the one above: one wave proves nothing."""
    each = {name: f"{spell_loss(usual.before[name])} → {spell_loss(usual.after[name])}" for name in usual.before}
    return (
        f"One wave proves nothing. On {usual.num_waves:,} new ones, from {first_pictures.SHOTS} points and by {usual.steps} "
        f"steps of {first_pictures.INNER_LR:g}, the mean error goes {each['maml']} from MAML’s start, {each['pretrained']} "
        f"from the pretrained one, {each['random']} from a random one. MAML ends nearest on {usual.nearest:.0%} of them; of "
        f"those with an amplitude below {usual.flat:g}, on {usual.nearest_if_flat:.0%}."
    )


page.opening(
    "Five points and a few steps",
    f"**Drag a point, or the wave by its handles.** **MAML**, *model-agnostic meta-learning* ({PAPERS['maml'].link}), trains a "
    "network’s *start* for a few gradient steps on a few points of a new task. Three starts, the same steps: each card has the "
    "mean squared error over the wave (in y²), before → after.",
)
read_old_link()
own = runs.own_learners()
asked = asked_for(*point_controls())
on_bench = sine_bench(
    session.HOME_BENCH,
    asked,
    entrants(own),
    answer=lambda shown: engine_says(shown, own),
    subject=first_pictures.TRAINED_ON,
)
answers = engine_says(on_bench, own)
st.caption(
    f"{spell_usual(FIRST.usual)} Your browser computes what the cards show, at every frame; when you let go, the engine "
    "computes the same in Python, by the library JAX, and confirms it or not."
)
runs.say(entrants(own), own)
made_before = st.empty()

page.equation(
    r"\theta_{k+1} = \theta_k - \alpha\, \nabla_{\theta}\, \frac{1}{n} \sum_{j=1}^{n} \bigl(f_{\theta_k}(x_j) - y_j\bigr)^2,"
    r"\qquad \theta^\ast = \arg\min_{\theta_0}\; \mathbb{E}_{\text{tasks}}\; L_{\text{query}}\bigl(\theta_K(\theta_0)\bigr)",
    "Left, what all three do here: gradient steps of size **α** on the **n** support points. Right, what only MAML did "
    "beforehand: it chose the start **θ₀** so that the loss *after* such steps is small, on average over many waves. The "
    "pretrained network minimised the loss *before* them, and the best single answer to all waves is their average.",
)
st.markdown("**Go on:**")
with st.container(horizontal=True):
    st.page_link("pages/learn.py", label="How it works, in eight steps", icon=":material/school:")
    st.page_link("pages/train.py", label="Train one yourself", icon=":material/model_training:")
    st.page_link("pages/adapt.py", label="Try it on twelve new tasks", icon=":material/tune:")
    st.page_link("pages/gradients.py", label="What the second order adds", icon=":material/north_east:")
page.finish(OWN)
# The picture stands; the engine gets ready now, so that its numbers come as soon as the visitor lets go.
from dashboard.engine_calls import sine_bench as bench_engine  # noqa: E402

bench_engine.warm_up()
if not answers:
    st.rerun()
with made_before.container():
    returning.greet()
