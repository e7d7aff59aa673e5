"""The Your tasks page, without a browser: its examples, verdicts and links. Files that are brought have a file of their own."""

import dataclasses
import io
import time
import zipfile

import numpy as np
import pandas as pd
import pytest

from dashboard.downloads.files import learner_zip
from dashboard.engine_calls import resources
from dashboard.page_parts.your_tasks import predictions, run
from dashboard.page_parts.your_tasks.examples import EXAMPLES
from dashboard.page_parts.your_tasks.script import script
from maml_engine import Learner
from tests.pages import walks
from tests.pages.walks import visit
from tests.pages.your_tasks import button, open_page, shown, table, upload

SMALL = {
    **{"members": 2, "folds": 2, "num_iterations": 20, "hidden_dim": 8, "draws": 1},
    **{"baselines": ("pooled", "support_mean"), "shots": (1, 5)},
}


@pytest.fixture(scope="module")
def small_runs():
    """The real work, in seconds."""
    judge = run.judge

    def small(sheet, roles, settings, **others):
        return judge(sheet, roles, dataclasses.replace(settings, **SMALL), **others)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "judge", small)
        yield


@pytest.fixture(scope="module")
def job_id(small_runs):
    """One run for all tests that look at a verdict on `table()`."""
    return train(upload(open_page(), table()))


DRAG = "Drag the known rows"  # said below the picture to drag


def train(page):
    """Trains on what the page shows and waits; the run's id, by which a link finds it as a reload does."""
    page.button(key="judge").click().run()
    assert not page.exception
    assert not page.error
    job_id = page.session_state["trial"]
    deadline = time.monotonic() + 300
    while not resources.jobs().snapshot(job_id).ended:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    snapshot = resources.jobs().snapshot(job_id)
    assert snapshot.status == "done", snapshot.message
    return job_id


def num_metrics(verdict):
    """Beside the four numbers of every verdict there is that of what is saved, where the verdict knows it."""
    return 4 + (verdict.saved is not None)


def test_the_page_opens_with_an_example_and_its_verdict():
    page = open_page()
    assert page.title[0].value == "Your tasks"
    assert page.selectbox(key="example").value == "Machines"
    alts = " ".join(chart.proto.alt for chart in page.get("plotly_chart"))
    assert "vibration_um against speed_rpm" in alts
    assert "Paired differences with 95 % intervals" in alts
    assert "predictions for 7 others" in alts
    assert "Drag the known rows" in shown(page)
    assert len(page.metric) == num_metrics(run.shipped("Machines").verdict)
    assert {one.label for one in page.get("download_button")} >= {"Learner (zip)", "Predictions (CSV)", "Report (HTML)"}
    assert not page.error
    assert not button(page, "judge").disabled


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_shown(name):
    page = open_page(example=name)
    assert EXAMPLES[name].words in shown(page)
    assert not page.error
    assert button(page, "undo") is None


def test_the_link_opens_the_page_as_it_is():
    page = open_page()
    page.selectbox(key="example").set_value("Patients").run()
    page.number_input(key="known_rows").set_value(3).run()
    page.segmented_control(key="effort").set_value("Quick look").run()
    link = walks.address(page, walks.own("your_tasks"))
    assert set(link) >= {"example", "known_rows", "effort"}
    again = open_page(**link)
    assert again.selectbox(key="example").value == "Patients"
    assert again.number_input(key="known_rows").value == 3
    assert again.segmented_control(key="effort").value == "Quick look"
    assert "patients.csv. 30 tasks" in shown(again)
    assert walks.address(again, walks.own("your_tasks")).items() >= link.items()


def test_a_table_is_judged_and_used_and_found_again_by_its_link(job_id):
    page = open_page(trial=job_id)
    words = shown(page)
    assert "brought.csv. 8 tasks" in words
    assert resources.jobs().snapshot(job_id).report.verdict.sentence in words
    assert page.metric[0].label == "What is saved"
    assert len(page.metric) == num_metrics(resources.jobs().snapshot(job_id).report.verdict)
    assert DRAG in words
    assert page.query_params["trial"] == job_id
    page.number_input(key="known_rows").set_value(3).run()
    assert "Train again to judge what is chosen above" in shown(page)


@pytest.mark.parametrize("what", ["two inputs", "classes"])
def test_a_verdict_is_used_whatever_the_columns_are(small_runs, what):
    """Two inputs are not to be drawn against one axis, and a class has no height to drag."""
    frame = pd.read_csv(io.BytesIO(table()))
    if what == "two inputs":
        frame.insert(2, "load", np.random.default_rng(1).normal(size=len(frame)).round(3))
    else:
        frame["vibration"] = np.where(frame["vibration"] > frame["vibration"].median(), "high", "low")
    job_id = train(upload(open_page(), frame.to_csv(index=False).encode()))
    again = open_page(trial=job_id)
    assert not again.error
    words = shown(again)
    assert resources.jobs().snapshot(job_id).report.verdict.sentence in words
    assert DRAG not in words


def test_the_learner_is_taken_along_with_its_rows(job_id, tmp_path):
    trained = run.TrainedVerdict.of(resources.jobs().snapshot(job_id).report)
    _, task = predictions.first_task(trained.table, 5)
    predicted = predictions.predict(trained, task)
    content = learner_zip(trained.learner, predictions.files(trained, task, predicted))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path)
    prediction = Learner.load(tmp_path / "learner").adapt_rows(tmp_path / "known.csv").predict_rows(tmp_path / "others.csv")
    np.testing.assert_allclose(prediction.mean[:, 0], predicted.mean, rtol=1e-5)
    assert np.all(predicted.low <= predicted.mean)
    compile(script(trained), "your_tasks.py", "exec")


def test_a_run_is_stopped(small_runs, monkeypatch):
    judge = run.judge

    def slow(*given, **others):
        for progress in judge(*given, **others):
            time.sleep(0.2)
            yield progress

    monkeypatch.setattr(run, "judge", slow)
    page = upload(open_page(), table())
    page.button(key="judge").click().run()
    page.button(key="stop").click().run()
    job_id = page.session_state["trial"]
    while not resources.jobs().snapshot(job_id).ended:
        time.sleep(0.05)
    assert "Stopped before there was a verdict" in shown(open_page(trial=job_id))


def test_an_example_where_a_file_was_to_come_is_said_so():
    """A file stays in its session, and a page that is loaded anew begins another."""
    page = open_page(source="A file")
    assert "No file is here: bring one." in shown(page)
    refused = shown(upload(page, b"date,y\n2024-01-02,3\n"))
    assert "The file was not taken: bring another. Until then this is the example Machines." in refused
    assert "No file is here" not in refused
    brought = shown(upload(page, table()))
    assert "No file is here" not in brought and "was not taken" not in brought


def test_the_run_comes_back_into_the_address_after_another_page(job_id, open_app):
    app = open_app("your_tasks", trial=job_id)
    visit(app, "notes")
    assert "trial" not in app.query_params
    visit(app, "your_tasks")
    assert app.query_params["trial"] == job_id
    assert resources.jobs().snapshot(job_id).report.verdict.sentence in shown(app)


def test_a_run_that_is_not_here_is_said_so():
    page = open_page(trial="nobody")
    assert "no longer on this server" in shown(page)
    assert not page.error


def test_who_comes_back_to_the_examples_sees_the_chosen_one():
    page = upload(open_page(), table())
    assert "brought.csv. 8 tasks" in shown(page)
    page.segmented_control(key="source").set_value("An example").run()
    assert "The first 60 of 100 tasks" in shown(page)
    assert len(page.metric) == num_metrics(run.shipped("Machines").verdict)
