"""A protocol card: a paper's exact settings, to set the sidebar to, and its numbers beside those of a run."""

import streamlit as st

from dashboard.method_names import TUTORIAL
from dashboard.page_parts.train.held_out_tasks import by_protocol
from dashboard.results import spell_loss
from dashboard.widgets import controls, links
from maml_engine import Experiment, Learner
from maml_engine.experiment.presets import PRESETS
from maml_engine.tasks import PICTURES


def choose() -> str:
    """The protocol card that is looked at; "" where none is."""
    controls.by_name("card", PRESETS, lambda name: PRESETS[name].title)
    with st.popover("Protocol card", icon=":material/description:"):
        name = st.selectbox(
            "Protocol card (`preset`)",
            ["", *PRESETS],
            format_func=lambda name: PRESETS[name].title if name else "None",
            key="card",
            bind="query-params",
            help="A paper's exact settings, and what it reports. On the command line: `maml train --preset NAME`.",
        )
        if name:
            _show_settings(name)
    return name


def _show_settings(name: str) -> None:
    card = PRESETS[name]
    st.markdown(f"**{card.title}**  \nFrom: {card.source}. `--preset {name}`")
    if card.remark:
        st.markdown(card.remark)
    printed = ", ".join(f"{loss:g} after {_spell_steps(step)}" for step, loss in card.published.items())
    st.markdown(f"Published: {printed}." if printed else "Its source prints no number to compare with.")
    run = links.write(card.experiment.changes())
    st.caption(", ".join(f"`{field}` {value}" for field, value in run.items()) or f"The values of {TUTORIAL}.")
    st.button(
        "Set the sidebar to it",
        icon=":material/input:",
        type="primary",
        key="use_card",
        on_click=controls.choose,
        args=(card.experiment,),
        width="stretch",
    )


def card_of(experiment: Experiment, chosen: str) -> str:
    """The card to judge a run by: the chosen one, else the one whose run it is; "" where there is none."""
    its_own = (name for name, card in PRESETS.items() if not card.differences(experiment))
    return "" if experiment.tasks == "table" or experiment.tasks in PICTURES else chosen or next(its_own, "")


def show(name: str, learner: Learner) -> None:
    """Our numbers by the card's protocol, beside the published ones."""
    card, curve = PRESETS[name], by_protocol(learner, name)
    st.subheader(f"By the protocol card: {card.title}", anchor=False)
    rows = ["| after | here | 95 % interval | published |", "|---|---|---|---|"]
    for step in card.published or [card.judged["inner_steps"]]:
        interval = f"{spell_loss(curve.low[step])} to {spell_loss(curve.high[step])}"
        published = f"{card.published[step]:g}" if step in card.published else "none"
        rows.append(f"| {_spell_steps(step)} | {spell_loss(curve.mean[step])} | {interval} | {published} |")
    st.markdown("\n".join(rows))
    num_tasks, points = card.judged.get("num_tasks", 600), card.judged["k_shot"]
    sentence = f"{card.source}. Here: {num_tasks} test tasks with {points} support points each."
    if differs := card.differences(learner.experiment):
        sentence += f" This is not the card's own run, which has {', '.join(f'`{one}`' for one in differs)}."
    st.caption(f"{sentence} {card.remark}")


def _spell_steps(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps} steps"
