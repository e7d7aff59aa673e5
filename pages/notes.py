"""Notes: are the numbers right? A board of checks, each with what it allows, and the published tables beside ours."""

import streamlit as st

from dashboard.method_names import TUTORIAL
from dashboard.page_parts.notes import board, browser, published
from dashboard.widgets import page, session
from maml_engine.verification.board import CHECKS
from maml_engine.verification.published import CARDS
from maml_engine.verification.record import described, recorded

OWN = {"published_card": CARDS[0], session.CARD_JOB: "", session.CHECK_JOB: ""}

page.opening(
    "Are the numbers right?",
    "**Press “Run all”**: the engine's gradients are measured against closed forms, against differences of the loss and "
    f"against the code of {TUTORIAL}, here and now. Below, what papers print beside what is reached here.",
    name="notes",
)
st.button("Run all", type="primary", icon=":material/play_arrow:", key="run_all", on_click=board.start, args=tuple(CHECKS))
board.watch()
live = board.live_results()
results = board.last_results() | live
board.show_verdict(results, len(live))
for group in dict.fromkeys(check.group for check in CHECKS.values()):
    st.subheader(group, anchor=False)
    for check in CHECKS.values():
        if check.group == group:
            board.show_check(check, results.get(check.name), is_live=check.name in live)
browser.show()
st.caption(f"Last recorded run: {described(recorded('checks'))}")

st.subheader("Published tables beside ours", anchor=False)
rows = published.last_rows()
published.show_table(rows)
st.caption(
    f"Ours is the mean over {len(rows[0].seeds)} seeds, from the lowest to the highest, on {rows[0].num_tasks:,} tasks each; "
    "printed intervals are of 95 %. A card is reproduced where our mean is as low as the printed number, give or take its "
    "interval. Meta-SGD's table and the MAML beside it are on waves of varying frequency. Recorded by "
    f"{described(recorded('published'))}"
)
published.show_short_run()
page.equation(
    r"\text{error} \;=\; \frac{\lVert g - g^\ast \rVert}{\lVert g^\ast \rVert}, \qquad "
    r"g^\ast_{\text{MAML}} = (I - \alpha H)^K\, Q\,(\theta_K - c), \quad \theta_K = a + (I - \alpha H)^K (\theta - a)",
    "How most of the checks measure: the engine's gradient **g** beside **g\\***, the one that is known. On tasks whose losses "
    "are quadratic, with Hessians **H** and **Q** and minima **a** and **c** for support and query, it is known in closed form "
    "after **K** steps of size **α**.",
)
page.finish(OWN)
