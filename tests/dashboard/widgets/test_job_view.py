"""A job on a page: found by its link, looked at until its end, stopped, refused."""

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.engine_calls import resources
from dashboard.jobs import QUEUED, RUNNING, STOPPED, JobRegistry, Snapshot
from dashboard.widgets import job_view
from maml_engine import Experiment
from tests.dashboard.jobs.held_trainer import HeldTrainer, wait_for
from tests.reading import as_read

RUN = Experiment(num_iterations=20)


def page():
    """A page with one button and one job."""
    import streamlit as st

    from dashboard.widgets import job_view
    from maml_engine import Experiment

    jobs = job_view.LinkedJobs("trial")
    st.button("Go", key="go", on_click=lambda: jobs.start(lambda: job_view.submit(Experiment(num_iterations=20))))
    jobs.show_refusal()
    ids = jobs.ids(gone="That run is gone.")
    if ids and job_view.watch(ids, job_view.iterations, lambda snapshot: st.caption(f"At {snapshot.iteration}."), key="stop"):
        st.success("Ended.")


@pytest.fixture
def registry(monkeypatch):
    """Jobs that report iteration 10, and go on to their end at 20 when `trainer` lets them."""
    trainer = HeldTrainer()
    registry = JobRegistry(hosted=False, train=trainer)
    registry.trainer = trainer
    trainer.allowed.release(1)
    monkeypatch.setattr(resources, "jobs", lambda: registry)
    yield registry
    trainer.allowed.release(1000)
    registry.close()


def opened(**parameters):
    app = AppTest.from_function(page, default_timeout=120)
    app.query_params.update(parameters)
    app.run()
    assert not app.exception
    return app


def bars(app):
    return [bar.proto.text for bar in app.get("progress")]


def test_a_job_is_started_watched_and_ends(registry):
    app = opened()
    assert not bars(app)
    app.button(key="go").click().run()
    (job_id,) = job_id_of(app)
    wait_for(lambda: registry.snapshot(job_id).iteration == 10)
    app.run()
    assert bars(app) == ["10 of 20 meta-iterations"]
    assert app.caption[0].value == "At 10."
    assert not app.success
    registry.trainer.allowed.release(1)
    wait_for(lambda: registry.snapshot(job_id).ended)
    app.run()
    assert not bars(app)
    assert app.caption[0].value == "At 20."
    assert app.success[0].value == "Ended."


def job_id_of(app):
    assert app.query_params["trial"] in (app.session_state["trial"], [app.session_state["trial"]])
    return app.session_state["trial"].split(".")


def test_a_job_is_found_by_its_link_and_another_is_said_to_be_gone(registry):
    job_id = registry.submit(RUN)
    assert opened(trial=job_id).session_state["trial"] == job_id
    app = opened(trial="nobody")
    assert app.info[0].value == "That run is gone."
    assert "trial" not in app.query_params
    assert opened(trial=f"{job_id}.{job_id}").info, "One job was asked for."


def test_a_job_is_stopped(registry):
    app = opened()
    app.button(key="go").click().run()
    (job_id,) = job_id_of(app)
    wait_for(lambda: registry.snapshot(job_id).iteration == 10)
    app.run().button(key="stop").click().run()
    assert registry.snapshot(job_id).status == STOPPED
    app.run()
    assert app.success


def test_whoever_came_by_a_link_looks_and_starts_their_own(registry):
    theirs = registry.submit(Experiment(num_iterations=20, seed=5), owner="ada")
    wait_for(lambda: registry.snapshot(theirs).iteration == 10)
    app = opened(trial=theirs)
    assert "stop" not in [button.key for button in app.button]
    assert job_view.ANOTHERS in [caption.value for caption in app.caption]
    app.button(key="go").click().run()
    (mine,) = job_id_of(app)
    assert mine != theirs
    assert "stop" in [button.key for button in app.button]
    assert bars(app)[0].startswith("Waiting: one run is before it, begins in about ")
    assert registry.snapshot(theirs).status == RUNNING
    app.button(key="stop").click().run()
    assert registry.snapshot(mine).status == STOPPED
    assert registry.snapshot(theirs).status == RUNNING


def test_another_job_ends_the_one_before(registry):
    app = opened()
    app.button(key="go").click().run()
    (first,) = job_id_of(app)
    app.button(key="go").click().run()
    (second,) = job_id_of(app)
    assert first != second
    assert registry.snapshot(first).status == STOPPED


