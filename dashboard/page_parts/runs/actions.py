"""What a visitor can do with the runs that are chosen, and how a run comes in from a file."""

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard import escape
from dashboard.engine_calls import resources
from dashboard.page_parts.runs import kept, rows
from dashboard.page_parts.runs.kept import Kept
from dashboard.runs import MAX_NOTE, LibraryAway, Run, library
from dashboard.widgets import learners, links, run_words, session
from dashboard.widgets.visitor import owner
from maml_engine.tasks import PICTURES

FILE_ENDING = "maml-run.zip"


def show(shown: Kept, chosen: Sequence[Run], baseline: Run | None) -> None:
    """Buttons and fields for the chosen runs.

    Args:
      shown: the runs of the page.
      chosen: of them.
      baseline: that is pinned, if any.
    """
    if not chosen:
        return
    own = [run for run in chosen if shown.is_own(run)]
    if len(chosen) == 1:
        _show_one(chosen[0], baseline, is_own=bool(own))
    with st.container(horizontal=True):
        if len(chosen) == 1:
            _buttons_of_one(chosen[0], baseline)
        if own:
            _delete_button(own)
    for sentence in st.session_state.pop(session.RUN_SAID, ()):
        st.info(sentence, icon=":material/info:")


def _show_one(run: Run, baseline: Run | None, *, is_own: bool) -> None:
    st.subheader(escape.markdown(rows.title(run)), anchor=False)
    st.caption(escape.markdown(rows.words(run), 1000) + (f" {escape.markdown(run.message, 1000)}" if run.message else ""))
    if baseline is not None and not rows.is_pinned(run, baseline):
        _say_differences(run, baseline)
    if not is_own:
        st.caption("This run is another visitor’s, opened by its link: it can be looked at, used and taken along.")
        if run.note:
            st.markdown(escape.markdown(run.note, MAX_NOTE))
        return
    left, right = st.columns([1, 2])
    name_key, note_key = f"{session.RUN_NAME}{run.id}", f"{session.RUN_NOTE}{run.id}"
    st.session_state[name_key], st.session_state[note_key] = run.name, run.note
    left.text_input(
        "Its name",
        key=name_key,
        max_chars=run_words.MAX_NAME,
        placeholder=rows.title(run),
        on_change=_attempt,
        args=(_rename, run.id, name_key),
        help="Stands wherever this run and its learner are chosen and drawn; whoever has its link sees it.",
    )
    right.text_area(
        "Notes",
        key=note_key,
        max_chars=MAX_NOTE,
        height=92,
        placeholder="What you wanted to find out, and what you found",
        on_change=_attempt,
        args=(_annotate, run.id, note_key),
    )


def _say_differences(run: Run, baseline: Run) -> None:
    found = rows.differences(run, baseline)
    listed = "; ".join(f"{one} instead of {other}" for _, one, other in found) or "nothing that is set"
    name = rows.title(baseline)
    st.markdown(f"Beside the baseline {escape.markdown(name)} it has {escape.markdown(listed, 1500)}.")


def _buttons_of_one(run: Run, baseline: Run | None) -> None:
    can_open = run.experiment is not None and run.kind == "train"
    if run.experiment is not None and can_open:
        # A link, since code cannot leave a page while its address holds what a widget is bound to, as the filter.
        link = links.address("train", run.experiment.changes(), {links.JOB_KEY: run.id})
        st.link_button("Open in Train", link, icon=":material/model_training:", key="open_in_train")
    is_of_pictures = run.experiment is not None and run.experiment.tasks in PICTURES
    if can_open and run.learner_bytes and is_of_pictures:
        st.button(
            "Use it on Characters",
            icon=":material/draw:",
            type="primary",
            key="use_on_characters",
            on_click=_use_on_characters,
            args=(run.id,),
        )
    elif run.experiment is not None and can_open and run.learner_bytes and run.experiment.tasks != "table":
        st.button(
            "Use on every page",
            icon=":material/check:",
            type="primary",
            key="use_learner",
            on_click=_attempt,
            args=(_use, run),
        )
    is_baseline = rows.is_pinned(run, baseline)
    st.button(
        "Unpin" if is_baseline else "Pin as baseline",
        icon=":material/keep_off:" if is_baseline else ":material/keep:",
        key="pin_run",
        on_click=kept.pin,
        args=("" if is_baseline else run.id,),
    )
    st.download_button(
        "Export",
        lambda: library().export(run.id) or b"",
        f"{run_words.file_stem(run.name, run.experiment.digest if run.experiment else run.id)}.{FILE_ENDING}",
        "application/zip",
        icon=":material/download:",
        key="export_run",
        on_click="ignore",
        help="One file with the run, its curves, your note and its learner, to be imported on any MAML Lab.",
    )


