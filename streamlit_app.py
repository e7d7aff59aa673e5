"""MAML Lab: the server, and what each of its visitors runs, the list of pages and the navigation."""

import streamlit as st
from starlette.middleware import Middleware

from dashboard.components import address, every_page
from dashboard.server import heap, start_up, web
from dashboard.server.document import EndsWith
from dashboard.server.script_share import ScriptShare
from dashboard.widgets import page, session
from dashboard.widgets.visitor import GivesCookie


def show() -> None:
    """The page that is chosen. Home stands without the engine, which may still be being imported; the others wait for it."""
    page.setup()
    chosen = st.navigation(
        {
            "Learn": [
                st.Page("pages/home.py", title="Home", icon=":material/home:", default=True),
                st.Page("pages/learn.py", title="Learn", icon=":material/school:", url_path="learn"),
                st.Page(
                    "pages/parameter_space.py", title="Parameter space", icon=":material/explore:", url_path="parameter_space"
                ),
                st.Page("pages/gradients.py", title="Gradients", icon=":material/north_east:", url_path="gradients"),
                st.Page("pages/pitfalls.py", title="Pitfalls", icon=":material/warning:", url_path="pitfalls"),
            ],
            "Lab": [
                st.Page("pages/train.py", title="Train", icon=":material/model_training:", url_path="train"),
                st.Page("pages/adapt.py", title="Adapt", icon=":material/tune:", url_path="adapt"),
                st.Page("pages/compare.py", title="Compare", icon=":material/compare_arrows:", url_path="compare"),
                st.Page("pages/characters.py", title="Characters", icon=":material/draw:", url_path="characters"),
                st.Page("pages/runs.py", title="Runs", icon=":material/history:", url_path="runs"),
            ],
            "Your data": [
                st.Page("pages/your_tasks.py", title="Your tasks", icon=":material/table_chart:", url_path="your_tasks"),
            ],
            "Are the numbers right?": [
                st.Page("pages/notes.py", title="Notes", icon=":material/fact_check:", url_path="notes"),
            ],
        }
    )
    page.name_tab(chosen.title)
    address.arrive(chosen.url_path)
    if chosen.url_path:
        start_up.wait()
    chosen.run()
    page.start_engine()  # the page is painted by now
    heap.settle()


if __name__ == "__main__":  # as each visitor runs it
    with st.session_state.setdefault(session.SCRIPT_SHARE, ScriptShare()).run():
        show()
else:  # as `streamlit run` imports it, once
    app = st.App(
        __file__,
        lifespan=start_up.lifespan,
        routes=web.ROUTES,
        middleware=[*web.MIDDLEWARE, Middleware(GivesCookie), Middleware(EndsWith, content=every_page.CONTENT)],
        on_script_error=page.say_lost_process,
    )
