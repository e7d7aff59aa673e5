"""Every page on paper, and pictures that are saved: dark on white, nothing cut, whatever the theme.

A print leaves no time: what a page does when the browser says `beforeprint` is all that reaches the paper. So pages are
measured there, after the page's own doing and before anything that waits for a frame.
"""

import re

import pytest

from tests.browser.benches import wait_for_python
from tests.browser.waiting import wait_until_charts_stand

PAGES = ["/", *(f"/{name}" for name in ("learn", "parameter_space", "gradients", "pitfalls", "train", "adapt", "compare"))]
PAGES += ["/characters", "/runs", "/your_tasks", "/notes"]
SHEETS = {"A4": (210, 297), "Letter": (215.9, 279.4)}  # millimetres
EDGE = 10  # millimetres, as the style sheet says

# Notes in `window.paper` what a print would find. Elements inside of components are found through their shadow roots.
LISTEN = """() => {
    const all = (root, found = []) => {
        for (const element of root.querySelectorAll("*")) {
            found.push(element);
            if (element.shadowRoot) all(element.shadowRoot, found);
        }
        return found;
    };
    const luminance = colour => {
        const [r, g, b, a = 1] = (colour.match(/[\\d.]+/g) ?? [0, 0, 0]).map(Number);
        return a === 0 ? null : (0.2126 * r + 0.7152 * g + 0.0722 * b) / 255 * a + (1 - a);
    };
    const seen = element => element.checkVisibility({visibilityProperty: true, opacityProperty: true});
    const named = element => (element.className?.baseVal ?? element.className) || element.tagName;
    const measure = () => {
        const main = document.querySelector('[data-testid="stMainBlockContainer"]');
        const edge = main.getBoundingClientRect().right;
        const elements = all(main).filter(seen);
        const plots = elements.filter(element => element.matches(".js-plotly-plot"));
        const written = elements.filter(element =>
            [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
        const ground = ".heatmaplayer, .handle, .on, button";  // what is written on a colour of its own, or is gone on paper
        const pale = written.filter(element => {
            if (element.closest(ground) || element.textContent.trim().length === 1) return false;
            const style = getComputedStyle(element);
            const light = luminance(element instanceof SVGElement ? style.fill : style.color);
            return light !== null && light > 0.5;
        });
        return {
            width: main.clientWidth,
            sidebar: seen(document.querySelector('[data-testid="stSidebar"]')),
            pressed: elements.filter(element => element.matches('[data-testid="stBaseButton-primary"]')).length,
            charts: plots.length,
            cut: plots.filter(plot => {
                const place = plot.closest('[data-testid="stPlotlyChart"]').clientWidth;
                return Math.abs(plot.querySelector(".main-svg").getBoundingClientRect().width - place) > 1;
            }).length,
            over: [...plots, ...written].filter(element => element instanceof HTMLElement)
                .filter(element => element.getBoundingClientRect().right > edge + 2).map(named),
            pale: pale.map(element => `${named(element)}: ${element.textContent.trim().slice(0, 30)}`),
            closed: elements.filter(element => element.matches("details:not([open])"))
                .filter(details => details.querySelector('[data-testid="stExpanderDetails"] p'))
                .filter(details => !details.querySelector('[data-testid="stDataFrame"]')).length,
            tallest: Math.max(0, ...elements.filter(element => element.matches(".stPlotlyChart, .stBidiComponent, tr"))
                .map(element => element.getBoundingClientRect().height)),
            split: plots.filter(plot => !plot.closest('[data-testid="stPlotlyChart"]')
                || getComputedStyle(plot.closest('[data-testid="stPlotlyChart"]')).breakInside !== "avoid").length,
            off: [...document.querySelectorAll('.stBidiComponent *')].map(host => host.shadowRoot?.querySelector(".bench"))
                .filter(Boolean).flatMap(bench => {
                    const wave = bench.querySelector("path.truth"), matrix = wave.getScreenCTM();
                    const length = wave.getTotalLength();
                    const places = Array.from({length: 1500}, (_, i) =>
                        wave.getPointAtLength(length * i / 1499).matrixTransform(matrix));
                    return [...bench.querySelectorAll(".handle.point")].map(point => {
                        const {x, y, width, height} = point.getBoundingClientRect();
                        return Math.min(...places.map(at => Math.hypot(at.x - x - width / 2, at.y - y - height / 2)));
                    });
                }),
        };
    };
    window.addEventListener("beforeprint", () => { window.paper = measure(); });
}"""
SCREEN = (
    """() => [...document.querySelectorAll(".js-plotly-plot")].map(plot => [plot._fullLayout.width, plot._fullLayout.height])"""
)


def on_paper(page, sheet):
    """The printed pages as a PDF, and what the page looked like when the browser began to print."""
    if not page.evaluate("'listens' in window"):
        page.evaluate(f"() => {{ window.listens = true; ({LISTEN})(); }}")
    content = page.pdf(format=sheet)
    return content, page.evaluate("window.paper")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_whole_and_dark_on_white_on_paper(open_page, path):
    page = open_page(path, scheme="dark")
    wait_until_charts_stand(page)
    before = page.evaluate(SCREEN)
    for sheet, size in SHEETS.items():
        content, seen = on_paper(page, sheet)
        assert 1 <= len(re.findall(rb"/Type\s*/Page\b", content)) <= 12
        assert seen["charts"] == len(before) and seen["width"] == 860
        assert not seen["sidebar"] and not seen["pressed"]
        assert (seen["cut"], seen["split"], seen["closed"], seen["over"], seen["pale"]) == (0, 0, 0, [], [])
        assert seen["tallest"] <= 860 * (size[1] - 2 * EDGE) / (size[0] - 2 * EDGE)
        assert all(far < 2 for far in seen["off"])
    page.wait_for_function(f"before => JSON.stringify(({SCREEN})()) === JSON.stringify(before)", arg=before)
    assert page.evaluate("document.documentElement.className") == ""


@pytest.mark.parametrize("width", [390, 1920])
def test_points_stand_on_their_wave_from_any_screen(open_page, width):
    page = open_page("/", width=width)
    wait_for_python(page)
    _, seen = on_paper(page, "A4")
    assert len(seen["off"]) == 5 and max(seen["off"]) < 2
