"""The Notes page in a real browser: the browser's own mathematics against JAX, and pictures that are saved."""

import re

from playwright.sync_api import expect

from tests.browser.waiting import wait_until_charts_stand


def test_the_browser_answers_and_agrees_with_jax(open_page):
    page = open_page("/notes")
    page.get_by_role("button", name="Run in this browser").click()
    row = page.locator('[data-testid="stMarkdownContainer"]').filter(has_text="allowed (largest difference in y)")
    row.wait_for()
    error = float(re.match(r"[\d.e-]+", row.inner_text())[0])
    assert 0 < error < 1e-4
    expect(page.get_by_text("Holds: The bench's mathematics in this browser")).to_have_count(1)


def test_a_chart_is_saved_as_png_svg_and_numbers(open_page, tmp_path):
    page = open_page("/notes", scheme="dark")
    wait_until_charts_stand(page)
    contents = {}
    for label in ("PNG", "SVG", "Numbers (CSV)"):
        if not page.get_by_role("button", name=label, exact=True).is_visible():
            page.locator(".st-key-published_save button").first.click()
        with page.expect_download() as download:
            page.get_by_role("button", name=label, exact=True).click()
        download.value.save_as(tmp_path / download.value.suggested_filename)
        contents[download.value.suggested_filename] = (tmp_path / download.value.suggested_filename).read_bytes()
    assert list(contents) == ["maml-lab-published.png", "maml-lab-published.svg", "maml-lab-published.csv"]
    png, svg, numbers = contents.values()
    assert png[:8] == b"\x89PNG\r\n\x1a\n" and int.from_bytes(png[16:20]) == 1800  # twice the width
    assert svg.startswith(b"<svg") and b"MAML" in svg and b"rgb(255, 255, 255)" in svg
    assert b"rgb(228, 231, 234)" not in svg  # the dark theme's writing
    assert numbers.splitlines()[0].startswith(b"trace,query loss")
    # The chart on the page is as it was.
    assert page.evaluate("document.querySelector('.st-key-published .js-plotly-plot').layout.paper_bgcolor") == "rgba(0,0,0,0)"
