"""Train: choose a run in the sidebar, watch it learn to adapt, take the learner along."""

import streamlit as st

from dashboard.engine_calls import held_out, resources
from dashboard.method_names import PAPERS
from dashboard.page_parts.train import protocol_card, run, shipped, take_along
from dashboard.page_parts.train.table_upload import table_controls
from dashboard.widgets import control_tables, controls, job_view, page
from maml_engine.tasks import PICTURES

FIELDS = tuple(name for members in control_tables.GROUPS.values() for name in members if name != "loss")
OWN = {"card": ""}


TRY_FUNCTIONS = (
    "Press **Train** and watch the held-out curves fan apart: the start itself gets a little better, one step from it a great "
    "deal. Then raise the inner step size α until training breaks."
)
TRY_PICTURES = (
    "Press **Train**: a network learns to tell characters apart that it has never seen, from a few examples of each. Then use "
    "it on Characters, and draw your own."
)


page.opening("Train", TRY_PICTURES if controls.likely("tasks") in PICTURES else TRY_FUNCTIONS)
wants_table = controls.current("tasks") == "table"
table = table_controls() if wants_table else None
pictures = [name for name in ("glyphs", "omniglot") if held_out.have_pictures(name)]
experiment = controls.experiment_controls(*FIELDS, pictures=pictures, **(table.fields if table else {}))
with st.container(horizontal=True):
    wants_run = st.button(
        "Train", type="primary", icon=":material/play_arrow:", key="train", disabled=wants_table and table is None
    )
    card = protocol_card.choose()
if wants_run:
    run.start(experiment, table.table if table else None)

job_id = run.current()
if job_id is None:
    shipped.show("Until you train", of_pictures=experiment.tasks in PICTURES)
    if experiment.tasks != "table":
        page.once_painted(resources.jobs().warm_up, experiment)
else:
    run.say_difference(job_id, experiment)
    with st.container(key="run_view"):
        is_over = job_view.watch([job_id], run.progress, run.show, key="stop", bar_stays=True)
    snapshot = resources.jobs().snapshot(job_id)
    if is_over and snapshot.result is not None:
        if name := protocol_card.card_of(snapshot.experiment, card):
            protocol_card.show(name, snapshot.result)
        take_along.show(snapshot, job_id)

page.equation(
    r"\theta \;\leftarrow\; \theta - \beta\, \nabla_\theta\, \frac{1}{N} \sum_{i=1}^{N} "
    r"\mathcal{L}_i^{\text{query}}\!\left(\theta - \alpha\, \nabla_\theta\, \mathcal{L}_i^{\text{support}}(\theta)\right)",
    "The outer loop moves the start θ so that **one inner step from it** does well on points that the step has not seen. "
    "N tasks make a meta-step; α is the inner step size, β the outer one. The gradient flows through the inner step: MAML "
    f"keeps that term, first-order MAML (`fomaml`) leaves it out ({PAPERS['maml'].link}, eq. 1, algorithm 2 and sec. 5.2).",
)
page.finish(OWN)
