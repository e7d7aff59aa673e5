import json
import re
from inspect import signature

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.engine_calls import gradients, resources
from dashboard.results import spell_angle
from maml_engine.analysis import Cost, default_sizes
from maml_engine.analysis.cost import WAYS
from tests.pages.benches import losses, on_bench
from tests.reading import as_read


@pytest.fixture
def page(open_page) -> AppTest:
    return open_page("gradients")


def metrics(page: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def angle(page: AppTest) -> float:
    return float(metrics(page)["Angle between the two"].removesuffix("°"))


def test_the_page_opens_with_true_pictures_and_a_passed_check(page):
    assert not page.exception
    assert len(page.get("plotly_chart")) == 11  # four of them costs that were measured elsewhere
    of_network = [chart.proto.alt for chart in page.get("plotly_chart") if "1-40-40-1, measured on " in chart.proto.alt]
    assert len(of_network) == 4  # and say of what and where
    assert 20 < angle(page) < 60
    assert [message.value[:3] for message in page.success] == ["Yes"]


def test_the_bench_shows_the_inner_loop_of_the_sidebar(open_page):
    page = open_page("gradients", inner_steps="3", k_shot="25")
    page.select_slider(key="gradient_lr").set_value(0.0005).run()
    assert not page.exception
    scene = on_bench(page)["scene"]
    assert (scene["steps"], scene["inner_lr"], len(scene["points"])) == (3, 0.0005, 20)
    assert all(abs(off) < 1e-3 for _, off in scene["points"])  # the points lie on the wave that is drawn
    before, after = losses(page)["learner"]
    assert after < before
    assert any("Only the first 20" in caption.value for caption in page.caption)


def test_a_link_s_step_size_beyond_the_bench_leaves_the_page_standing(open_page):
    page = open_page("gradients", inner_lr="100000")
    assert on_bench(page)["scene"]["inner_lr"] == 10
    assert any("The bench goes to α = 10 and no further" in caption.value for caption in page.caption)


def test_raising_the_inner_step_size_opens_the_angle(page):
    angles = []
    for inner_lr in (0.0001, 0.0005, 0.001):
        page.select_slider(key="gradient_lr").set_value(inner_lr).run()
        angles.append(angle(page))
    assert not page.exception
    assert angles[0] < angles[1] < angles[2]


def test_what_the_opening_says_of_the_angle_is_so():
    learner = resources.shipped_learners()["sinusoid_maml"]
    sweep = gradients.sweep(learner, gradients.Choice(25, 10, 0))
    sizes = [size for size in gradients.STEP_SIZES if 0.0001 <= size <= 0.002]
    places = [list(gradients.SWEPT_SIZES).index(size) for size in sizes]
    assert (np.diff(sweep.angle[0, places]) > 0).all()
    assert sweep.angle[0, places[-1]] > 90


def test_the_angle_is_said_to_belong_to_the_network(page):
    (said,) = [caption.value for caption in page.caption if "belongs to the network" in caption.value]
    start = gradients.comparison(resources.shipped_learners()["random"], gradients.Choice(25, 10, 0), 0.001, 1)
    assert f"{spell_angle(start.overall.angle)} for a random start" in said
    assert metrics(page)["Angle between the two"] in said
    assert start.overall.angle < 0.5 * angle(page)
    assert not any("nearly agree" in text.value for text in page.markdown)


def test_papers_are_linked(page):
    assert any("https://doi.org/10.48550/arXiv.1703.03400" in text.value for text in page.markdown)


def test_without_inner_steps_the_two_are_one(page):
    page.number_input(key="inner_steps").set_value(0).run()
    assert not page.exception
    assert angle(page) == 0
    assert float(metrics(page)["Cosine"]) == 1
    assert any("nothing to correct" in text.value for text in page.markdown)


def test_what_overflows_is_said_and_nothing_breaks(page):
    page.select_slider(key="gradient_lr").set_value(0.1).run()
    page.number_input(key="inner_steps").set_value(10).run()
    assert not page.exception
    assert metrics(page)["Angle between the two"] == "–"
    assert metrics(page)["Norm, exact / first-order"] == "– / –" and metrics(page)["Meta-loss"] == "diverged"
    why, no_slope = [as_read(message.value) for message in page.warning]
    assert "after 10 inner steps of α = 0.1 the loss is no finite number" in why
    assert all("Lower the inner step size or the number of inner steps." in sentence for sentence in (why, no_slope))


def test_no_number_that_is_none_is_shown_where_the_inner_loop_overflows(page):
    page.select_slider(key="gradient_lr").set_value(0.1).run()
    page.number_input(key="inner_steps").set_value(10).run()
    words = [as_read(part.value) for kind in (page.markdown, page.caption, page.warning, page.metric) for part in kind]
    words += [chart.proto.alt for chart in page.get("plotly_chart")]
    assert not [each for each in words if re.search(r"\b(nan|inf)\b|np\.|int64", each)]
    assert any("none at the step size that is set" in each for each in words)


def test_more_than_the_page_takes_is_lowered_with_a_sentence(page):
    page.number_input(key="inner_steps").set_value(5000).run()
    page.number_input(key="meta_batch_size").set_value(90_000).run()
    assert not page.exception
    assert "`inner_steps` 10, `meta_batch_size` 100" in page.info[0].value


def test_another_number_of_tasks_and_points(page):
    before = angle(page)
    page.number_input(key="meta_batch_size").set_value(3).run()
    page.number_input(key="k_shot").set_value(1).run()
    assert not page.exception
    assert angle(page) != before


def test_costs_are_measured_when_asked_and_said_in_words(page, monkeypatch):
    turns = []

    def costs(learner, inner_steps, num_tasks, turn):
        turns.append(turn)
        ways = {"exact, plain": 3.0, "exact, checkpointed": 2.5, "exact, mixed": 2.0, "first-order": 1.0}
        seconds = inner_steps * num_tasks * 1e-6
        return tuple(Cost(way, inner_steps, num_tasks, k * seconds, 1000 * inner_steps, 0.1) for way, k in ways.items())

    assert list(signature(gradients.costs).parameters) == list(signature(costs).parameters)
    monkeypatch.setattr(gradients, "costs", costs)
    page.button(key="measure").click().run()
    assert not page.exception
    assert len(page.get("plotly_chart")) == 11
    assert any("2.0 at K = 1, 2.0 at K = 5, 2.0 at K = 10" in text.value for text in page.markdown)
    assert any("0.005 MB at K = 5, 0.01 MB at K = 10, 0.02 MB at K = 20" in text.value for text in page.markdown)
    assert any("first-order 1.00" in caption.value for caption in page.caption)
    page.run()
    assert set(turns) == {1}
    page.button(key="measure_again").click().run()
    assert not page.exception
    assert set(turns) == {1, 2}


def test_costs_measured_elsewhere_are_shown_at_once(tmp_path, monkeypatch):
    rows = [
        {"way": way, "inner_steps": k, "num_tasks": t, "seconds": k * t * 1e-6, "temp_bytes": 1000 * k, "compile_seconds": 0.1}
        for way in WAYS
        for k, t in default_sizes()
    ]
    held = tmp_path / "costs.json"
    held.write_text(json.dumps({"machine": "a test's machine, 3 cores", "costs": rows}))
    monkeypatch.setattr(gradients, "MEASURED_COSTS", held)
    assert gradients.shipped_costs().machine == "a test's machine, 3 cores"
    assert gradients.shipped_costs().costs == tuple(Cost(**row) for row in rows)
    monkeypatch.setattr(gradients, "MEASURED_COSTS", tmp_path / "missing.json")
    assert gradients.shipped_costs() is None


def test_both_are_trained_and_compared(page, wait_for_jobs):
    page.select_slider(key="race_iterations").set_value(500).run()
    page.button(key="race").click().run()
    job_ids = page.session_state["race_runs"].split(".")
    assert len(job_ids) == 2
    wait_for_jobs(job_ids)
    page.run()
    assert not page.exception
    assert "At 500 iterations: exact / first-order" in metrics(page)
    assert len(page.get("plotly_chart")) == 13
