"""The frame of a page: it opens with a title and what to try, shows pictures, and ends with its link."""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

from dashboard import escape
from dashboard.components import address
from dashboard.server import home, start_up
from dashboard.widgets import session

if TYPE_CHECKING:
    from dashboard.figures.plain import Figure
    from maml_engine import Experiment

ICON = str(Path(__file__).with_name("icon.png"))
PICTURE_WIDTH = 900  # pixels, of a saved picture
PAINTED_SECONDS = 1.0  # from the end of a script until its last picture is drawn, on a machine that has just started


def setup() -> None:
    """The app's own configuration; before the navigation, whose Material symbols a browser would fetch for its tab."""
    st.set_page_config(page_icon=ICON, layout="wide", initial_sidebar_state="auto")


def name_tab(title: str) -> None:
    """Names the tab, and the visit in the browser's history, after the page that is shown."""
    st.set_page_config(page_title=f"{title} · MAML Lab")


def opening(title: str, try_this: str, name: str = "") -> None:
    """The title, one sentence that says what to try, if any, and what could not be read of the link. Comes first on a page.

    Args:
      title: of the page.
      try_this: what to try there.
      name: the page's file, where links of before spell some of its keys in another way (`session.RENAMED`).
    """
    _come_by_the_entrance()
    if _is_lesson():
        _lesson().begin()
    session.begin(name)
    st.title(title, anchor=False)
    if try_this and not address.settles():  # what is asked in a lesson, its teacher says
        st.markdown(try_this)
    st.session_state[session.PLACE] = st.container()
    answer_link(session.CLASS_KEY)
    if _is_lesson():
        _lesson().show(_teach)
    if home.trouble() and not st.session_state.get(session.TROUBLE_SAID):
        st.session_state[session.TROUBLE_SAID] = True
        st.toast(home.sentence(), icon=":material/folder_off:", duration="long")
    _say(st.session_state[session.NOTES])


def equation(latex: str, words: str) -> None:
    """The equation that a page shows, one click away, with its terms in words."""
    with st.expander("The equation", icon=":material/function:"):
        st.latex(latex)
        st.markdown(words)


_PICTURES_OF: ContextVar[str] = ContextVar("pictures_of", default="")


@contextlib.contextmanager
def pictures_of(words: str) -> Iterator[None]:
    """Every `chart` within is of this: what stands below it, in its description, and in what is saved of it.

    Args:
      words: plain text, as of `run_words`: a run's method, meta-iterations, step size, steps and seed.
    """
    before = _PICTURES_OF.set(words)
    try:
        yield
    finally:
        _PICTURES_OF.reset(before)


def chart(
    figure: "Figure", key: str, alt: str, *, shown: "Callable[[], Mapping[Any, Figure]] | None" = None, **how: Any
) -> None:
    """One figure, as wide as its place, and below it the way to save it, as a picture or its numbers, and what it is of.

    Args:
      figure: what is drawn.
      key: steady over reruns, so that the figure is updated and not made anew.
      alt: what somebody who does not see it should know.
      shown: where the browser switches what is shown, gives the figure of each choice: all are saved as numbers.
      how: further arguments of `st.plotly_chart`, for a figure that answers to clicks.
    """
    from dashboard.components.save_picture import save_picture

    height = figure.height or 450
    config = {
        "displaylogo": False,
        "responsive": True,
        "modeBarButtonsToRemove": ["toImage", "select2d", "lasso2d", "autoScale2d"],  # pictures are saved by the button below
    }
    words = _PICTURES_OF.get()
    if words:
        alt = f"{alt.rstrip(' .')}. Of {words}."
    with st.container(gap=None):
        st.plotly_chart(figure.as_sent(), width="stretch", key=key, config=config, alt=alt, **how)
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{key}_below_picture"):
            with st.popover("Save", icon=":material/download:", type="tertiary", key=f"{key}_save", help="Picture or numbers"):
                size = {"width": PICTURE_WIDTH, "height": height}
                save_picture(f"{key}_picture", key, f"maml-lab-{key}", caption=words, **size)
                st.download_button(
                    "Numbers (CSV)",
                    lambda: _figures_csv(shown() if shown else {"": figure}),
                    f"maml-lab-{key}.csv",
                    "text/csv",
                    key=f"{key}_csv",
                    on_click="ignore",
                )
            if words:
                st.caption(escape.markdown(words))


def code(experiment: "Experiment", key: str) -> None:
    """The buttons that give a run as code which needs `maml_engine` alone."""
    for label, make, ending, kind in (
        ("Python script", "script", "py", "text/x-python"),
        ("Notebook", "notebook", "ipynb", "application/x-ipynb+json"),
    ):
        st.download_button(
            label,
            lambda make=make: _as_code(make, experiment),
            f"maml-lab-{experiment.digest[:8]}.{ending}",
            kind,
            icon=":material/code:",
            key=f"{key}_{make}",
            on_click="ignore",
        )


