"""A closer look at each method of the Compare page: one picture of its own, and the numbers behind it."""

from collections.abc import Mapping

import jax
import numpy as np
import streamlit as st

from dashboard.engine_calls import resources
from dashboard.figures import closer_look as looks
from dashboard.method_names import NAMES
from dashboard.page_parts.compare import choices, engine_calls
from dashboard.page_parts.compare.contest import judged_on
from dashboard.page_parts.compare.engine_calls import PATH_STEPS
from dashboard.page_parts.compare.shown import Shown
from dashboard.results import spell_angle
from dashboard.widgets import controls, page, run_words
from dashboard.widgets import learners as learners_of
from maml_engine import Experiment, Learner

LOOKS = {
    "reptile": "Reptile: path against chord",
    "fomaml": "FOMAML: what first order leaves out",
    "metasgd": "Meta-SGD: the learned steps",
    "mamlplusplus": "MAML++: weights and step sizes",
    "anil": "ANIL and BOIL: body and head",
    "imaml": "iMAML: implicit against unrolled",
    "cavia": "CAVIA: where tasks lie",
    "r2d2": "R2-D2: solving instead of stepping",
}
OF_SEVERAL = {"anil": ("anil", "boil"), "r2d2": ("r2d2", "alpaca", "dkt", "pacoh")}  # looks that name more than one method


def show(learners: Mapping[str, Learner], now: Shown, k: int) -> None:
    """The picture of the method chosen, of the learner trained here where there is one.

    Args:
      learners: that were trained, or else the shipped ones, by name.
      now: the comparison that the page shows.
      k: inner steps.
    """
    st.subheader("A closer look", anchor=False)
    controls.by_name("look", LOOKS, LOOKS.get)
    name = st.selectbox("At", list(LOOKS), format_func=LOOKS.get, key="look", bind="query-params", width=360)
    base, start = judged_on(now.base), resources.shipped_learners()["sinusoid_maml"]
    is_trained = name in learners
    learner = learners[name] if is_trained else engine_calls.stand_in(name, base, start)
    st.markdown(choices.spell_papers(OF_SEVERAL.get(name, (name,))))
    words = now.words
    if not is_trained and name != "anil":
        leaves = (jax.tree.leaves(one.meta.init) for one in (learner, start))
        borrowed = any(np.array_equal(leaf, other) for leaf, other in zip(*leaves, strict=False) if np.any(leaf))
        at = "the shipped MAML's initialisation" if borrowed else "its random start"
        st.caption(f"{NAMES[name]} was not trained here, so this is the method at {at}. Choose it above and press Compare.")
        words = run_words.of_run(learner.experiment, 0)
        if borrowed:
            words = f"{learners_of.learner_words(start)}, under {NAMES[name]}"
    with page.pictures_of(words):
        _PICTURES[name](learner, learners, base, k)


def _show_fomaml(learner: Learner, learners: Mapping[str, Learner], base: Experiment, k: int) -> None:
    """Angles, task by task."""
    angles = engine_calls.angles(learner, base)
    finite = angles[np.isfinite(angles)]
    median = float(np.median(finite)) if len(finite) else float("nan")
    page.chart(looks.angles_figure(angles), "look_angles", f"Angles of {len(finite)} tasks; median {spell_angle(median)}.")
    st.markdown(
        f"Each of {len(finite)} tasks has its own two gradients; half of them part by more than **{spell_angle(median)}**. "
        "The Gradients page takes the difference apart."
    )


def _show_reptile(learner: Learner, learners: Mapping[str, Learner], base: Experiment, k: int) -> None:
    """Six paths."""
    paths = engine_calls.paths(learner, base)
    detour = float(np.mean(paths.detour))
    page.chart(
        looks.paths_figure(paths), "look_paths", f"Six inner paths against their chords; detour {detour:.2f} on average."
    )
    st.markdown(
        f"Reptile learns from the chord alone: where {PATH_STEPS} inner steps end, seen from where they began. The paths "
        f"themselves are **{detour:.2f} times** as long. Each is drawn in the plane of its chord and of its widest bend."
    )


def _show_metasgd(learner: Learner, learners: Mapping[str, Learner], base: Experiment, k: int) -> None:
    """The step field."""
    field = engine_calls.step_field(learner)
    flat = np.concatenate([sizes.ravel() for sizes in field.sizes])
    page.chart(
        looks.step_field_figure(field),
        "look_steps",
        f"Learned step sizes from {flat.min():.3g} to {flat.max():.3g}; {field.negative:.0%} are negative.",
    )
    st.markdown(
        f"One step size for every parameter, from {flat.min():.3g} to {flat.max():.3g}. **{field.negative:.0%} are negative** "
        "(amber): there the learner climbs the support loss, which plain gradient descent never does."
    )


def _show_plus_plus(learner: Learner, learners: Mapping[str, Learner], base: Experiment, k: int) -> None:
    """Weights and step sizes."""
    look = engine_calls.plus_plus(learner)
    left, right = st.columns(2)
    with left:
        st.markdown("**What each step's loss counts for**")
        page.chart(looks.weights_figure(look), "look_weights", "Weights of the steps' losses over meta-iterations.")
    with right:
        st.markdown("**Learned step sizes, array by array**")
        sizes = f"from {look.step_sizes.min():.3g} to {look.step_sizes.max():.3g}" if look.step_sizes.size else "none"
        page.chart(looks.step_sizes_figure(look), "look_sizes", f"Learned step sizes by array and step: {sizes}.")
    st.markdown("At first every step's loss counts alike, so that all of them learn; then the last step takes over.")


