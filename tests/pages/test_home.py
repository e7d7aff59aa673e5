from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.fits import Wave, first_fits, spell_loss

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home() -> AppTest:
    return AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=60).run()


def losses(page: AppTest) -> dict[str, tuple[float, float]]:
    """Before and after, by the network's name."""
    return {metric.label: tuple(float(part.replace(",", "")) for part in metric.value.split(" → ")) for metric in page.metric}


def test_the_first_picture_shows_three_networks(home):
    assert not home.exception
    shown = losses(home)
    assert list(shown) == ["MAML", "Pretrained on all tasks", "Random initialisation"]
    maml, pretrained, random = shown.values()
    assert maml[1] < 0.2 < 1 < min(pretrained[1], random[1])
    stored = first_fits()["sinusoid_maml"]
    assert home.metric[0].value == f"{spell_loss(stored.loss[0])} → {spell_loss(stored.loss[10])}"
    assert len(home.get("plotly_chart")) == 3


def test_no_steps_change_nothing_and_a_new_phase_changes_the_numbers(home):
    before = losses(home)
    home.slider(key="steps").set_value(0).run()
    assert all(first == last for first, last in losses(home).values())
    home.slider(key="steps").set_value(10).run()
    home.slider(key="wave_phase").set_value(2.4).run()
    assert not home.exception
    after = losses(home)
    assert after["MAML"] != before["MAML"]
    assert after["MAML"][1] < after["Pretrained on all tasks"][1]


def test_steps_that_are_too_long_are_explained(home):
    home.select_slider(key="adapt_lr").set_value(0.02).run()
    assert not home.exception
    assert any("too long" in info.value for info in home.info)


def test_other_points_are_other_points(home):
    home.button[0].click().run()
    assert not home.exception
    assert home.session_state["point_seed"] == Wave().seed + 1
    assert losses(home)["MAML"][0] == pytest.approx(float(spell_loss(first_fits()["sinusoid_maml"].loss[0])))


def test_all_the_way_in_every_direction(home):
    home.slider(key="shots").set_value(20)
    home.slider(key="point_noise").set_value(2.0)
    home.slider(key="wave_amplitude").set_value(10.0)
    home.slider(key="steps").set_value(20)
    home.run()
    assert not home.exception
    assert any("outside" in info.value for info in home.info)
