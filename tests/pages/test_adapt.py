import json

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.engine_calls import adaptation
from dashboard.engine_calls.resources import shipped_learners
from dashboard.widgets import learners
from maml_engine import Experiment, Learner, Sinusoid
from tests.pages.benches import cells, on_bench, sent
from tests.pages.benches import losses as on_bench_losses


@pytest.fixture
def adapt(open_page) -> AppTest:
    return open_page("adapt")


def losses(page: AppTest, label: str) -> tuple[float, float]:
    """Before and after."""
    value, _ = cells(page)[label]
    return tuple(float(part.replace(",", "")) if part != "diverged" else float("inf") for part in value.split(" → "))


def test_before_and_after_on_twelve_and_on_two_hundred_tasks(adapt):
    assert not adapt.exception
    assert list(cells(adapt)) == ["MAML", "Pretrained on all tasks", "Random initialisation"]
    assert len(adapt.get("plotly_chart")) == 2
    maml, pretrained = losses(adapt, "MAML"), losses(adapt, "Pretrained on all tasks")
    assert 2.7 < maml[0] < 3.6 and maml[1] < 0.5
    assert 2.7 < pretrained[0] < 3.6 and pretrained[1] > 1.5


def test_another_twelve_leaves_the_statistics_as_they_are(adapt):
    one, statistics = on_bench(adapt)["scene"], losses(adapt, "MAML")
    next(button for button in adapt.button if button.label == "Another twelve").click().run()
    assert not adapt.exception
    assert adapt.session_state["task_seed"] == 1
    assert on_bench(adapt)["scene"]["points"] != one["points"] and losses(adapt, "MAML") == statistics


def test_the_chosen_task_stands_on_the_bench_with_the_pictures_numbers(adapt):
    adapt.session_state["chosen_task"] = 7
    adapt.query_params["shown"] = "random"
    adapt.run()
    assert not adapt.exception
    assert any("Task 7" in markdown.value for markdown in adapt.markdown)
    sent, shown = on_bench(adapt), on_bench_losses(adapt)
    assert sent["scene"]["focus"] == "random" and set(shown) == {"learner", "pretrained", "random"}
    own = {entrant["name"]: entrant["inner_lr"] for entrant in sent["entrants"]}
    fits = adaptation.fits(shipped_learners()["random"], Sinusoid(), shots=5, inner_lr=own["random"], seed=0)
    assert own["learner"] is None
    assert shown["random"] == pytest.approx((fits[6].loss[0], fits[6].loss[10]), rel=2e-3)


def test_what_was_moved_goes_with_the_task_and_the_steps_stay(adapt):
    adapt.session_state["adapt_bench"] = "1,x0,k3"
    adapt.run()
    assert on_bench(adapt)["scene"]["points"] == [[0.0, 0.0]] and on_bench(adapt)["scene"]["steps"] == 3
    adapt.session_state["chosen_task"] = 2
    adapt.run()
    assert len(on_bench(adapt)["scene"]["points"]) == 5 and on_bench(adapt)["scene"]["steps"] == 3


def test_a_learner_that_the_browser_cannot_compute_is_answered_by_python(adapt, monkeypatch):
    learner = Learner.untrained(Experiment(method="imaml", inner_steps=1))
    monkeypatch.setattr(learners, "learner_control", lambda: learner)
    adapt.run()
    assert not adapt.exception
    sent = on_bench(adapt)
    assert sent["entrants"][0]["weights"] is None and "IMAML" in sent["entrants"][0]["why"]
    assert sent["answers"]["learner"]["path"] and sent["answers"]["random"]["path"] is None


def test_tasks_outside_the_training_range_are_harder(adapt):
    inside = losses(adapt, "MAML")
    adapt.session_state["task_range"] = "amplitude"
    adapt.run()
    assert not adapt.exception
    assert any("from 5 to 10" in caption.value and "outside" in caption.value for caption in adapt.caption)
    assert losses(adapt, "MAML")[1] > 3 * inside[1]


def test_a_step_size_that_diverges_is_no_traceback(adapt):
    adapt.number_input(key="adapt_lr").set_value(1.0).run()
    assert not adapt.exception
    assert losses(adapt, "MAML")[1] == float("inf")


def test_no_steps(adapt):
    adapt.query_params["shown_steps"] = "0"
    adapt.run()
    assert not adapt.exception
    assert losses(adapt, "MAML")[0] == losses(adapt, "MAML")[1]


def test_the_browser_has_the_pictures_of_every_learner_after_any_number_of_steps(adapt):
    adapt.query_params |= {"shown": "random", "shown_steps": "3"}
    adapt.run()
    assert not adapt.exception
    data = sent(adapt, "switch")
    assert data["values"] == {"shown": "random", "shown_steps": "3"}
    _, twelve, curves = data["pictures"]
    wall, fan = (json.loads(chart.proto.spec) for chart in adapt.get("plotly_chart"))
    now = twelve["changes"]["random|3"]
    assert set(twelve["changes"]) == {f"{name}|{steps}" for name in ("learner", "pretrained", "random") for steps in range(11)}
    assert now["traces"]["2"] == {"y": wall["data"][2]["y"], "name": wall["data"][2]["name"]} and "3" in now["alt"]
    assert now["traces"]["2"]["y"] != twelve["changes"]["learner|3"]["traces"]["2"]["y"]
    assert now["layout"]["annotations[11].text"] == wall["layout"]["annotations"][11]["text"]
    assert data["pictures"][0]["changes"]["random"]["traces"]["1"]["y"] == wall["data"][1]["y"]
    assert curves["changes"]["3"]["layout"]["shapes[0].x0"] == fan["layout"]["shapes"][0]["x0"] == 3
    assert len(json.dumps(data)) < 150_000


def test_a_learner_of_other_tasks_gives_way_to_the_shipped_one(adapt, monkeypatch):
    shipped = shipped_learners()["sinusoid_maml"]
    other = Learner.untrained(shipped.experiment).replace(in_dim=3)
    monkeypatch.setattr(learners, "learner_control", lambda: other)
    adapt.run()
    assert not adapt.exception
    assert any("shipped MAML instead" in info.value for info in adapt.info)
    assert losses(adapt, "MAML")[1] < 0.5