def _show_parts(learner: Learner, learners: Mapping[str, Learner], base: Experiment, k: int) -> None:
    """Body and head under ANIL, BOIL and MAML."""
    start = resources.shipped_learners()["sinusoid_maml"]
    shown = {name: learners.get(name) or engine_calls.stand_in(name, base, start) for name in ("maml", "anil", "boil")}
    changes = {name: engine_calls.change(one, base, k) for name, one in shown.items()}
    listed = "; ".join(
        f"{NAMES[name]} "
        + ", ".join(f"{layer} {size:.1%}" for layer, size in zip(c.layers, c.change.mean(axis=0), strict=True))
        for name, c in changes.items()
    )
    page.chart(looks.change_figure(changes), "look_change", f"Relative change of each layer: {listed}.")
    untrained = ", ".join(NAMES[name] for name in shown if name not in learners)
    note = f" Not trained here, so at the shipped MAML's initialisation: {untrained}." if untrained else ""
    st.markdown(
        f"How far {max(1, k)} step{'' if k <= 1 else 's'} move{'s' if k <= 1 else ''} each layer, against its own size: "
        f"**ANIL moves the head alone, BOIL the body alone**. Bars are means over tasks, whiskers the middle half.{note}"
    )


def _show_imaml(learner: Learner, learners: Mapping[str, Learner], base: Experiment, k: int) -> None:
    """Errors of the implicit and the unrolled gradient."""
    with st.spinner("Solving the inner problem in many ways ..."):
        error = engine_calls.implicit(learner, base)
    left, right = st.columns(2)
    with left:
        st.markdown("**Over inner steps**")
        ends = f"implicit {error.implicit[-1]:.1e}, unrolled {error.unrolled[-1]:.1e}"
        page.chart(looks.implicit_figure(error), "look_implicit", f"Relative errors at {error.inner_steps[-1]} steps: {ends}.")
    with right:
        st.markdown("**Over conjugate-gradient steps**")
        page.chart(looks.cg_figure(error), "look_cg", f"Relative error with {error.cg_steps[-1]}: {error.by_cg[-1]:.1e}.")
    st.markdown(
        "The truth is the gradient where the inner problem is solved. The implicit gradient needs no memory of the way there; "
        f"both close in on it as the inner loop does. Gradient norm at the end, largest of five tasks: {error.solved:.2g}; a "
        "ReLU's kinks keep it from 0."
    )
    if not error.solved < 2:
        st.warning(
            "The inner problem was not solved here, so these errors mean little: the step size is too long for these tasks.",
            icon=":material/error:",
        )


def _show_cavia(learner: Learner, learners: Mapping[str, Learner], base: Experiment, k: int) -> None:
    """Contexts, coloured by what made the tasks."""
    contexts = engine_calls.contexts(learner, base, k)
    made_of = engine_calls.amplitude_and_phase(base)
    pairs = (("amplitude", ""), ("phase", "radians"))
    for column, (what, unit), values in zip(st.columns(2), pairs, made_of or (None, None), strict=True):
        with column:
            st.markdown(f"**Coloured by {what}**" if made_of else "**Contexts**")
            figure = looks.contexts_figure(contexts, values, what, unit)
            page.chart(figure, f"look_context_{what}", f"Contexts of {len(contexts.points)} tasks, coloured by {what}.")
    st.markdown(
        f"Each point is one task: the context that {max(1, k)} step{'' if k <= 1 else 's'} ended with, on its two main axes "
        f"({contexts.kept:.0%} of the spread). Nobody told the learner amplitude or phase; where the colours run smoothly, it "
        "has found them."
    )


def _show_solving(learner: Learner, learners: Mapping[str, Learner], base: Experiment, k: int) -> None:
    """A ridge head and MAML on the same five points."""
    stepping = learners.get("maml") or resources.shipped_learners()["sinusoid_maml"]
    same = engine_calls.same_points(stepping, learner, base)
    k = min(max(1, k), PATH_STEPS)
    curves = {"before": same.steps[0], "stepped": same.steps[k], "solved": same.solved}
    before, stepped, solved = (float(np.mean((curve - same.truth) ** 2)) for curve in curves.values())
    points = same.points.shape[1]
    page.chart(
        looks.solving_figure(same.x, same.truth, same.points, **curves, k=k),
        "look_solving",
        f"One task from {points} points: squared error {before:.2g} before, {stepped:.2g} after MAML's {k} steps, "
        f"{solved:.2g} solved.",
    )
    st.markdown(
        f"The same {points} points, two ways to adapt. MAML **steps**: {k} gradient step{'' if k == 1 else 's'} down the loss. "
        "R2-D2 **adapts by solving, not by steps**: with the features fixed, the best last layer is a ridge regression, one "
        "formula, and the outer loop learns features for which that is good. ALPaCA, DKT and PACOH solve too, and say how sure "
        f"they are. Squared error here: {before:.2g} before, **{stepped:.2g}** stepped, **{solved:.2g}** solved; one task says "
        "little, the table above has 200."
    )


_PICTURES = {
    "fomaml": _show_fomaml,
    "reptile": _show_reptile,
    "metasgd": _show_metasgd,
    "mamlplusplus": _show_plus_plus,
    "anil": _show_parts,
    "imaml": _show_imaml,
    "cavia": _show_cavia,
    "r2d2": _show_solving,
}
