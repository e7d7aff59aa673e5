"""The browser's own buttons: Back, Reload and the list of what was visited."""

import re

from playwright.sync_api import expect

from tests.browser.waiting import wait_until_idle

INNER_LR = ".st-key-adapt_lr input"


def go(page, name):
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=name, exact=True).click()
    expect(page).to_have_title(f"{name} · MAML Lab")
    wait_until_idle(page)


def test_one_back_brings_the_page_as_it_was_left(open_page):
    page = open_page("/adapt?task_seed=4")
    expect(page).to_have_title("Adapt · MAML Lab")
    page.get_by_role("button", name="Another twelve").click()
    expect(page).to_have_url(re.compile("task_seed=5"))
    wait_until_idle(page)
    page.locator(INNER_LR).fill("0.02")
    page.keyboard.press("Tab")
    expect(page).to_have_url(re.compile("adapt_lr=0.02"))
    wait_until_idle(page)
    go(page, "Notes")
    page.go_back()
    expect(page).to_have_title("Adapt · MAML Lab")
    wait_until_idle(page)
    assert "task_seed=5" in page.url
    assert "adapt_lr=0.02" in page.url
    expect(page.locator(".st-key-task_seed input")).to_have_value("5")
    expect(page.locator(INNER_LR)).to_have_value("0.02")
    page.go_forward()
    expect(page).to_have_title("Notes · MAML Lab")


def test_a_run_is_in_the_address_again_after_another_page_and_a_reload(open_page):
    page = open_page("/train?num_iterations=200&hidden_dim=8")
    page.locator(".st-key-train button").click()
    expect(page).to_have_url(re.compile(r"job=[\w-]{8,}"))
    expect(page.get_by_text("200 of 200 iterations")).to_be_visible(timeout=120_000)
    run = re.search(r"job=([\w-]+)", page.url).group(1)
    go(page, "Notes")
    go(page, "Train")
    expect(page).to_have_url(re.compile(f"job={run}"))
    page.reload()
    expect(page.get_by_text("200 of 200 iterations")).to_be_visible(timeout=60_000)
    assert "num_iterations=200" in page.url


def test_nothing_is_fetched_from_elsewhere(open_page):
    """Neither on opening a page by its address nor on a visit: a tab's Material symbol would come from Google's server."""
    page = open_page("/", ready=False)
    home = re.match(r"https?://[^/]+", page.url).group()
    asked_for = []
    page.on("request", lambda request: asked_for.append(request.url))
    for path in ("/", "/compare", "/your_tasks"):
        page.goto(home + path)
        wait_until_idle(page)
    go(page, "Notes")
    go(page, "Train")
    page.wait_for_timeout(1000)  # what is fetched for the tab comes last
    assert len(asked_for) > 10
    assert [
        address for address in asked_for if not address.startswith((home, home.replace("http", "ws", 1), "data:", "blob:"))
    ] == []


def test_back_to_a_page_left_as_it_begins_shows_it_so_and_the_navigation_what_was_changed(open_page):
    page = open_page("/notes")
    points = page.locator(".handle.point")
    go(page, "Learn")
    expect(points).to_have_count(1)
    go(page, "Notes")
    go(page, "Learn")
    page.get_by_role("button", name="Add point").click()
    expect(page).to_have_url(re.compile("learn_shots="))
    wait_until_idle(page)
    go(page, "Notes")
    for _ in range(3):  # to Learn, to Notes, to Learn as it was first seen
        page.go_back()
        wait_until_idle(page)
    expect(page).to_have_title("Learn · MAML Lab")
    expect(points).to_have_count(1)
