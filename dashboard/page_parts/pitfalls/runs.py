"""A pitfall's two runs, one broken and one mended: trained in the background, judged on the same new tasks."""

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import streamlit as st

from dashboard import escape
from dashboard.engine_calls import resources
from dashboard.figures import pitfalls as figures
from dashboard.figures.training import smoothed
from dashboard.jobs import Snapshot
from dashboard.page_parts.pitfalls.cards import CARDS
from dashboard.page_parts.pitfalls.judged import JUDGED_TASKS, KEY, on_tasks_of
from dashboard.results import spell_loss
from dashboard.widgets import job_view, page, run_words, session

WHICH = ("broken", "mended")


GONE = "Runs of this link are no longer on this server ({}): open the card and train both again."


def read_link() -> None:
    """Takes in the runs that the link names, and says which are not here; before any card is shown."""
    if not st.session_state.get(session.PAIR):
        st.session_state[session.PAIR] = st.query_params.get(session.PAIR, "")
    page.answer_link(session.PAIR)
    spelled = st.session_state[session.PAIR]
    here = {name: ids for name, ids in _pairs().items() if pair_of(name)}
    if (kept := _spell(here)) == spelled:
        return
    st.session_state[session.PAIR] = kept
    if kept:
        st.query_params[session.PAIR] = kept
    else:
        st.query_params.pop(session.PAIR, None)
    gone = [CARDS[name].title if name in CARDS else escape.short(name) for name in _named(spelled) if name not in here]
    if gone:
        page.answer_link(session.PAIR, GONE.format(", ".join(map(escape.markdown, gone))))


def _named(spelled: str) -> list[str]:
    """The cards that a link names, known or not, in its order."""
    return [pair.split(".")[0] for pair in spelled.split(",")[: len(CARDS)]]


def _spell(pairs: Mapping[str, Sequence[str]]) -> str:
    """The runs of each card, as the link spells them."""
    return ",".join(".".join([card, *ids]) for card, ids in pairs.items())


def _pairs() -> dict[str, list[str]]:
    """The two runs of each card that has some, of this session or of the link."""
    spelled = [pair.split(".") for pair in st.session_state[session.PAIR].split(",")[: len(CARDS)]]
    return {card: ids for card, *ids in spelled if card in CARDS and len(ids) == len(WHICH)}


def pair_of(name: str) -> list[str]:
    """The two runs of a card; none where this server does not know them."""
    ids = _pairs().get(name, [])
    return ids if all(resources.jobs().snapshot(job_id) for job_id in ids) else []


def start(name: str) -> None:
    """A callback: both runs of a card into the queue, named in the link."""
    card = CARDS[name]
    job_view.stop(pair_of(name))
    ids: list[str] = []
    try:
        for which in WHICH:
            ids.append(job_view.submit(card.run(which), card.tasks_of(which)))
    except ValueError as error:
        job_view.stop(ids)
        st.session_state[session.PAIR_REFUSED] = (name, str(error))
        return
    st.session_state[session.PAIR] = st.query_params[session.PAIR] = _spell(_pairs() | {name: ids})


def show(name: str) -> None:
    """A card's runs as they are now, or why they were refused; once both have ended, both learners on the same test tasks."""
    refused, why = st.session_state.get(session.PAIR_REFUSED, ("", ""))
    if refused == name:
        st.error(escape.sentence(why), icon=":material/error:")
        del st.session_state[session.PAIR_REFUSED]
    if ids := pair_of(name):
        labels = [f"The {which} run" for which in WHICH]
        job_view.watch(ids, job_view.iterations, partial(_show_pair, name), key=f"stop_{name}", labels=labels)


def _show_pair(name: str, *snapshots: Snapshot) -> None:
    runs = dict(zip(WHICH, snapshots, strict=True))
    words = "; ".join(f"{which}: {run_words.of_run(run.experiment, run.iteration)}" for which, run in runs.items())
    left, right = st.columns(2)
    with left, page.pictures_of(words):
        _show_training(name, runs)
    with right, page.pictures_of(words):
        if all(snapshot.ended for snapshot in snapshots):
            _show_verdict(name, runs)
        else:
            st.caption("When both have ended, they are judged here on the same new tasks.")


def _show_training(name: str, runs: dict[str, Snapshot]) -> None:
    """Both runs' own losses."""
    card = CARDS[name]
    drawn = {}
    for which, snapshot in runs.items():
        history = np.zeros((0, 2))
        if len(snapshot.history):
            means = smoothed(snapshot.history[:, 2], max(1, len(snapshot.history) // 20))
            history = np.stack([snapshot.history[:, 0], means], axis=1)
        loss = snapshot.curves[:, card.steps] if len(snapshot.curves) else np.zeros(0)
        drawn[which] = (history, snapshot.curve_iterations, loss)
    st.markdown("**In training, on tasks of their own kind**")
    now = ", ".join(f"{which} {spell_loss(loss[-1])}" for which, (_, _, loss) in drawn.items() if len(loss)) or "none yet"
    figure = figures.runs_figure(drawn, num_iterations=card.broken.num_iterations, steps=card.steps)
    page.chart(figure, f"runs_{name}", f"Meta-loss and held-out loss over the meta-iterations; held out now: {now}.")


def _show_verdict(name: str, runs: dict[str, Snapshot]) -> None:
    """Both learners on the mended run's test tasks."""
    card = CARDS[name]
    st.markdown(f"**Judged on the same {JUDGED_TASKS} new tasks**")
    curves = {
        which: on_tasks_of(snapshot.result, card.mended) for which, snapshot in runs.items() if snapshot.result is not None
    }
    losses = ", ".join(
        f"{which} **{spell_loss(curve.mean[card.steps])}** (95 % from {spell_loss(max(curve.low[card.steps], 0.0))} to "
        f"{spell_loss(curve.high[card.steps])})"
        for which, curve in curves.items()
    )
    alt = f"Loss on new tasks after each inner step; after {card.steps}: {losses.replace('**', '')}."
    page.chart(figures.new_tasks_figure(curves, steps=card.steps), f"judged_{name}", alt)
    after = "one step" if card.steps == 1 else f"{card.steps} steps"
    st.markdown(f"After {after}: {losses or 'neither run got that far'}.")
    st.caption(f"Both on test tasks of the mended run (key {KEY}), {card.mended.k_shot} support points each.")
