"""What the tests wait for: what they mean, and never for a while. On a busy machine everything takes longer."""

PATIENCE = 120_000  # milliseconds after which something that was waited for will not come

# Runs in every page before its own scripts: when it last asked Python for something, and when Python last said something.
LISTENS = """{
    const heard = window.heard = {asked: 0, answered: 0};
    window.WebSocket = class extends WebSocket {
        constructor(...address) {
            super(...address);
            this.addEventListener("message", () => { heard.answered = performance.now() });
        }
        send(message) {
            heard.asked = performance.now();
            super.send(message);
        }
    };
}"""
# A change is on its way to Python for a moment before the page says that the script runs; what came last is drawn in 50 ms.
IDLE = """() => {
    const {testConnectionState, testScriptState} = document.querySelector('[data-testid="stApp"]')?.dataset ?? {};
    if (testConnectionState !== "CONNECTED" || testScriptState !== "notRunning") return false;
    if (document.querySelector('[data-testid="stSkeleton"]')) return false;
    const {asked, answered} = window.heard ?? {asked: 0, answered: 0};
    const now = performance.now();
    return now - answered >= 50 && (answered >= asked || now - asked > 5000);  // not everything has an answer
}"""
CHARTS_STAND = """() => [...document.querySelectorAll('[data-testid="stPlotlyChart"]')].filter(chart => chart.checkVisibility())
    .every(chart => chart.querySelector('.js-plotly-plot .main-svg'))"""
STANDS_STILL = """element => new Promise(done => {
    let [last, frames] = ["", 0];
    const look = () => {
        const {x, y, width, height} = element.getBoundingClientRect();
        const now = [x, y, width, height].join();
        frames = now === last ? frames + 1 : 0;
        last = now;
        frames < 5 ? requestAnimationFrame(look) : done();
    };
    look();
})"""


def new_context(browser, **options):
    """A visitor's own browser: the context, and a page in it that waits patiently."""
    context = browser.new_context(reduced_motion="reduce", **options)
    context.set_default_timeout(PATIENCE)
    context.add_init_script(LISTENS)
    return context, context.new_page()


def wait_until_idle(page, timeout: float = PATIENCE) -> None:
    """Until Python has answered all that the page has asked and nothing is a placeholder any more."""
    page.wait_for_function(IDLE, timeout=timeout)


def wait_until_charts_stand(page) -> None:
    """Until every chart that is to be seen is drawn: what stands below it has its place then."""
    page.wait_for_function(CHARTS_STAND)


def wait_until_it_fits(page, width: int) -> None:
    """Until nothing is wider than the window: charts take its width a moment after they are drawn."""
    wait_until_charts_stand(page)
    page.wait_for_function(
        "width => Math.max(document.documentElement.scrollWidth, document.querySelector('[data-testid=stMain]').scrollWidth)"
        " <= width",
        arg=width,
    )


def box_of(locator) -> dict[str, float]:
    """Where an element is, as soon as it stays there: `x`, `y`, `width`, `height`; pixels."""
    wait_until_charts_stand(locator.page)
    locator.scroll_into_view_if_needed()
    locator.evaluate(STANDS_STILL)
    return locator.bounding_box()


def middle(locator) -> tuple[float, float]:
    box = box_of(locator)
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def wait_for(read, page, what: str = ""):
    """What `read()` gives, as soon as it is anything but None, False or empty."""
    for _ in range(PATIENCE // 50):
        if found := read():
            return found
        page.wait_for_timeout(50)
    raise AssertionError(f"It did not come: {what}")
