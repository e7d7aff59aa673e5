"""Hands on the sine bench, and what it says."""

from typing import NamedTuple

from tests.browser.waiting import middle, wait_for

BENCH = ".bench"
PYTHON_HAS_ANSWERED = """bench => {
    const cards = [...bench.querySelectorAll(".jax")];
    return cards.length > 0 && cards.every(said => /confirmed|computed|switched/.test(said.textContent));
}"""


def losses(page, label: str) -> tuple[float, float]:
    """Before and after, as the card of the learner says them."""
    return read_losses(card(page, label).locator(".loss").inner_text())


def read_losses(text: str) -> tuple[float, float]:
    before, after = (part.strip().replace(",", "") for part in text.split("→"))
    return float(before), float("inf") if after == "diverged" else float(after)


def card(page, label: str):
    return page.locator(f"{BENCH} .card").filter(has_text=label)


def wait_for_python(page) -> None:
    """Until every learner's number is confirmed, or computed, by the engine."""
    wait_for(lambda: page.locator(BENCH).evaluate(PYTHON_HAS_ANSWERED), page, "Python's word on every card")


def point(page, number: int):
    """A support point's handle, counted from 1."""
    return page.locator(f"{BENCH} .handle.point").nth(number - 1)


def drag(page, handle, right: float, down: float, moves: int = 8) -> None:
    """Takes a handle by the mouse and lets go elsewhere; pixels."""
    x, y = middle(handle)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + right, y + down, steps=moves)
    page.mouse.up()


class Speed(NamedTuple):
    """Milliseconds: of each frame's work, and from letting go to the engine's numbers, each time."""

    frames: list[float]
    answers: list[float]


def measure(page, drags: int, moves: int) -> Speed:
    """Drags the points to and fro; times are taken inside the page."""
    page.locator(BENCH).evaluate(
        """bench => {
            bench.times = {frames: [], answers: []}
            bench.addEventListener("frame", event => bench.times?.frames.push(event.detail.milliseconds))
            bench.addEventListener("pointerup", () => { bench.letGo = performance.now() })
            bench.addEventListener("confirmed", () => {
                if (bench.letGo) bench.times.answers.push(performance.now() - bench.letGo)
                bench.letGo = 0
            })
        }"""
    )
    for count in range(drags):
        far = 12 * (1 if count % 2 else -1)
        drag(page, point(page, count % 5 + 1), far, far, moves)
        page.wait_for_function("bench => bench.letGo === 0", arg=page.locator(BENCH).element_handle())
    return Speed(**page.locator(BENCH).evaluate("bench => bench.times"))


def percentile_95(times: list[float]) -> float:
    return sorted(times)[int(0.95 * (len(times) - 1))]
