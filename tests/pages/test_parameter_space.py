import pytest
from streamlit.testing.v1 import AppTest

from dashboard.page_parts.parameter_space import training_path
from maml_engine import Experiment


@pytest.fixture(scope="module")
def run(open_page):
    """Opens the page by a link's parameters."""
    return lambda **parameters: open_page("parameter_space", **parameters)


def texts(page: AppTest) -> str:
    return "\n".join(element.value for element in [*page.markdown, *page.caption])


def test_the_page_opens_with_the_engines_numbers(run):
    page = run()
    assert not page.exception
    table = page.table[0].value
    assert list(table.index) == ["MAML", "FOMAML", "Reptile", "iMAML"]
    assert table.loc["MAML", "to MAML"] == "–"
    assert float(table.loc["FOMAML", "to MAML"].removesuffix("°")) > 5
    ends = table["loss"].astype(float)
    assert ends.idxmin() == "MAML"  # it alone descends on what is measured
    assert "has a meta-loss of" in texts(page)  # the equidistant point, and what it is worth


def test_in_bowls_the_two_optima_are_one(run):
    page = run()
    page.segmented_control(key="surface").set_value("Bowls").run()
    assert not page.exception
    assert "Here they are one point: every bowl has the same curvature" in texts(page)
    assert "They are 0.00 apart" in texts(page)
    page = run(surface="Bowls", plane="1,g1.5,o-3~2.5~0,o3.2~3~1,o0.5~-3~2")
    assert "They are 0.00 apart" not in texts(page)
    assert "Here they are one point" not in texts(page)


@pytest.mark.parametrize(("alpha", "kept"), [("0.3", "*flat*"), ("1.2", "*steep*")])
def test_in_valleys_the_words_follow_what_the_steps_repair(run, alpha, kept):
    """h(1 - alpha h)^2K across, where h is 2, and along, where it is 0.15."""
    assert f"So ★ lies where the {kept} directions" in texts(run(plane=f"1,l{alpha}"))


def test_at_the_meta_optimum_no_method_is_at_an_angle_to_mamls_update_which_is_zero(run):
    page = run(plane="1,t2.1544~1.1751")
    table = page.table[0].value
    assert set(table["to MAML"]) == {"–"}
    assert float(table.loc["MAML", "norm"]) < 1e-5 < 1 < float(table.loc["Reptile", "norm"])


def test_the_methods_papers_are_linked(run):
    for number in ("1703.03400", "1803.02999", "1909.04630"):
        assert f"https://doi.org/10.48550/arXiv.{number}" in texts(run())


def test_a_link_sets_the_plane_and_a_forged_one_is_put_right(run):
    page = run(surface="Rivers", plane="1,k0,t1~2")
    assert not page.exception
    assert "with K = 0 nothing adapts" in texts(page)
    page = run(plane="1,k99," + ",".join(["o1~1~0"] * 50))
    assert not page.exception
    told = [message.value for message in page.info]
    assert any("`inner_steps` must be from 0 to 20, got 99" in sentence for sentence in told)
    assert any("at most 8 tasks, got 50" in sentence for sentence in told)


@pytest.fixture(scope="module")
def real(run) -> AppTest:
    return run(space="The real network")


def test_the_real_network_has_a_plane_of_its_own(real):
    assert not real.exception
    assert len(real.get("plotly_chart")) == 1
    metrics = {metric.label: metric.value for metric in real.metric}
    assert 0 < float(metrics["Angle between them"].removesuffix("°")) < 180
    first, second = map(float, metrics["From θ to θ′₁, to θ′₂"].split(","))
    assert first > 0
    assert second > 0


def test_another_loss_and_a_surface(real):
    real.segmented_control(key="slice_of").set_value("Both, after adapting").run()
    real.segmented_control(key="slice_as").set_value("Surface").run()
    assert not real.exception
    assert len(real.get("plotly_chart")) == 1


def test_a_run_is_trained_and_its_way_drawn(run, wait_for_jobs, monkeypatch):
    monkeypatch.setattr(training_path, "first_run", lambda seed: Experiment(num_iterations=60, meta_batch_size=4, seed=seed))
    page = run(space="The real network")
    page.button(key="walk_start").click().run()
    wait_for_jobs([page.session_state["walk"]])
    page.run()
    assert not page.exception
    assert len(page.get("plotly_chart")) == 2
    shares = next(metric.value for metric in page.metric if metric.label == "Of the path's variance")
    first, second = (float(part.strip().removesuffix("%")) for part in shares.split(","))
    assert 100 >= first >= second > 0
