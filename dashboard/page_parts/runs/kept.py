"""Which runs the page shows: the visitor's own and those that a link has opened, as the library has them."""

from typing import NamedTuple

import streamlit as st

from dashboard import escape
from dashboard.page_parts.runs import rows
from dashboard.runs import LibraryAway, Run, library
from dashboard.widgets import page, session
from dashboard.widgets.visitor import owner

GONE = "A run of this link is not kept on this server, or its owner has deleted it; what else is there is shown."
FIRST, MORE = 300, 700  # runs that are shown at first, and how many more each time
MAX_LINKED = 50


class Kept(NamedTuple):
    """The runs of the page.

    runs: the newest first; of several thousand the newest alone.
    total: how many there are.
    owner: the visitor, as runs know who they belong to.
    """

    runs: list[Run]
    total: int
    owner: str

    def of(self, run_ids: "list[str] | tuple[str, ...]") -> list[Run]:
        """Those of these ids, in the order of the page."""
        return [run for run in self.runs if run.id in run_ids]

    def is_own(self, run: Run) -> bool:
        """Whether the visitor may change it."""
        return run.owner == self.owner


def read() -> Kept | None:
    """The visitor's runs; None, and a sentence on the page, where the library is away."""
    visitor = owner()
    linked = _linked()
    try:
        limit = st.session_state.get(session.RUNS_SHOWN, FIRST)
        found = library().list(visitor, linked, limit=limit)
        total = len(found) if len(found) < limit else library().count(visitor, linked)
        here = {run.id for run in found}
        older = {run_id: library().get(run_id) for run_id in linked if run_id not in here}
    except LibraryAway as error:
        st.warning(f"{escape.sentence(error)} Your runs are kept there and will be back with it.", icon=":material/cloud_off:")
        return None
    missing = [run_id for run_id, run in older.items() if run is None]
    page.answer_link(session.RUN_CHOICE, GONE if missing else "")
    if missing:
        forget(missing)
    return Kept([*found, *(run for run in older.values() if run is not None)], total, visitor)


def forget(run_ids: list[str]) -> None:
    """Runs that are not there any more are neither chosen nor pinned."""
    st.session_state[session.RUNS_LINKED] = [each for each in st.session_state[session.RUNS_LINKED] if each not in run_ids]
    choose([run_id for run_id in chosen() if run_id not in run_ids])
    if st.session_state.get(session.BASELINE) in run_ids:
        pin("")


def chosen() -> list[str]:
    """Ids of the runs that are chosen in the table, or that the link names."""
    return [run_id for run_id in _named(session.RUN_CHOICE).split(".") if run_id][:MAX_LINKED]


def choose(run_ids: list[str]) -> None:
    """Chooses runs, in session and address: who opens the link sees them."""
    _write(session.RUN_CHOICE, ".".join(run_ids[:MAX_LINKED]))


def _write(key: str, spelled: str) -> None:
    """In session and address; nothing leaves the address."""
    st.session_state[key] = spelled
    if spelled:
        st.query_params[key] = spelled
    else:
        st.query_params.pop(key, None)


def baseline(kept: Kept) -> Run | None:
    """The run that is pinned, if any."""
    return next((run for run in kept.runs if run.id == _named(session.BASELINE)), None)


def _named(key: str) -> str:
    """What the session holds, or a link names: kept, since a visit to another page takes it out of the address."""
    st.session_state[key] = st.session_state.get(key) or st.query_params.get(key, "")
    return st.session_state[key]


def pin(run_id: str) -> None:
    """A callback: this run is the baseline; "" for none."""
    _write(session.BASELINE, run_id)


def show_more(kept: Kept) -> None:
    """A button for the older ones, where not all are shown."""
    if len(kept.runs) < kept.total:
        st.button(
            f"Show older runs: {len(kept.runs):,} of {kept.total:,} are here",
            icon=":material/expand_more:",
            key="older_runs",
            on_click=_show_more,
            args=(len(kept.runs),),
        )


def _show_more(shown: int) -> None:
    """A callback."""
    st.session_state[session.RUNS_SHOWN] = shown + MORE


def _linked() -> list[str]:
    """Ids of runs that a link has opened in this session, the baseline's among them."""
    before = st.session_state.get(session.RUNS_LINKED, [])
    named = [*chosen(), _named(session.BASELINE)]
    st.session_state[session.RUNS_LINKED] = list(dict.fromkeys(run_id for run_id in (*before, *named) if run_id))[:MAX_LINKED]
    return st.session_state[session.RUNS_LINKED]


def words(runs: list[Run]) -> str:
    """What pictures of these runs are of; of many, how many, and the first."""
    named = [rows.words(run) for run in runs]
    return "; ".join(named) if len(named) <= 3 else f"{len(named)} runs, the first of them {named[0]}"
