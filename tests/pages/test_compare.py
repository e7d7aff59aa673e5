import pytest
from streamlit.testing.v1 import AppTest

from dashboard.engine_calls import resources
from dashboard.method_names import NAMES


@pytest.fixture(scope="module")
def run(open_page):
    """Opens the Compare page."""
    return lambda: open_page("compare")


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
    assert any("100,000 meta-iterations in all" in message.value for message in page.error)


def test_each_run_of_a_comparison_is_had_as_code(run):
    page = run()
    assert page.selectbox(key="as_code").options == ["MAML", "Reptile"]
    labels = [button.proto.label for button in page.get("download_button")]
    assert {"Python script", "Notebook"} <= set(labels)
    page.selectbox(key="budget").set_value("seconds").run()
    assert not page.exception
    assert "as_code" not in [box.key for box in page.selectbox]