@pytest.fixture
def pauses(monkeypatch):
    """How often the page is to look at its job, as it said so whenever it was run."""
    said, fragment = [], job_view.st.fragment

    def overheard(function, *, run_every):
        said.append(run_every)
        return fragment(function)

    monkeypatch.setattr(job_view.st, "fragment", overheard)
    return said


def test_who_waits_long_looks_seldom_and_more_often_as_the_turn_comes_near(registry, monkeypatch, pauses):
    job_id, waits = registry.submit(RUN), iter([60.0, 30.0, 20.0, 11.0, 50.0, 3.0])
    wait = 100.0
    monkeypatch.setattr(registry, "snapshot", lambda _: Snapshot(RUN, QUEUED, position=7, seconds_to_start=wait))
    app = opened(trial=job_id)
    assert pauses == [5.0]
    for wait in waits:  # noqa: B007 - what the registry says
        app.run()
    assert pauses[1:] == [5.0, 2.0, 2.0, 2.0, 5.0, 0.4]
    monkeypatch.setattr(registry, "snapshot", lambda _: Snapshot(RUN, RUNNING, iteration=5))
    app.run()
    assert pauses[-1] == 0.4


def test_while_a_job_waits_a_look_draws_nothing_but_its_place(registry, monkeypatch):
    """What stands in for its pictures is drawn by the page, once."""
    looks, fragment = [], job_view.st.fragment
    monkeypatch.setattr(job_view.st, "fragment", lambda look, *, run_every: fragment(lambda: looks.append(look)))
    monkeypatch.setattr(job_view.LinkedJobs, "ids", lambda *_, **__: ("one",))
    snapshot = Snapshot(RUN, QUEUED, position=1, seconds_to_start=2.0)
    monkeypatch.setattr(registry, "snapshot", lambda _: snapshot)
    app = opened(trial="one")
    assert [caption.value for caption in app.caption] == ["At 0."]
    snapshot = Snapshot(RUN, RUNNING, iteration=5)
    app.run()
    assert not app.caption, "From now on it is the look that draws."
    assert len(looks) == 2


def test_a_look_that_finds_the_turn_near_has_the_page_look_more_often(registry, monkeypatch, pauses):
    told = iter([60.0] + [2.0] * 9)
    monkeypatch.setattr(registry, "snapshot", lambda _: Snapshot(RUN, QUEUED, position=7, seconds_to_start=next(told)))
    monkeypatch.setattr(job_view.LinkedJobs, "ids", lambda *_, **__: ("one",))
    app = opened(trial="one")
    assert pauses == [5.0, 0.4]
    assert bars(app) == ["Waiting: 7 runs are before it, begins in about 2.0 s."]


def test_a_failure_and_a_refusal_are_said(registry, monkeypatch):
    app = opened(trial=registry.submit(Experiment(num_iterations=20, seed=14)))
    wait_for(lambda: registry.snapshot(app.session_state["trial"]).ended)
    app.run()
    assert as_read(app.error[0].value) == "`k_shot` must be at most 3."
    monkeypatch.setattr(registry, "hosted", True)
    monkeypatch.setattr("dashboard.jobs.budget.BUDGETS", {"num_iterations": 5})
    app.button(key="go").click().run()
    assert any("must be at most 5" in error.value for error in app.error)
    app.run()
    assert not any("must be at most 5" in error.value for error in app.error), "A refusal is said once."


def test_places_and_waits_are_said_in_words():
    def waits(*places):
        return job_view.waiting(*(Snapshot(RUN, QUEUED, position=place, seconds_to_start=wait) for place, wait in places))

    assert waits((0, None)).text == "Waiting: next in line."
    assert waits((1, 0.2)).text == "Waiting: one run is before it, begins in about 1.0 s."
    assert waits((7, 200.0), (8, 210.0)).text == "Waiting: 7 runs are before it, begins in about 3.3 min."
    assert job_view.waiting(Snapshot(RUN, QUEUED), Snapshot(RUN, RUNNING)) is None


def test_several_runs_are_one_sum():
    snapshots = [SimpleNamespace(iteration=n, experiment=RUN) for n in (20, 10)]
    share, text = job_view.iterations(*snapshots, note="seed 0")
    assert share == 0.75
    assert text == "30 of 40 meta-iterations in all (seed 0); one run after the other"


@pytest.mark.parametrize(
    ("seconds", "spelled"),
    [(0.26, "0.3 s"), (12.6, "13 s"), (150, "2.5 min"), (120, "2 min"), (1000, "17 min"), (3 * 3600, "3.0 h")],
)
def test_durations_are_short(seconds, spelled):
    assert job_view.spell_duration(seconds) == spelled
