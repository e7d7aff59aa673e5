"""The runs behind the networks on Home's bench: named below it, and the visitor's own in the link.

Light: where the visitor has trained nothing, no engine is loaded for it.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from dashboard import escape
from dashboard.components.sine_bench import Entrant
from dashboard.engine_calls import shipped_runs
from dashboard.figures import style
from dashboard.server import start_up
from dashboard.widgets import page, run_words, session

if TYPE_CHECKING:
    from maml_engine import Learner

GONE = "A learner of this link is no longer on this server; the others are here."


def own_learners() -> "dict[str, Learner]":
    """The last learners of sine waves that this session has trained, or those of the link, by their names on the bench."""
    wanted = st.session_state.get(session.RUNS) or _of_link()
    if not wanted:
        page.answer_link(session.OWN_RUNS)
        return {}
    start_up.wait()
    from dashboard.engine_calls import resources
    from dashboard.engine_calls import sine_bench as bench_engine

    wanted = list(wanted)[-len(style.OWN_COLOURS) :]
    found = {job_id: resources.jobs().learner(job_id) for job_id in wanted}
    page.answer_link(session.OWN_RUNS, GONE if None in found.values() and _of_link() else "")
    own = {job_id: each for job_id, each in found.items() if each is not None and bench_engine.can_show(each)}
    st.session_state[session.RUNS] = list(dict.fromkeys([*st.session_state.get(session.RUNS, ()), *own]))
    _keep(list(own))
    return {f"own_{number}": each for number, each in enumerate(own.values(), 1)}


def _of_link() -> list[str]:
    return [job_id for job_id in st.query_params.get(session.OWN_RUNS, "").split(".") if job_id]


def _keep(job_ids: Sequence[str]) -> None:
    """In session and address: who opens the link sees the same learners."""
    spelled = ".".join(job_ids)
    st.session_state[session.OWN_RUNS] = spelled
    if spelled:
        st.query_params[session.OWN_RUNS] = spelled
    else:
        st.query_params.pop(session.OWN_RUNS, None)


def labels(own: "Mapping[str, Learner]") -> dict[str, str]:
    """What the visitor's own learners are called: as they were named, else by their methods."""
    names = _given_names(own)
    return {name: names[name] or f"Yours: {run_words.method_of(each.experiment)}" for name, each in own.items()}


def _full_titles(own: "Mapping[str, Learner]") -> dict[str, str]:
    """Names and methods of the visitor's own learners that have been given names."""
    return {name: run_words.title(own[name].experiment, given) for name, given in _given_names(own).items() if given}


def _given_names(own: "Mapping[str, Learner]") -> dict[str, str]:
    if not own:
        return {}
    from dashboard.widgets import learners  # it loads the engine

    return {name: learners.given_name(each) for name, each in own.items()}


def say(entrants: Sequence[Entrant], own: "Mapping[str, Learner]") -> None:
    """The run that made each network on the bench.

    Args:
      entrants: the networks.
      own: the visitor's own learners, by their names on the bench.
    """
    runs = shipped_runs.runs() | {name: (each.experiment, each.iteration) for name, each in own.items()}
    titles = {one.name: one.label for one in entrants} | _full_titles(own)
    listed = [run_words.of_run(*runs[one.name], title=titles[one.name]) for one in entrants]
    st.caption(f"On the bench: {escape.markdown('; '.join(listed), 1000)}.")
