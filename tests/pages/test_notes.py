"""The Notes page, without a browser."""

import dataclasses
import threading
import time

import pytest

from dashboard.engine_calls import resources
from dashboard.page_parts.notes import published
from maml_engine.experiment.presets import PRESETS
from maml_engine.verification import board


def texts(page):
    return " ".join(element.value for element in page.markdown)


def test_the_page_opens_with_the_recorded_run_and_runs_nothing(open_page):
    page = open_page("notes")
    assert len(page.get("plotly_chart")) == 2
    assert "hold" in page.success[0].value and "last recorded run" in page.success[0].value
    assert all(check.title in texts(page) for check in board.CHECKS.values())
    assert "here, in" not in texts(page)
    assert any("python -m maml_engine check --published" in caption.value for caption in page.caption)


def pressed(page, button, wait_for_jobs):
    """What the page shows once the checks behind a button are measured."""
    page.button(key=button).click().run()
    wait_for_jobs([page.session_state["check_job"]])
    page.run()
    assert not page.exception
    return page


def test_one_check_is_run_again_here_and_a_reload_finds_it(open_page, wait_for_jobs):
    page = pressed(open_page("notes"), "run_maml_closed_form", wait_for_jobs)
    assert "here, in" in texts(page)
    assert "1 of them measured here and now" in page.success[0].value
    again = open_page("notes", check_job=page.query_params["check_job"])
    assert "1 of them measured here and now" in again.success[0].value
    pressed(again, "run_fomaml_closed_form", wait_for_jobs)
    assert "2 of them measured here and now" in again.success[0].value


def test_a_run_of_checks_is_stopped_and_keeps_what_it_measured(monkeypatch, open_page, wait_for_jobs):
    goes_on = threading.Event()
    for place, (name, check) in enumerate(board.CHECKS.items()):
        monkeypatch.setitem(
            board.CHECKS, name, dataclasses.replace(check, measure=lambda place=place: goes_on.wait() * 0.0 if place else 0.0)
        )
    page = open_page("notes")
    page.button(key="run_all").click().run()
    job_id = page.session_state["check_job"]
    deadline = time.monotonic() + 60
    while resources.jobs().snapshot(job_id).iteration < 1:
        assert time.monotonic() < deadline, "The first check has not ended."
        time.sleep(0.02)
    page.button(key="stop_checks").click().run()
    goes_on.set()
    wait_for_jobs([job_id])
    page.run()
    assert f"Stopped after 1 of {len(board.CHECKS)} checks" in page.info[0].value
    assert "1 of them measured here and now" in page.success[0].value


def test_all_are_run_and_a_wrong_one_is_shown(monkeypatch, open_page, wait_for_jobs):
    for name, check in board.CHECKS.items():
        error = 0.5 if name == "padding" else 0.0
        monkeypatch.setitem(board.CHECKS, name, dataclasses.replace(check, measure=lambda error=error: error))
    page = pressed(open_page("notes"), "run_all", wait_for_jobs)
    assert f"1 of {len(board.CHECKS)} checks are wrong" in page.error[0].value
    assert "Wrong:" in texts(page)


def test_a_card_is_run_short(monkeypatch, open_page, wait_for_jobs):
    monkeypatch.setattr(published, "SHORT_ITERATIONS", 5)
    monkeypatch.setitem(
        PRESETS,
        "finn_sinusoid",
        dataclasses.replace(PRESETS["finn_sinusoid"], judged={"k_shot": 5, "inner_steps": 10, "num_tasks": 20}),
    )
    page = open_page("notes")
    page.button(key="run_card").click().run()
    wait_for_jobs([page.session_state["card_job"]])
    page.run()
    assert not page.exception
    assert texts(page).count("with 5 meta-iterations; printed") == 3
    assert page.query_params["card_job"]


@pytest.mark.parametrize("job", ["", "no-such-run", "x" * 3000])
def test_a_link_with_a_run_that_is_gone_opens(job, open_page):
    page = open_page("notes", card="cavia", card_job=job)
    assert page.session_state["published_card"] == "cavia"
