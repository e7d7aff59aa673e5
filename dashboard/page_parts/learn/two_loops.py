"""Both loops of MAML in one picture, drawn once; it takes the theme's colours and the width that there is."""

import streamlit as st

from dashboard.page_parts.learn.lesson import AFTER, BEFORE, OTHER, TRUTH

ALT = (
    "Both loops of MAML. Inner loop: from one start, theta, each of three tasks takes a few gradient steps by itself, on its "
    "own support points, and comes to adapted parameters, theta prime. Each is judged on its own query points. Outer loop: "
    "theta is moved so that the mean of these losses falls, and all begins again with new tasks."
)
ROWS = (54, 104, 154)  # where the tasks' lines are
START, END, JUDGED = (38, 104), 174, 226  # theta; x of the adapted parameters; x of the losses


def _task(number: int, y: int) -> str:
    """One task: its steps from theta, its adapted parameters, its loss."""
    (x0, y0), index = START, "₁₂₃"[number - 1]
    steps = [(x0 + (END - x0) * share, y0 + (y - y0) * (1 - (1 - share) ** 2)) for share in (0.0, 0.3, 0.53, 0.74, 0.93)]
    path = " ".join(f"{x:.1f},{at:.1f}" for x, at in steps)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{at:.1f}" r="2.6" fill="{AFTER}"/>' for x, at in steps[1:-1])
    return (
        f'<polyline points="{path}" fill="none" stroke="{AFTER}" stroke-width="2"/>{dots}'
        f'<circle cx="{END}" cy="{y}" r="14" fill="{AFTER}"/><text class="on" x="{END}" y="{y + 4}">θ′{index}</text>'
        f'<line x1="{END + 15}" x2="{JUDGED - 2}" y1="{y}" y2="{y}" stroke="{TRUTH}" stroke-width="1.5"/>'
        f'<text class="left" x="{JUDGED + 2}" y="{y - 3}">task {number}: loss on</text>'
        f'<text class="left" x="{JUDGED + 2}" y="{y + 11}">query points</text>'
    )


def svg() -> str:
    """The picture."""
    x, y = START
    tasks = "".join(_task(number, row) for number, row in enumerate(ROWS, 1))
    return f"""<svg class="loops" viewBox="0 4 316 214" role="img" aria-label="{ALT}">
<defs><marker id="tip" viewBox="0 0 8 8" refX="5" refY="4" markerWidth="5" markerHeight="5" orient="auto-start-reverse">
<path d="M0 0L8 4L0 8z" fill="{OTHER}"/></marker></defs>
<text class="name" x="{(x + END) / 2}" y="16">Inner loop: a few steps on</text>
<text class="name" x="{(x + END) / 2}" y="30">each task’s support points</text>
{tasks}
<circle cx="{x}" cy="{y}" r="19" fill="{BEFORE}"/><text class="on big" x="{x}" y="{y + 6}">θ</text>
<text x="{x}" y="{y - 27}">one start</text>
<path d="M{JUDGED + 44} 173 C {JUDGED + 34} 210, {x + 44} 210, {x + 5} {y + 25}" fill="none" stroke="{OTHER}" stroke-width="2.5"
 marker-end="url(#tip)"/>
<text class="name" x="158" y="214">Outer loop: move θ so that these losses fall</text>
</svg>"""


CSS = """
:host { display: block; }
.loops { display: block; width: 100%; max-width: 30rem; height: auto; margin: 0 auto; font-family: var(--st-font); }
.loops text { font-size: 12px; fill: var(--st-text-color); text-anchor: middle; }
.loops .left { text-anchor: start; }
.loops .on { fill: #ffffff; font-weight: 600; }
.loops .big { font-size: 18px; }
.loops .name { font-weight: 600; }
"""
_PICTURE = st.components.v2.component("two_loops", html=svg(), css=CSS)


def two_loops(key: str) -> None:
    """Shows the picture; `key`: one a page."""
    _PICTURE(key=key)
