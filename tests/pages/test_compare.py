import dataclasses
import re
from urllib.parse import parse_qs

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.engine_calls import resources
from dashboard.jobs import DONE, RUNNING, Snapshot
from dashboard.method_names import NAMES
from dashboard.page_parts.compare.contest import Contest, Progress
from maml_engine import Experiment, Learner
from maml_engine.analysis.comparison import Budget, Ranking
from tests.reading import as_read


@pytest.fixture(scope="module")
def run(open_page):
    """Opens the Compare page."""
    return lambda **parameters: open_page("compare", **parameters)


def charts(page: AppTest) -> int:
    return len(page.get("plotly_chart"))


def losses(page: AppTest) -> dict[str, float]:
    frame = page.dataframe[1].value
    return dict(zip(frame["method"], frame["loss"], strict=True))


@pytest.fixture(scope="module")
def opened(run) -> AppTest:
    """One page for the tests that only look; each sets what it needs."""
    return run()


def test_the_page_opens_with_a_true_picture_of_the_shipped_learners(opened):
    assert not opened.exception
    assert charts(opened) == 4  # losses, differences, twelve tasks, a closer look
    found = losses(opened)
    assert set(found) == {"MAML", "Pretrained", "Random start", "Zero-shot", "Oracle"}
    assert found["Oracle"] < 0.01
    assert found["Oracle"] < found["MAML"] < 1.2  # the issue's own range for MAML after one step
    assert 2.5 < found["Zero-shot"] < 3.5  # 3.006 over all tasks; these are 200
    assert found["Pretrained"] > found["MAML"]
    assert "Press Compare" in opened.markdown[0].value


@pytest.mark.parametrize("look", ["reptile", "mamlplusplus", "anil", "cavia", "metasgd", "r2d2"])
def test_every_closer_look_has_a_picture_before_training(opened, look):
    opened.selectbox(key="look").set_value(look).run()
    assert not opened.exception
    assert charts(opened) == (5 if look in ("mamlplusplus", "cavia") else 4)


def test_another_baseline_and_more_steps(opened):
    page = opened
    page.select_slider(key="after").set_value(5)
    page.selectbox(key="pin").set_value("zero-shot").run()
    assert not page.exception
    assert any("Against Zero-shot" in text.value for text in page.markdown)
    assert page.dataframe[1].value["loss"].is_monotonic_increasing
    page.multiselect(key="methods").set_value([]).run()
    assert not page.exception
    assert any("at least one method" in message.value for message in page.info)
    assert page.button(key="compare").disabled


def test_two_methods_are_trained_and_compared(run, wait_for_jobs):
    page = run()
    page.select_slider(key="amount_iterations").set_value(200)
    page.multiselect(key="methods").set_value(["fomaml", "anil"])
    page.number_input(key="hidden_dim").set_value(10).run()
    page.button(key="compare").click().run()
    assert not page.exception
    job_id = page.session_state["contest"]
    assert page.query_params["contest"] == job_id
    wait_for_jobs([job_id])
    page.run()
    assert not page.exception
    snapshot = resources.jobs().snapshot(job_id)
    assert snapshot.status == "done", snapshot.message
    frame = page.dataframe[1].value.set_index("method")
    assert {"FOMAML", "ANIL", "Random start", "Zero-shot", "Oracle"} == set(frame.index)
    assert list(frame.loc[["FOMAML", "ANIL"], "adapted"]) == [10 * 1 + 10 + 10 * 10 + 10 + 10 + 1, 10 + 1]
    assert list(frame.loc[["FOMAML", "ANIL"], "iterations"]) == [200, 200]
    for name, ranking in snapshot.report.rankings.items():
        shown = frame.loc[NAMES[name], "loss"]
        assert shown == pytest.approx(ranking.loss[:, :, 1].mean(), rel=1e-6)
    assert charts(page) == 5
    assert page.selectbox(key="pin").value == "fomaml"


def test_a_hosted_demo_says_what_it_allows(run, monkeypatch):
    page = run()
    monkeypatch.setattr(resources.jobs(), "hosted", True)
    page.select_slider(key="amount_iterations").set_value(20_000).run()
    page.number_input(key="seeds").set_value(5).run()
    page.button(key="compare").click().run()
    assert not page.exception
    assert any("100,000 meta-iterations in all" in as_read(message.value) for message in page.error)


def test_each_run_of_a_comparison_is_had_as_code(run):
    page = run()
    assert page.selectbox(key="as_code").options == ["MAML", "Reptile"]
    labels = [button.proto.label for button in page.get("download_button")]
    assert {"Python script", "Notebook"} <= set(labels)
    page.selectbox(key="budget").set_value("seconds").run()
    assert not page.exception
    assert "as_code" not in [box.key for box in page.selectbox]


