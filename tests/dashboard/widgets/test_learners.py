"""Which learner a page shows, by which name, and what its link says of it."""

from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.engine_calls import resources
from dashboard.jobs import DONE, Snapshot
from dashboard.widgets import learners, session
from maml_engine import Experiment, Learner
from tests.reading import as_read

RUNS = {"a": Experiment(seed=1), "b": Experiment(method="fomaml", num_iterations=500)}
EVIL = "<b>$x$</b> [a](http://b)"


def shown():
    import streamlit as st

    from dashboard import escape
    from dashboard.widgets import learners, page

    page.opening("Title", "Try this.")
    learner = learners.learner_control()
    st.caption(escape.markdown(learners.learner_words(learner)))
    st.text(learners.given_name(learner))
    st.button("Offer b", key="offer", on_click=learners.offer_run, args=("b",))
    page.finish()


@pytest.fixture
def registry(monkeypatch):
    """Two runs that have ended."""
    made = {name: Learner.untrained(run).replace(iteration=run.num_iterations) for name, run in RUNS.items()}
    snapshots = {name: Snapshot(run, DONE, iteration=run.num_iterations, result=made[name]) for name, run in RUNS.items()}
    registry = SimpleNamespace(snapshots=snapshots, snapshot=snapshots.get, learner=made.get, hosted=False)
    monkeypatch.setattr(resources, "jobs", lambda: registry)
    return registry


def named(registry, **names):
    for job_id, name in names.items():
        run = registry.snapshots[job_id]
        registry.snapshots[job_id] = Snapshot(run.experiment, DONE, iteration=run.iteration, result=run.result, name=name)


def offered():
    from dashboard.widgets import learners

    learners.picture_runs()  # no more: a page's first run goes on for long


def test_the_address_names_runs_of_pictures_as_soon_as_they_are_read(registry):
    of_pictures = Experiment(tasks="glyphs", n_way=2, model="conv4", filters=2, loss="softmax_cross_entropy")
    registry.learner = dict.fromkeys(RUNS, Learner.untrained(of_pictures)).get
    app = AppTest.from_function(offered, default_timeout=120)
    app.session_state[session.PICTURE_RUNS] = "a.gone.b"
    app.run()
    assert not app.exception and app.query_params["picture_runs"] == "a.b"
    registry.learner = lambda job_id: None
    app.run()
    assert not app.exception and "picture_runs" not in app.query_params and app.session_state[session.PICTURE_RUNS] == ""


def opened(**parameters):
    app = AppTest.from_function(shown, default_timeout=120)
    app.query_params.update(parameters)
    app.run()
    assert not app.exception
    return app


def words(app):
    return as_read(app.caption[0].value)


def choice(app):
    (box,) = [box for box in app.selectbox if box.key == "_learner"]
    return box


def test_the_shipped_learner_is_shown_and_named_by_its_run(registry):
    app = opened()
    assert choice(app).options == [learners.SHIPPED]
    assert words(app) == "MAML (shipped), 70,000 meta-iterations, α = 0.001, 1 inner step, seed 0"
    assert "learner" not in app.query_params


def test_a_link_brings_the_run_and_the_name_that_it_was_given(registry):
    named(registry, b=EVIL)
    app = opened(learner="run b")
    assert choice(app).options == [learners.SHIPPED, EVIL]
    assert app.text[0].value == EVIL
    assert words(app) == f"{EVIL} (FOMAML), 500 meta-iterations, α = 0.01, 1 inner step, seed 0"
    assert "<b>" not in app.caption[0].value and "](http" not in app.caption[0].value
    assert app.query_params["learner"] in ("run b", ["run b"])


def test_what_is_chosen_stands_in_the_link_and_in_the_session(registry):
    app = opened(learner="run a")
    app.button(key="offer").click().run()
    assert app.query_params["learner"] == "run b" and words(app).startswith("FOMAML, 500")
    assert choice(app).options == [
        learners.SHIPPED, "MAML, 10,000 meta-iterations, seed 1", "FOMAML, 500 meta-iterations, seed 0",
    ]  # fmt: skip
    choice(app).select_index(1).run()
    assert app.query_params["learner"] == "run a" and words(app).startswith("MAML, 10,000")
    app.query_params.clear()  # as a visit to another page leaves it
    app.run()
    assert app.query_params["learner"] == "run a"
    app.query_params["learner"] = "run b"  # as back and forward bring it
    app.run()
    assert words(app).startswith("FOMAML")
    choice(app).select_index(0).run()
    assert words(app).startswith(learners.SHIPPED) and "learner" not in app.query_params


def test_runs_of_one_name_are_told_apart(registry):
    named(registry, a="Mine", b="Mine")
    app = opened(learner="run a")
    app.button(key="offer").click().run()
    assert choice(app).options == [learners.SHIPPED, "Mine", "Mine (2)"]


@pytest.mark.parametrize("spelled", ["run gone", "nonsense", "run "])
def test_a_learner_that_is_not_here_is_said_in_one_sentence_and_nothing_else_is_lost(registry, spelled):
    app = opened(learner=spelled, inner_lr="0.02")
    notes = [note.value for note in app.info]
    assert notes == [learners.GONE] * (spelled != "run ")
    assert words(app).startswith(learners.SHIPPED)
    assert "learner" not in app.query_params and app.query_params["inner_lr"] == "0.02"


def test_reset_brings_the_shipped_one_back(registry):
    app = opened(learner="run a")
    app.button(key="_reset").click().run()
    assert words(app).startswith(learners.SHIPPED) and "learner" not in app.query_params
