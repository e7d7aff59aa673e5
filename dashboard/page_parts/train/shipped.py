"""What the Train page shows before anything was learned here: the learner that comes with the app."""

import streamlit as st

from dashboard.engine_calls import resources
from dashboard.figures import training as figures
from dashboard.page_parts.train import held_out_pictures, held_out_tasks
from dashboard.widgets import learners, page


def show(until: str, *, of_pictures: bool = False) -> None:
    """Its loss step by step, and six new tasks; of pictures, its answers in a new task.

    Args:
      until: what it stands in for, as in "Until you train".
      of_pictures: whether pictures are to be trained on.
    """
    if of_pictures:
        learner = resources.shipped_learners()["glyphs_protonet"]
        st.caption(
            f"{until}: the learner that comes with the app, ProtoNet after {learner.iteration:,} meta-iterations on Glyphs. "
            "One example of each of five characters that it has never seen, and it says which one each of the others is."
        )
        with page.pictures_of(learners.learner_words(learner)):
            held_out_pictures.show(learner, "shipped_family")
        return
    learner = resources.shipped_learners()["sinusoid_maml"]
    st.caption(f"{until}: the learner that comes with the app, after {learner.iteration:,} meta-iterations.")
    left, right = st.columns([5, 6])
    with page.pictures_of(learners.learner_words(learner)):
        with left:
            st.markdown("**Loss on 600 test tasks (seed 0), step by step**")
            curve = held_out_tasks.curve(learner)
            alt = f"Held-out loss: {curve.mean[0]:.2f} before adapting, {curve.mean[1]:.2f} after one step."
            page.chart(figures.curve_figure(curve.mean, curve.low, curve.high), "shipped_curve", alt)
        with right:
            st.markdown("**Six new tasks, before and after one gradient step**")
            held_out_pictures.show(learner, "shipped_family")