class Held:
    """The registry with one comparison, as far as a test says."""

    def __init__(self, contest):
        self.snapshot_, self.contest = Snapshot(contest.base, RUNNING), contest

    def report(self, doing, rankings, **others):
        report = Progress(rankings, 0.0, 0, doing, contest=self.contest)
        self.snapshot_ = dataclasses.replace(self.snapshot_, report=report, **others)

    def snapshot(self, job_id):
        return self.snapshot_ if job_id == "held" else None

    def belongs_to(self, job_id, owner):
        return job_id == "held"


@pytest.fixture
def held(monkeypatch):
    registry = Held(Contest(("fomaml", "anil"), Experiment(hidden_dim=10), Budget("iterations", 200)))
    for name in ("snapshot", "belongs_to"):
        monkeypatch.setattr(resources.jobs(), name, getattr(registry, name))
    return registry


def untrained(run):
    losses = np.full((1, 200, 11), 3.0)
    return Ranking((run,), (Learner.untrained(run),), *np.zeros((3, 1)), losses.mean(axis=1)[None], losses)


def test_while_methods_are_compiled_it_is_said_and_the_picture_stays(run, held):
    held.report("Compiling anil", {"fomaml": untrained(held.contest.entrants()["fomaml"][0])})
    page = run(contest="held", methods=["fomaml", "anil"], amount_iterations="200", hidden_dim="10")
    assert [bar.proto.text for bar in page.get("progress")] == ["0%. Compiling ANIL ..."]
    assert [chart.proto.alt for chart in page.get("plotly_chart")] == [chart.proto.alt for chart in run().get("plotly_chart")]
    assert [button.label for button in page.button].count("Stop") == 1
    assert all("MAML (shipped)" in chart.proto.alt for chart in page.get("plotly_chart")[:3])


def test_where_the_controls_differ_from_the_comparison_is_said(run, held):
    held.report("", {}, status=DONE)
    page = run(contest="held", methods=["fomaml", "anil"], amount_iterations="200", hidden_dim="10")
    assert not page.info
    page.multiselect(key="methods").set_value(["maml"])
    page.number_input(key="seeds").set_value(3)
    page.number_input(key="hidden_dim").set_value(20).run()
    (note,) = [as_read(note.value) for note in page.info]
    assert note.startswith(
        "The controls now say MAML, seeds 0 to 2, 20 hidden units; these pictures are of FOMAML, ANIL, seed 0, 10 hidden units."
    )
    link = parse_qs(re.search(r"\(compare\?(.*)\)", page.info[0].value)[1])
    assert not run(**link).info
    page.button(key="set_to_contest").click().run()
    assert not page.exception and not page.info
    assert (page.multiselect(key="methods").value, page.number_input(key="hidden_dim").value) == (["fomaml", "anil"], 10)


def test_what_has_not_converged_is_said_by_its_own_curve(run, held):
    def ranking(name, curve):
        run = held.contest.entrants()[name][0]
        loss = np.full((1, 200, 11), curve[-1])
        curves = np.broadcast_to(np.array(curve)[:, None, None], (len(curve), 1, 11))
        points = np.arange(len(curve))
        return Ranking((run,), (Learner.untrained(run),), points * 10, points * 10.0, points / 10, curves, loss)

    flat, falling = np.full(13, 1.77), 2.47 * np.exp(np.linspace(1, 0, 13))
    held.report("", {"fomaml": ranking("fomaml", falling), "anil": ranking("anil", flat)}, status=DONE)
    page = run(contest="held")
    (warning,) = page.warning
    assert "Not converged: **FOMAML** (still fell by 39%). " in warning.value
    frame = page.dataframe[1].value.set_index("method")
    assert list(frame.loc[["FOMAML", "ANIL"], "converged"]) == ["no", "yes"]
    held.report("Training anil", {"fomaml": ranking("fomaml", falling), "anil": ranking("anil", flat)}, status=RUNNING)
    assert not run(contest="held").warning  # as long as it trains, nothing is at its end


@pytest.mark.parametrize("methods", [["fomaml,anil"], ["FOMAML,ANIL"], ["fomaml", "anil"]])
def test_a_link_written_by_hand_may_have_commas_between_methods(run, methods):
    page = run(methods=methods)
    assert page.multiselect(key="methods").value == ["fomaml", "anil"]
    assert not page.exception and not page.info
