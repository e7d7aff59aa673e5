"""Home in a real browser: numbers are read from the page."""

import re
from urllib.parse import unquote

import pytest
from playwright.sync_api import expect

from tests.browser.benches import BENCH, losses, point, wait_for_python
from tests.browser.waiting import box_of, wait_until_idle, wait_until_it_fits

NETWORKS = ("MAML", "Pretrained on all tasks", "Random initialisation")


def test_the_first_picture_is_already_true(open_page):
    page = open_page("/")
    maml, pretrained, random = (losses(page, label) for label in NETWORKS)
    assert 1 < maml[0] < 6 and maml[1] < 0.2
    assert pretrained[1] > 10 * maml[1] and random[1] > 10 * maml[1]
    assert page.locator(f"{BENCH} path.truth").get_attribute("d").count("L") == 200
    expect(page.locator(f"{BENCH} path.after")).to_have_count(3)


def test_other_points_are_drawn_and_confirmed(open_page):
    page = open_page("/")
    old = point(page, 1).get_attribute("aria-label")
    page.get_by_role("button", name="Other points").click()
    page.wait_for_url("**point_seed=18*")
    expect(point(page, 1)).not_to_have_attribute("aria-label", old)
    wait_for_python(page)


def test_a_step_size_ten_times_as_long_is_explained_below_the_picture(open_page):
    """The likely first experiment: MAML diverges, the pretrained network improves."""
    page = open_page("/")
    said = page.locator(f"{BENCH} .verdict")
    expect(said).to_have_text(re.compile("^MAML comes nearest to this wave: 0"))
    slider = page.locator(f"{BENCH} .alpha")
    slider.focus()
    slider.evaluate("slider => { slider.value = -2; slider.dispatchEvent(new Event('input')) }")
    expect(said).to_have_text(re.compile("^α = 0.01 is too long a step for MAML, .* The same steps help “Pretrained on all"))
    picture, words = (box_of(page.locator(f"{BENCH} {part}")) for part in (".stage", ".verdict"))
    assert 0 <= words["y"] - (picture["y"] + picture["height"]) < 20


def test_what_was_made_of_the_bench_is_there_again_after_another_page(open_page):
    page = open_page("/?home_bench=1,a2,p2.5&shots=7")
    wait_for_python(page)
    for name in ("Pitfalls", "Home"):
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
        expect(page).to_have_title(f"{name} · MAML Lab")
        wait_until_idle(page)
        if name == "Pitfalls":
            expect(page.locator(".st-key-pitfall_shots")).to_contain_text("Support points10")
            assert "shots" not in page.url
    wait_for_python(page)
    assert page.get_by_role("slider", name="Amplitude of the wave").get_attribute("aria-valuenow") == "2"
    assert page.locator(f"{BENCH} .handle.point").count() == 7
    assert "home_bench=1,a2,p2.5" in unquote(page.url)


@pytest.mark.parametrize("link", ["/?wave_amplitude=2&wave_phase=2.5&steps=0", "/?home_bench=1,a2,p2.5,k0"])
def test_a_link_old_or_new_opens_the_same_picture(open_page, link):
    page = open_page(link)
    wait_for_python(page)
    assert all(before == after for before, after in (losses(page, label) for label in NETWORKS))
    assert page.get_by_role("slider", name="Amplitude of the wave").get_attribute("aria-valuenow") == "2"
    assert "knows" not in page.locator('[data-testid="stMain"]').inner_text()


@pytest.mark.parametrize(
    "link", ["/?shots=10000&steps=-3&wave_amplitude=nan", "/?point_seed=abc&home_bench=7,xnan,k1e9," + "x1," * 100]
)
def test_a_link_out_of_range_is_no_traceback(open_page, link):
    page = open_page(link)
    assert page.locator('[data-testid="stException"]').count() == 0
    wait_for_python(page)
    assert page.locator(f"{BENCH} path.truth").get_attribute("d").count("L") == 200


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_scrolls_sideways_on_a_phone(open_page, scheme):
    page = open_page("/", width=390, scheme=scheme)
    wait_until_it_fits(page, 390)
    assert page.evaluate("(main => main.scrollWidth - main.clientWidth)(document.querySelector('[data-testid=stMain]'))") <= 0
    assert page.locator(BENCH).evaluate("bench => bench.scrollWidth - bench.clientWidth") <= 0
    box = box_of(page.locator(f"{BENCH} .stage"))
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390
