"""Home in a real browser: numbers are read from the page."""

import time

import pytest

NETWORKS = ("MAML", "Pretrained on all tasks", "Random initialisation")
METRIC = '[data-testid="stMetric"]'


def losses(page, label: str) -> tuple[float, float]:
    """Before and after, as the page says them."""
    value = page.locator(METRIC).filter(has_text=label).first.locator('[data-testid="stMetricValue"]').inner_text()
    before, after = (float(part.strip().replace(",", "")) for part in value.split("→"))
    return before, after


def press(page, label: str, *keys: str) -> None:
    """Moves a slider by the keyboard."""
    slider = page.get_by_role("slider", name=label)
    slider.focus()
    for key in keys:
        slider.press(key)


def wait_for_change(page, label: str, old: tuple[float, float]) -> tuple[float, float]:
    deadline = time.monotonic() + 30
    while (new := losses(page, label)) == old:
        assert time.monotonic() < deadline, f"{label} still says {old}."
        page.wait_for_timeout(20)
    return new


def test_the_first_picture_is_already_true(open_page):
    page = open_page("/")
    maml, pretrained, random = (losses(page, label) for label in NETWORKS)
    assert 1 < maml[0] < 6 and maml[1] < 0.2
    assert pretrained[1] > 10 * maml[1] and random[1] > 10 * maml[1]
    assert page.locator(".js-plotly-plot .scatterlayer").count() == 3


def test_a_slider_moves_the_numbers_and_the_link(open_page):
    page = open_page("/")
    before = losses(page, "MAML")
    press(page, "Phase (radians)", *["ArrowRight"] * 5)
    after = wait_for_change(page, "MAML", before)
    page.wait_for_url("**wave_phase=*")
    assert after[1] < after[0]


def test_a_link_opens_the_same_picture(open_page):
    page = open_page("/?wave_amplitude=2&wave_phase=2.5&steps=0")
    assert all(before == after for before, after in (losses(page, label) for label in NETWORKS))
    assert "knows" not in page.locator('[data-testid="stMain"]').inner_text()


@pytest.mark.parametrize("link", ["/?shots=10000&steps=-3&wave_amplitude=nan", "/?point_seed=abc&adapt_lr=7"])
def test_a_link_out_of_range_is_no_traceback(open_page, link):
    page = open_page(link)
    assert page.locator('[data-testid="stException"]').count() == 0
    assert losses(page, "MAML")[1] < losses(page, "MAML")[0]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_scrolls_sideways_on_a_phone(open_page, scheme):
    page = open_page("/", width=390, scheme=scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("(main => main.scrollWidth - main.clientWidth)(document.querySelector('[data-testid=stMain]'))") <= 0
    widths = page.eval_on_selector_all(".js-plotly-plot", "plots => plots.map(plot => plot.getBoundingClientRect().right)")
    assert len(widths) == 3 and max(widths) <= 390
