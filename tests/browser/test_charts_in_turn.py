"""Charts that come together are painted one after the other, those in sight first: the first does not wait for the last."""

from dashboard.components import every_page
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


# Plotly's part in it: says what it is asked to draw, in which order.
PAGE = """<div class="plot" id="gone"></div><div class="plot" id="far" style="position:absolute;top:5000px">far</div>
<div class="plot" id="wrong">wrong</div><div class="plot" id="near">near</div><div class="plot" id="nearer">nearer</div>"""
ASKS = """async () => {
    const drawn = [];
    window.Plotly = {
        react: (plot) => {
            if (plot.id === 'wrong') throw new Error('cannot be drawn');
            drawn.push(plot.id);
            plot._fullLayout = {};
            return plot.id;
        },
    };
    const asked = [...document.querySelectorAll('.plot')].map((plot) => window.Plotly.react(plot));
    document.getElementById('gone').remove();
    const given = await Promise.allSettled(asked);
    window.Plotly.react(document.getElementById('near'));
    return [drawn, given.map(({ value, reason }) => value?.id ?? value ?? reason.message)];
}"""


def test_a_chart_out_of_sight_waits_for_those_in_sight(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_content(PAGE + every_page.CONTENT)
    drawn, given = page.evaluate(ASKS)
    assert drawn == ["near", "nearer", "far", "near"]  # what has gone is not drawn, and what stands is drawn anew at once
    assert given == ["gone", "far", "cannot be drawn", "near", "nearer"]  # whoever asks is answered, and by their own chart
    page.close()