def _delete_button(own: Sequence[Run]) -> None:
    what = "this run" if len(own) == 1 else f"these {len(own)} runs"
    with st.popover("Delete", icon=":material/delete:", key="delete_runs_open"):
        st.markdown(f"Delete {what} and what was learned for good? Links to {'it' if len(own) == 1 else 'them'} end, too.")
        st.button(
            f"Delete {what}",
            type="primary",
            icon=":material/delete_forever:",
            key="delete_runs",
            on_click=_attempt,
            args=(_delete, [run.id for run in own]),
        )


def importer() -> None:
    """A field for the file of a run that was exported, here or elsewhere."""
    turn = st.session_state.get(session.IMPORT_TURN, 0)
    with st.popover("Import", icon=":material/upload:", key="import_run_open"):
        key = f"{session.RUN_FILE}{turn}"
        st.file_uploader(
            "A run’s file",
            type=["zip"],
            key=key,
            on_change=_attempt,
            args=(_import, key),
            help="As “Export” on this page gives it.",
        )
    if refused := st.session_state.pop(session.IMPORT_REFUSED, ""):
        st.error(escape.sentence(refused), icon=":material/error:")


# Callbacks.


def _attempt(action: Callable[..., None], *args: object) -> None:
    """Does something with the library; where it is away, the page says so, and nothing has changed."""
    try:
        action(*args)
    except LibraryAway as error:
        _say(f"{escape.sentence(error)} Nothing was changed.")


def _say(sentence: str) -> None:
    st.session_state[session.RUN_SAID] = [*st.session_state.get(session.RUN_SAID, ()), sentence]


def _rename(run_id: str, key: str) -> None:
    resources.jobs().rename(run_id, run_words.given_name(st.session_state[key]), owner=owner())


def _annotate(run_id: str, key: str) -> None:
    library().annotate(run_id, owner(), st.session_state[key])


def _use(run: Run) -> None:
    if resources.jobs().learner(run.id) is not None:
        learners.offer_run(run.id)
        _say("The other pages show this learner now; their sidebar has the choice.")
    else:
        _say("Its learner can no longer be opened here.")


def _use_on_characters(run_id: str) -> None:
    learners.offer_pictures(run_id)
    _say(learners.on_characters(run_id))


def _delete(run_ids: Sequence[str]) -> None:
    gone: list[str] = []
    try:
        for run_id in run_ids:
            if library().delete(run_id, owner()):
                gone.append(run_id)
    except LibraryAway as error:
        if not gone:
            raise
        _say(f"{escape.sentence(error)} {len(gone)} of the {len(run_ids)} runs had been deleted; the others are as they were.")
    for run_id in gone:
        resources.jobs().forget(run_id, owner=owner())
    kept.forget(gone)
    st.toast("Deleted 1 run." if len(gone) == 1 else f"Deleted {len(gone)} runs.", icon=":material/delete:")


def _import(key: str) -> None:
    upload = st.session_state[key]
    if upload is None:
        return
    try:
        run = library().import_run(upload.getvalue(), owner())
    except ValueError as error:
        st.session_state[session.IMPORT_REFUSED] = str(error)
        return
    st.session_state[session.IMPORT_TURN] = st.session_state.get(session.IMPORT_TURN, 0) + 1  # an empty field
    kept.choose([run.id])
    st.toast("The run is in the table.", icon=":material/check:")
