"""A background job on a page: which one it is, and one look at it, again and again until it has ended.

A page that trains something reads like this:

    RUN = job_view.LinkedJobs(session.TRIAL)  # the name in the link, too

    def start(experiment):  # a callback of the page's button
        RUN.start(lambda: job_view.submit(experiment))

    RUN.show_refusal()
    if ids := RUN.ids():
        is_over = job_view.watch(ids, job_view.iterations, show_curves, key="stop")
        if is_over:
            show_what_came_of_it(resources.jobs().snapshot(ids[0]))

`show_curves(snapshot)` draws what grows, inside the fragment; with two jobs it is called with two snapshots. What the page
shows after the end comes after `watch`, since the whole page runs once more when the last job has ended.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import streamlit as st

from dashboard import escape
from dashboard.engine_calls import resources
from dashboard.jobs import QUEUED, RUNNING, STOPPED, Snapshot
from dashboard.widgets import page, session, visitor
from maml_engine import Experiment

SECONDS_BETWEEN_LOOKS = 0.4
# What waits longer than so many seconds is looked at more seldom: so many from one look to the next. A look takes 6 ms of the
# server's processor; a hundred who wait and looked as often as those whose run is under way would keep a core and a half busy.
WAITING_LOOKS = ((45.0, 5.0), (10.0, 2.0))
ANOTHERS = "Somebody else's run"


class Progress(NamedTuple):
    """How far a job is, for the bar.

    share: of the whole work, from 0 to 1.
    text: in words.
    """

    share: float
    text: str


@dataclass(frozen=True)
class LinkedJobs:
    """The jobs that a page shows; their ids stand in the session and in the link under one name.

    name: the session's key, and the key in the link.
    count: how many jobs belong together.
    belongs: whether a job is one of the page's; a link may name one of another page.
    """

    name: str
    count: int = 1
    belongs: Callable[[Snapshot], bool] = lambda snapshot: True

    def ids(self, gone: str = "") -> tuple[str, ...]:
        """The jobs of this session, or those that the link names; none where this server does not know all of them.

        Args:
          gone: what is said where jobs are named that this server does not know; they are forgotten then.
        """
        spelled = st.session_state.get(self.name) or st.query_params.get(self.name, "")
        ids = tuple(spelled.split("."))
        snapshots = [resources.jobs().snapshot(job_id) for job_id in ids]
        if len(ids) == self.count and all(snapshot is not None and self.belongs(snapshot) for snapshot in snapshots):
            st.session_state[self.name] = spelled
            return ids
        if gone:
            page.answer_link(self.name, gone if spelled else "")
        if spelled and gone:
            st.session_state[self.name] = ""
            st.query_params.pop(self.name, None)
        return ()

    def start(self, *submits: Callable[[], str]) -> tuple[str, ...]:
        """In a callback: ends the visitor's jobs before, begins new ones and names them in the link.

        Args:
          submits: each gives one job to the registry and returns its id. Where one is refused by a `ValueError`, those before
            it end, and `show_refusal` says why.

        Returns:
          Their ids; none where one was refused.
        """
        stop(self.ids())
        ids: list[str] = []
        try:
            for submit in submits:
                ids.append(submit())
        except ValueError as error:
            stop(ids)
            st.session_state[session.REFUSED + self.name] = str(error)
            return ()
        st.session_state.pop(session.REFUSED + self.name, None)
        st.session_state[self.name] = st.query_params[self.name] = ".".join(ids)
        return tuple(ids)

    def show_refusal(self, *, stays: bool = False) -> None:
        """Why the last start was refused, if it was.

        Args:
          stays: whether it is shown until the next start, instead of once.
        """
        key = session.REFUSED + self.name
        if refused := st.session_state.get(key) if stays else st.session_state.pop(key, None):
            st.error(escape.sentence(refused), icon=":material/error:")


def watch(
    job_ids: Sequence[str],
    progress: Callable[..., Progress],
    content: Callable[..., None] | None = None,
    *,
    key: str,
    message: Callable[[Snapshot], str] = lambda snapshot: snapshot.message,
    labels: Sequence[str] = (),
    bar_stays: bool = False,
) -> bool:
    """Looks at jobs again and again, each time with progress, Stop, messages and content; tells whether all have ended.

    Args:
      job_ids: jobs that the registry knows (`LinkedJobs.ids`).
      progress: called with a snapshot of each job.
      content: draws what grows, called with a snapshot of each job; while all wait, once.
      key: of the Stop button.
      message: how a job ended, in words; "" where that needs no saying.
      labels: one a job, to begin its message with; for several jobs, where the end of one is no error of the page.
      bar_stays: whether the bar is shown after the end, too.
    """
    at_first = _snapshots(job_ids)
    manner = _manner(at_first, len(job_ids))

    def look() -> None:
        snapshots = _snapshots(job_ids)
        if len(snapshots) < len(job_ids) or _differs(_manner(snapshots, len(job_ids)), manner):
            st.rerun()  # the page shows more, or looks more often, or no longer
        if not manner.is_over or bar_stays:
            _show_bar(waiting(*snapshots) or progress(*snapshots), job_ids, key, manner.is_over)
        for snapshot, label in zip(snapshots, labels or [""] * len(snapshots), strict=True):
            if words := message(snapshot):
                _show_message(words, label, is_error=snapshot.status != STOPPED)
        if content is not None and not manner.all_wait:
            content(*snapshots)

    st.fragment(look, run_every=manner.pause)()
    if content is not None and manner.all_wait:
        content(*at_first)  # once, since nothing grows yet: drawn with each look it takes three quarters of its time
    return manner.is_over


def submit(experiment: Experiment, tasks: Any = None, *, instead_of: Sequence[str] = ()) -> str:
    """Puts a run of this visitor's into the queue and gives back its id.

    Args:
      experiment: the run.
      tasks: a table's, where it is trained on one.
      instead_of: ids of runs that end for it, those that are this visitor's.

    Raises:
      ValueError: on a hosted demo, more than it allows; or the queue is full.
    """
    return resources.jobs().submit(experiment, tasks, owner=visitor.owner(), instead_of=instead_of)


def submit_work(experiments: Sequence[Experiment], work: Callable[[], Iterator[Any]], **kept: Any) -> str:
    """Puts work of another kind into the queue (`JobRegistry.submit_work`).

    Args:
      experiments: the runs that it holds.
      work: makes the iterator of its reports.
      kept: as what the library keeps it, and what of it: `keep_as` and `summary`.

    Raises:
      ValueError: as for `submit`.
    """
    return resources.jobs().submit_work(experiments, work, owner=visitor.owner(), **kept)


def is_mine(job_id: str) -> bool:
    """Whether a run is this visitor's, and not one whose link they have opened."""
    return resources.jobs().belongs_to(job_id, visitor.owner())


