"""Charts that come together are painted one after the other: the first does not wait for the last."""

from tests.browser.waiting import wait_until_charts_stand

# When each chart was drawn for the first time, in frames since the page began.
FRAMES = """{
    window.drawnIn = new Map();
    let frame = 0;
    const look = () => {
        frame += 1;
        for (const chart of document.querySelectorAll('.js-plotly-plot:has(.main-svg)'))
            if (!window.drawnIn.has(chart)) window.drawnIn.set(chart, frame);
        requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
}"""


def test_each_chart_has_a_frame_of_its_own(app, browser):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_init_script(FRAMES)
    page = context.new_page()
    page.goto(f"{app}/gradients")
    page.locator(".js-plotly-plot").nth(9).wait_for()
    wait_until_charts_stand(page)
    frames = page.evaluate("[...window.drawnIn.values()]")
    assert len(frames) >= 10
    assert len(set(frames)) == len(frames)
    context.close()
