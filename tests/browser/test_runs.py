"""The Runs page in a real browser: what is brushed on an axis, and a row that is chosen."""

import re

import pytest
from playwright.sync_api import expect

from dashboard.runs import RunLibrary
from tests.browser.waiting import wait_until_charts_stand, wait_until_idle
from tests.pages.kept_runs import a_run, empty

RUNS = [
    a_run(f"run{place}", loss, inner_lr=inner_lr)
    for place, (loss, inner_lr) in enumerate([(0.2, 0.01), (0.5, 0.03), (0.9, 0.1)])
]


@pytest.fixture
def kept(app_home):
    """Three runs in the app's library, for as long as the test takes."""
    library = RunLibrary(f"sqlite:///{app_home / 'runs.db'}")
    empty(library)  # of what other tests have trained
    for run in RUNS:
        library.save(run)
    yield
    empty(library)
    library.close()


def test_a_brush_on_an_axis_leaves_the_table_the_runs_that_cross_it_there(kept, open_page):
    page = open_page("/runs", height=1400)
    wait_until_charts_stand(page)
    table = page.get_by_test_id("stDataFrame")
    expect(page.get_by_role("region", name=re.compile("^3 runs"))).to_be_visible()
    plot = page.locator(".st-key-axes .js-plotly-plot")
    page.wait_for_function("() => document.querySelectorAll('.st-key-axes .js-plotly-plot .axis-brush').length >= 2")
    axis = plot.locator(".axis-brush .background").last.bounding_box()  # what came out, low values below
    x = axis["x"] + axis["width"] / 2
    page.mouse.move(x, axis["y"] + axis["height"] * 0.98)
    page.mouse.down()
    page.mouse.move(x, axis["y"] + axis["height"] * 0.7, steps=4)
    page.mouse.move(x, axis["y"] + axis["height"] * 0.5, steps=4)
    page.mouse.up()
    expect(page.get_by_text("2 of 3 runs are brushed")).to_be_visible()
    wait_until_idle(page)
    expect(page.get_by_role("region", name=re.compile("^2 runs"))).to_be_visible()
    place = table.bounding_box()
    page.mouse.click(place["x"] + 17, place["y"] + 55)
    page.wait_for_url(re.compile(r"run=run\d"))
    wait_until_idle(page)
    expect(page.get_by_text("2 of 3 runs are brushed")).to_be_visible()  # another run of the page keeps it
    page.get_by_role("button", name="Show all").click()
    expect(page.get_by_role("region", name=re.compile("^3 runs"))).to_be_visible()
    assert plot.evaluate("plot => plot.data[0].dimensions.every(each => each.constraintrange === undefined)")
