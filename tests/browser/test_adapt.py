"""Adapt in a real browser: numbers are read from the page."""

import pytest
from playwright.sync_api import expect

from tests.browser.benches import BENCH, card, drag, point, wait_for_python
from tests.browser.waiting import box_of, wait_until_it_fits

NUMBER = ".st-key-_over_tasks dl > div"


def losses(page, label: str) -> tuple[float, float]:
    """Before and after, as the page says them; `label` is the whole label."""
    number = page.locator(NUMBER).filter(has=page.get_by_text(label, exact=True)).first
    value = number.locator(".value").inner_text()
    before, after = (float(part.strip().replace(",", "")) for part in value.split("→"))
    return before, after


def wait_for_task(page, number: int) -> None:
    page.get_by_text(f"Task {number}, to change as you like").wait_for()


def test_the_shipped_learner_is_far_below_the_pretrained_network(open_page):
    page = open_page("/adapt")
    maml, pretrained, random = (losses(page, name) for name in ("MAML", "Pretrained on all tasks", "Random initialisation"))
    assert 2.7 < maml[0] < 3.6 and 2.7 < pretrained[0] < 3.6
    assert maml[1] < 0.45 and pretrained[1] > 4 * maml[1] and random[1] > pretrained[1]


def test_another_twelve_shows_other_tasks(open_page):
    page = open_page("/adapt")
    old = point(page, 1).get_attribute("aria-label")
    page.get_by_role("button", name="Another twelve").click()
    expect(point(page, 1)).not_to_have_attribute("aria-label", old)
    page.wait_for_url("**task_seed=1*")


def test_tasks_outside_the_training_range(open_page):
    page = open_page("/adapt?task_range=Larger+amplitudes")
    assert losses(page, "MAML")[1] > 2
    assert "from 5 to 10" in page.locator('[data-testid="stMain"]').inner_text()


def test_a_click_on_the_wall_chooses_a_task(open_page):
    page = open_page("/adapt")
    box_of(page.locator(".st-key-wall .js-plotly-plot"))
    spot = page.evaluate(
        """() => {
            const plot = document.querySelector(".st-key-wall .js-plotly-plot"), dots = plot._fullData.at(-1);
            const index = Array.from(dots.customdata).findIndex(task => task == 7), box = plot.getBoundingClientRect();
            const {xaxis, yaxis} = plot._fullLayout;
            return [box.left + xaxis._offset + xaxis.l2p(dots.x[index]), box.top + yaxis._offset + yaxis.l2p(dots.y[index])];
        }"""
    )
    page.mouse.move(*spot)
    page.mouse.click(*spot)
    wait_for_task(page, 8)
    page.wait_for_url("**chosen_task=8*")


def test_learner_and_steps_are_switched_in_the_browser_and_bench_and_numbers_follow(open_page):
    page = open_page("/adapt")
    wait_for_python(page)
    after = "document.querySelector('.st-key-wall .js-plotly-plot')._fullData[2].name"
    old = losses(page, "MAML")
    page.get_by_label("Gradient steps", exact=True).press("Home")
    page.get_by_role("radio", name="Random initialisation").click()
    page.wait_for_function(f"() => {after} === 'after 0 steps'")
    assert losses(page, "MAML") == (old[0], old[0]) != old
    assert page.locator(BENCH).locator(".k-value").inner_text() == "0"
    assert page.locator(BENCH).locator(".card.focus .name").inner_text() == "Random initialisation"
    assert "shown=random" in page.url and "shown_steps=0" in page.url
    page.get_by_role("button", name="Another twelve").click()  # Python draws what is shown
    page.wait_for_url("**task_seed=1*")
    page.wait_for_function(f"() => {after} === 'after 0 steps'")
    assert page.locator(BENCH).locator(".k-value").inner_text() == "0"


def test_the_buttons_below_the_wall_choose_as_well(open_page):
    page = open_page("/adapt")
    page.locator(".st-key-chosen_task").get_by_role("radio", name="3", exact=True).or_(
        page.locator(".st-key-chosen_task").get_by_role("button", name="3", exact=True)
    ).first.click()
    wait_for_task(page, 3)


def test_the_chosen_task_is_changed_on_the_bench_until_another_is_chosen(open_page):
    page = open_page("/adapt")
    wait_for_python(page)
    number = card(page, "MAML").locator(".loss").inner_text()
    drag(page, point(page, 1), 20, -90)
    page.wait_for_url("**adapt_bench=1*")
    wait_for_python(page)
    assert card(page, "MAML").locator(".loss").inner_text() != number
    page.get_by_role("button", name="Another twelve").click()
    page.wait_for_url(lambda address: "adapt_bench" not in address)


@pytest.mark.parametrize("link", ["/adapt?chosen_task=99&task_range=moon&shown=x", "/adapt?adapt_lr=-1&task_seed=1e99&shots=x"])
def test_a_link_out_of_range_is_no_traceback(open_page, link):
    page = open_page(link)
    assert page.locator('[data-testid="stException"]').count() == 0
    assert losses(page, "MAML")[1] < 0.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_scrolls_sideways_on_a_phone(open_page, scheme):
    page = open_page("/adapt", width=390, scheme=scheme)
    wait_until_it_fits(page, 390)
    assert page.evaluate("(main => main.scrollWidth - main.clientWidth)(document.querySelector('[data-testid=stMain]'))") <= 0
    widths = page.eval_on_selector_all(".js-plotly-plot", "plots => plots.map(plot => plot.getBoundingClientRect().right)")
    assert len(widths) == 2 and max(widths) <= 390
    assert page.locator(BENCH).evaluate("bench => bench.scrollWidth - bench.clientWidth") <= 0