def waiting(*snapshots: Snapshot) -> Progress | None:
    """The place in the queue and the time until it is its turn; None where a run has begun."""
    first = min(snapshots, key=lambda snapshot: snapshot.position)
    if any(snapshot.status != QUEUED for snapshot in snapshots):
        return None
    before = {0: "next in line", 1: "one run is before it"}.get(first.position, f"{first.position} runs are before it")
    expected = first.seconds_to_start
    begins = "" if expected is None else f", begins in about {spell_duration(max(1.0, expected))}"
    return Progress(0.0, f"Waiting: {before}{begins}.")


def iterations(*snapshots: Snapshot, note: str = "") -> Progress:
    """Meta-iterations done of all; of several runs in sum, as they come one after the other.

    Args:
      snapshots: one a run.
      note: what else to say of them.
    """
    done = sum(snapshot.iteration for snapshot in snapshots)
    total = sum(snapshot.experiment.num_iterations for snapshot in snapshots)
    several = f" in all{note and f' ({note})'}; one run after the other" if len(snapshots) > 1 else ""
    if not done and any(snapshot.status == RUNNING for snapshot in snapshots):
        return Progress(0.0, "Compiling the training step ...")
    return Progress(done / total, f"{done:,} of {total:,} meta-iterations{several}")


def spell_duration(seconds: float) -> str:
    """A duration for reading."""
    if seconds < 90:
        return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
    if seconds < 600:  # to whole minutes it would be a third off
        return f"{round(seconds / 60, 1):g} min"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def stop(job_ids: Sequence[str]) -> None:
    """Ends those of the jobs that are this visitor's; what they have learned stays."""
    for job_id in job_ids:
        resources.jobs().stop(job_id, owner=visitor.owner())


def _snapshots(job_ids: Sequence[str]) -> list[Snapshot]:
    """Those of the jobs that are known, as they are now; the registry learns that somebody looks."""
    for job_id in job_ids:
        resources.jobs().touch(job_id)
    found = (resources.jobs().snapshot(job_id) for job_id in job_ids)
    return [snapshot for snapshot in found if snapshot is not None]


class _Manner(NamedTuple):
    """How jobs are looked at.

    all_wait: whether none of them has begun.
    pause: seconds from one look to the next; None where all have ended.
    """

    all_wait: bool
    pause: float | None

    @property
    def is_over(self) -> bool:
        """Whether all have ended."""
        return self.pause is None


def _manner(snapshots: Sequence[Snapshot], jobs: int) -> _Manner:
    """How so many jobs are looked at, of which these are still known."""
    if len(snapshots) == jobs and all(snapshot.ended for snapshot in snapshots):
        return _Manner(all_wait=False, pause=None)
    if len(snapshots) < jobs or any(snapshot.status != QUEUED for snapshot in snapshots):
        return _Manner(all_wait=False, pause=SECONDS_BETWEEN_LOOKS)
    waits = min(snapshot.seconds_to_start or 0.0 for snapshot in snapshots)
    pause = next((pause for longer, pause in WAITING_LOOKS if waits > longer), SECONDS_BETWEEN_LOOKS)
    return _Manner(all_wait=True, pause=pause)


def _differs(now: _Manner, before: _Manner) -> bool:
    """Whether the page has to run again; not because a wait has become longer."""
    if (now.all_wait, now.is_over) != (before.all_wait, before.is_over):
        return True
    return now.pause is not None and before.pause is not None and now.pause < before.pause


def _show_bar(progress: Progress, job_ids: Sequence[str], key: str, is_over: bool) -> None:
    with st.container(key=f"job_bar_{key}"):  # where one is, Streamlit's own Stop is not (widgets/page)
        bar, button = st.columns([6, 1], vertical_alignment="center")
        bar.progress(min(1.0, progress.share), text=progress.text)
        if any(is_mine(job_id) for job_id in job_ids):
            button.button(
                "Stop", icon=":material/stop:", key=key, on_click=stop, args=(job_ids,), disabled=is_over, width="stretch"
            )
        else:
            button.caption(ANOTHERS, help="You opened its link, so you can look. What you start here is your own.")


def _show_message(words: str, label: str, *, is_error: bool) -> None:
    """How a job ended: one of several, or an error, or that it was stopped."""
    if label:
        st.info(f"{label}: {escape.sentence(words)}", icon=":material/info:")
    elif is_error:
        st.error(escape.sentence(words), icon=":material/error:")
    else:
        st.info(escape.sentence(words), icon=":material/stop_circle:")
