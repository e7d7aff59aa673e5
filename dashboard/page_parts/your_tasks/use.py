"""A visitor's learner in use: a few known rows of a new task, what it makes of the others, and what is taken home."""

import pandas as pd
import streamlit as st

from dashboard import escape
from dashboard.components.row_bench import Points, row_bench
from dashboard.downloads import code
from dashboard.figures import your_tasks as figures
from dashboard.page_parts.your_tasks import report, upload
from dashboard.page_parts.your_tasks import table as your_tasks
from dashboard.page_parts.your_tasks.table import TrainedVerdict
from dashboard.widgets import page

KNOWN = "_known_rows_of"
PREDICTIONS = "predictions.csv"
COMMAND = "python -m maml_engine adapt learner known.csv --predict others.csv"


def rows_at_hand(judged: TrainedVerdict) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """The known rows and those to predict that the editors begin with, and where they are from."""
    held = st.session_state.get(KNOWN)
    if held and held[0] == judged.table.id and held[1] in your_tasks.frames():
        return your_tasks.frames()[held[1]]
    name, known, asked = your_tasks.first_rows(judged.table, judged.settings.k_shot)
    return known, asked, f"Filled in with rows of {escape.code(name)}, which training has seen: type, paste or bring your own."


def take_rows(judged: TrainedVerdict, which: str) -> None:
    """A callback: the known rows, or those to predict, from a file."""
    uploaded = st.session_state[f"_{which}_file"]
    if uploaded is None:
        return
    known, asked, _ = rows_at_hand(judged)
    roles = judged.table.roles
    names = [*roles.inputs, roles.target] if which == "known" else roles.inputs
    with upload.refusing("use"):
        frame = your_tasks.read_rows(uploaded.getvalue(), names)
        both = (frame, asked) if which == "known" else (known, frame)
        said = f"From {escape.code(uploaded.name)}."
        st.session_state[KNOWN] = (judged.table.id, your_tasks.put_frames((*both, said)))
        st.session_state.pop(upload.REFUSED, None)


def show(judged: TrainedVerdict) -> None:
    """A new task: a few known rows, and what the learner makes of the others."""
    known, asked, said = rows_at_hand(judged)
    key = st.session_state.get(KNOWN, ("", ""))[1] or judged.table.id
    left, right = st.columns([5, 6], gap="medium")
    with left:
        st.markdown("**Known rows**")
        known = st.data_editor(known, num_rows="dynamic", hide_index=True, key=f"known_{key}")
        st.markdown("**Rows to predict**")
        asked = st.data_editor(asked, num_rows="dynamic", hide_index=True, key=f"asked_{key}")
        st.caption(said)
        with st.popover("Rows from a file", icon=":material/upload_file:"):
            for which, label in (("known", "Known rows"), ("asked", "Rows to predict")):
                st.file_uploader(
                    f"{label} (CSV or Parquet)",
                    type=upload.TYPES,
                    max_upload_size=upload.MAX_MEGABYTES,
                    key=f"_{which}_file",
                    on_change=take_rows,
                    args=(judged, which),
                )
        upload.show_refusal("use")
    with right:
        try:
            predicted = your_tasks.predicted(judged, known, asked)
        except ValueError as error:
            st.error(escape.markdown(str(error)), icon=":material/error:")
            take_along(judged, {})
            return
        if predicted.curve:
            show_bench(judged, known, asked, predicted)
        show_prediction(judged, known, asked, predicted)
        take_along(judged, your_tasks.files(judged, known, asked, predicted))


def show_bench(judged: TrainedVerdict, known: pd.DataFrame, asked: pd.DataFrame, predicted: your_tasks.Predicted) -> None:
    """The known rows of a table of one input, to drag; what is left there fills the table of known rows."""
    names = [*judged.table.roles.inputs, judged.table.roles.target]
    points = tuple(map(tuple, known.dropna(how="all")[names].astype(float).to_numpy().tolist()))

    def take_points(left: Points) -> None:
        frame = pd.DataFrame(left, columns=names)
        st.session_state[KNOWN] = (judged.table.id, your_tasks.put_frames((frame, asked, "As left on the picture.")))

    row_bench("_row_bench", points, predicted.curve, (names[0], names[1]), take_points)
    st.caption("Drag the known rows, double-click to add one, Delete removes the chosen. Python predicts when you let go.")


def show_prediction(judged: TrainedVerdict, known: pd.DataFrame, asked: pd.DataFrame, predicted: your_tasks.Predicted) -> None:
    """The picture of a new task, and the numbers."""
    roles, verdict = judged.table.roles, judged.verdict
    x_name = verdict.x_name
    asked = asked.dropna(how="all")
    known = known.dropna(how="all")
    values = [predicted.mean, predicted.low, predicted.high, known[roles.target].to_numpy()]
    if verdict.classes:
        values = [your_tasks.places(some, verdict.classes) for some in values]
    support = (your_tasks.along(judged.table, known, x_name), values.pop())
    rows = (your_tasks.along(judged.table, asked, x_name), *values)
    titles = (x_name, roles.target)
    figure = figures.prediction_figure(
        support, rows, predicted.curve, titles=titles, nominal=verdict.nominal, classes=verdict.classes
    )
    page.chart(figure, "predictions", f"{len(known)} known rows of a new task and predictions for {len(asked)} others.")
    st.dataframe(your_tasks.prediction_columns(judged, asked, predicted), hide_index=True)


def take_along(judged: TrainedVerdict, files: dict[str, bytes]) -> None:
    """What a visitor takes home.

    Args:
      files: by name, the rows and their predictions; empty where there are none.
    """
    rows = {name: content for name, content in files.items() if name != PREDICTIONS}
    table, settings, verdict, learner = judged
    found = your_tasks.findings(table, settings.k_shot)
    with st.container(horizontal=True):
        st.download_button(
            "Learner (zip)",
            lambda: code.learner_zip(learner, rows),
            "learner.zip",
            "application/zip",
            icon=":material/download:",
            type="primary",
            key="take_learner",
            on_click="ignore",
        )
        if files:
            st.download_button(
                "Predictions (CSV)",
                files[PREDICTIONS],
                PREDICTIONS,
                "text/csv",
                icon=":material/download:",
                key="take_predictions",
                on_click="ignore",
            )
        st.download_button(
            "Report (HTML)",
            lambda: report.report(table.name, table.roles, settings, verdict, found),
            "report.html",
            "text/html",
            icon=":material/description:",
            key="take_report",
            on_click="ignore",
        )
        st.download_button(
            "Python script",
            your_tasks.script(judged),
            "your_tasks.py",
            "text/x-python",
            icon=":material/code:",
            key="take_script",
            on_click="ignore",
        )
    st.caption("The zip holds the learner and these rows; unpacked, this prints the same numbers:")
    st.code(COMMAND, language="bash", wrap_lines=True)
