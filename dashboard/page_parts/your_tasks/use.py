"""A visitor's learner in use: a few known rows of a new task, what it makes of the others, and what is taken home."""

from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard import escape
from dashboard.components.row_bench import Points, row_bench
from dashboard.downloads.files import learner_zip
from dashboard.figures import your_tasks as figures
from dashboard.page_parts.your_tasks import predictions, report, upload
from dashboard.page_parts.your_tasks import table as tables
from dashboard.page_parts.your_tasks.predictions import NewTask, Predictions
from dashboard.page_parts.your_tasks.run import TrainedVerdict
from dashboard.page_parts.your_tasks.script import script
from dashboard.page_parts.your_tasks.verdict import words_of
from dashboard.server.uploads import MAX_TABLE_MB
from dashboard.widgets import learners, page, run_words, session

COMMAND = "python -m maml_engine adapt learner known.csv --predict others.csv"


def show(trained: TrainedVerdict) -> None:
    """A new task: a few known rows, and what the learner makes of the others."""
    task = _task_at_hand(trained)
    key = st.session_state.get(session.NEW_TASK, ("", ""))[1] or trained.table.id
    left, right = st.columns([5, 6], gap="medium")
    with left:
        st.markdown("**Known rows**")
        known = st.data_editor(task.known, num_rows="dynamic", hide_index=True, key=f"known_{key}")
        st.markdown("**Rows to predict**")
        asked = st.data_editor(task.asked, num_rows="dynamic", hide_index=True, key=f"asked_{key}")
        task, sentences = predictions.complete(trained.table, NewTask(known, asked, task.source))
        st.caption(task.source)
        for sentence in sentences:
            st.info(escape.markdown(sentence), icon=":material/edit:")
        with st.popover("Rows from a file", icon=":material/upload_file:"):
            for which, label in (("known", "Known rows"), ("asked", "Rows to predict")):
                st.file_uploader(
                    f"{label} (CSV or Parquet)",
                    type=upload.TYPES,
                    max_upload_size=MAX_TABLE_MB,
                    key=session.ROWS_FILE[which],
                    on_change=_take_rows,
                    args=(trained, which),
                )
        upload.show_refusal("use")
    with right:
        try:
            predicted = predictions.predict(trained, task)
        except ValueError as error:
            st.error(escape.sentence(error), icon=":material/error:")
            _take_along(trained, {})
            return
        for sentence in predicted.beyond:
            st.warning(escape.markdown(sentence), icon=":material/explore_off:")
        if predicted.curve:
            _show_bench(trained, task, predicted)
        _show_predictions(trained, task, predicted)
        _take_along(trained, predictions.files(trained, task, predicted))


def _task_at_hand(trained: TrainedVerdict) -> NewTask:
    """What the editors begin with."""
    held = st.session_state.get(session.NEW_TASK)
    if held and held[0] == trained.table.id and held[1] in predictions.begun():
        return predictions.begun()[held[1]]
    name, task = predictions.first_task(trained.table, trained.settings.k_shot)
    source = f"Filled in with rows of {escape.code(name)}, which training has seen: type, paste or bring your own."
    return task._replace(source=source)


def _begin(trained: TrainedVerdict, task: NewTask) -> None:
    st.session_state[session.NEW_TASK] = (trained.table.id, predictions.begin(task))


def _take_rows(trained: TrainedVerdict, which: str) -> None:
    """A callback: the known rows, or those to predict ("asked"), from a file."""
    uploaded = st.session_state[session.ROWS_FILE[which]]
    if uploaded is None:
        return
    roles = trained.table.roles
    names = [*roles.inputs, roles.target] if which == "known" else roles.inputs
    with upload.refusing("use"):
        forms = {name: trained.table.sheet.reading(name).form for name in names}
        rows = predictions.read_rows(uploaded.getvalue(), names, forms)
        _begin(trained, _task_at_hand(trained)._replace(source=f"From {escape.code(uploaded.name)}.", **{which: rows}))
        st.session_state.pop(session.TABLE_REFUSED, None)


def _show_bench(trained: TrainedVerdict, task: NewTask, predicted: Predictions) -> None:
    """The known rows of a table of one input, to drag; what is left there fills the table of known rows."""
    names = [*trained.table.roles.inputs, trained.table.roles.target]
    points = tuple(map(tuple, task.known.dropna(how="all")[names].astype(float).to_numpy().tolist()))

    def take_points(left: Points) -> None:
        _begin(trained, NewTask(pd.DataFrame(left, columns=names), task.asked, "As left on the picture."))

    row_bench("_row_bench", points, predicted.curve, titles=(names[0], names[1]), on_points=take_points)
    st.caption("Drag the known rows, double-click to add one, Delete removes the chosen. Python predicts when you let go.")


def _show_predictions(trained: TrainedVerdict, task: NewTask, predicted: Predictions) -> None:
    """The picture of a new task, and the numbers."""
    table, roles, verdict = trained.table, trained.table.roles, trained.verdict
    known, asked = task.known.dropna(how="all"), task.asked.dropna(how="all")
    values = [predicted.mean, predicted.low, predicted.high, known[roles.target].to_numpy()]
    if verdict.classes:
        values = [predictions.places(some, verdict.classes) for some in values]
    known_x, asked_x = (predictions.along(table, rows, verdict.x_name) for rows in (known, asked))
    look = {"titles": (verdict.x_name, roles.target), "nominal": verdict.nominal, "classes": verdict.classes}
    figure = figures.prediction_figure((known_x, values[-1]), (asked_x, *values[:-1]), predicted.curve, **look)
    with page.pictures_of(words_of(trained)):
        page.chart(figure, "predictions", f"{len(known)} known rows of a new task and predictions for {len(asked)} others.")
    st.dataframe(predictions.columns(trained, task, predicted), hide_index=True)


def _take_along(trained: TrainedVerdict, files: dict[str, bytes]) -> None:
    """What a visitor takes home.

    Args:
      trained: the verdict and its learner.
      files: by name, the rows and their predictions; empty where there are none.
    """
    rows = {name: content for name, content in files.items() if name != predictions.FILE}
    table, settings, verdict, learner, job_id = trained
    if job_id:
        learners.name_field(job_id)
    stem = run_words.file_stem(learners.run_name(job_id) or Path(table.name).stem, table.sheet.digest)
    found = tables.findings(table, settings.k_shot)
    with st.container(horizontal=True):
        st.download_button(
            "Learner (zip)",
            lambda: learner_zip(learner, rows),
            f"{stem}.zip",
            "application/zip",
            icon=":material/download:",
            type="primary",
            key="take_learner",
            on_click="ignore",
        )
        if files:
            st.download_button(
                "Predictions (CSV)",
                files[predictions.FILE],
                predictions.FILE,
                "text/csv",
                icon=":material/download:",
                key="take_predictions",
                on_click="ignore",
            )
        st.download_button(
            "Report (HTML)",
            lambda: report.report(table.name, table.roles, settings, verdict, findings=found),
            f"{stem}.html",
            "text/html",
            icon=":material/description:",
            key="take_report",
            on_click="ignore",
        )
        st.download_button(
            "Python script",
            script(trained),
            "your_tasks.py",
            "text/x-python",
            icon=":material/code:",
            key="take_script",
            on_click="ignore",
        )
    # Not as a block of code: a browser would load every language's highlighting for this line, a third of the page's work.
    st.caption(f"The zip holds the learner and these rows; unpacked, this prints the same numbers: `{COMMAND}`")