def finish(own: Mapping[str, Any] | None = None) -> None:
    """The link and the way back to the defaults, in the sidebar. Comes last on a page.

    Args:
      own: the page's own widgets that are bound to the link: key -> default.
    """
    start_up.wait()  # the page is painted by now
    from dashboard.components.copy_link import copy_link
    from dashboard.widgets import controls, links

    own = own or {}
    st.session_state.pop(session.ANSWERS, None)
    if _is_lesson():
        _lesson().remember(own)
    _say_what_was_refused(own)
    controls.keep_in_link(own)
    strange = [name for name in st.session_state[session.STRANGE] if name not in st.session_state and name not in own]
    st.session_state[session.STRANGE] = strange  # what this page knows is strange on no later one
    with st.sidebar.container(horizontal=True):
        copy_link("_copy_link", {links.VERSION_KEY: str(links.VERSION)}, strange)
        settles = address.settles()
        if not settles:
            _offer_lesson(own)
        if st.session_state[session.SHOWN] and session.VALID in st.session_state and not settles:
            with st.popover("Code", icon=":material/code:"):
                st.markdown("The run that the sidebar describes, as code that needs `maml_engine` alone:")
                code(st.session_state[session.VALID], "_code")
        reset = _lesson().reset if settles else partial(controls.reset, own)
        st.button("Reset", icon=":material/restart_alt:", key="_reset", on_click=reset)
    if strange:
        st.info(links.unknown_note(strange), icon=":material/link:")


def _is_lesson() -> bool:
    """Whether the session is in a lesson, or comes by the link of one."""
    return session.CLASS_KEY in st.query_params or session.CLASS in st.session_state


def _lesson() -> Any:
    """What shows a lesson: with a database, which a first picture waits for only where there is one."""
    from dashboard.widgets import lesson

    return lesson


def _teach(found: Any) -> None:
    """The teacher's screen."""
    from dashboard.widgets import lesson_teacher

    lesson_teacher.show(found)


def _offer_lesson(own: Iterable[str]) -> None:
    """The button that makes a lesson of the page."""
    if st.button("Lesson", icon=":material/school:", key="lesson_make", help="Show a class this page, and ask it something"):
        from dashboard.widgets import lesson_dialog

        lesson_dialog.make(own)


def answer_link(name: str, sentence: str = "") -> None:
    """Says that what the link names is not here, until a run of the page has come to its end: the first may be cut off.

    Args:
      name: the key in the link.
      sentence: what to say; "" says again what was said in a run that was cut off.
    """
    answers = st.session_state.setdefault(session.ANSWERS, {})
    if sentence:
        answers[name] = sentence
    if name in answers:
        st.info(answers[name], icon=":material/link:")


def _say(notes: Iterable[str]) -> None:
    """Sentences about the link, below the title."""
    for note in notes:
        st.session_state[session.PLACE].info(note, icon=":material/link:")


def _say_what_was_refused(own: Mapping[str, Any]) -> None:
    """Widgets take what is in the address or, without a word, their default; once a link, this is the word."""
    from dashboard.widgets import links

    came_by = st.session_state.pop(session.CAME_BY, {})
    # A default of "" is that of a text which the page reads itself.
    kept = {name: default for name, default in own.items() if default != "" and st.session_state.get(name) == default}
    refused = [name for name in kept if name in came_by and not links.same(came_by[name], kept[name])]
    notes = [links.refused_note(name, came_by[name], kept[name]) for name in refused]
    _say(notes)
    st.session_state[session.NOTES] = [*st.session_state[session.NOTES], *notes]


def _figures_csv(figures: "Mapping[Any, Figure]") -> str:
    from dashboard.downloads import files  # where something is saved: a first picture need not wait for the engine

    return files.figures_csv(figures)


def _as_code(make: str, experiment: "Experiment") -> str:
    from dashboard.downloads import code  # as above

    return getattr(code, make)(experiment)


def _come_by_the_entrance() -> None:
    """Runs `streamlit_app.py` where Streamlit has run a page by itself, as its own tests (`AppTest`) begin.

    Until some session has called `st.navigation`, Streamlit takes the folder `pages` for its older kind of navigation; the
    server is told otherwise as it starts (`start_up.lifespan`).
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()


def say_lost_process(error: Exception) -> bool:
    """Says in its one sentence that a process of the engine's was lost, in the page, the fragment or the callback that asked.

    Returns:
      Whether it was that; any other error is Streamlit's to show.
    """
    if not _has_engine():
        return False
    from dashboard.jobs import EngineLost

    if is_lost := isinstance(error, EngineLost):
        st.error(escape.sentence(error), icon=":material/memory:")
    return is_lost


def start_engine() -> None:
    """Starts the engine's process where the engine is loaded: not before a page's picture, for which all is at hand."""
    if _has_engine():
        from dashboard.jobs import POOL

        if not POOL.has_started:
            once_painted(POOL.start)


def once_painted(function: Callable[..., object], *args: Any) -> None:
    """Calls it when the browser has probably drawn what it was sent; on few cores, what begins earlier delays the picture.

    Args:
      function: it must not call Streamlit.
      args: its arguments.
    """
    timer = threading.Timer(PAINTED_SECONDS, function, args)
    timer.daemon = True
    timer.start()


def _has_engine() -> bool:
    """Whether the engine is loaded, or being loaded; it is not imported here, since pages stand before."""
    return "dashboard.jobs" in sys.modules
