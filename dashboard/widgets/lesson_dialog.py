"""Where a teacher makes a lesson of a page, asks its next question, and says what its class may change."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import streamlit as st

from dashboard import escape
from dashboard.components import address
from dashboard.lessons import Lesson, Question
from dashboard.lessons.book import LibraryAway, Refused, book
from dashboard.lessons.model import MAX_CHOICE, MAX_TEXT, MAX_TITLE, MAX_UNIT, MOST_CHOICES
from dashboard.widgets import lesson, lesson_controls, session

KINDS = {"number": "A number", "choice": "One of several", "none": "Nothing"}


@st.dialog("Make a lesson", width="medium", icon=":material/school:")
def make(own: Iterable[str]) -> None:
    """A lesson of the page as it is shown.

    Args:
      own: the page's own keys.
    """
    st.markdown(
        "Whoever opens the lesson's link sees **this page as you see it now**, changes only what you choose, and answers your "
        "question; you see all answers together. No accounts, no names; a lesson is gone after a day."
    )
    title = st.text_input("Title", key="lesson_title", max_chars=MAX_TITLE, placeholder="As the class reads it; may be empty")
    open_keys = _choose_open(own, lesson_controls.offered(own), [])
    question = _question_fields("lesson_new", Question(), "number")

    def keep() -> None:
        shown = Lesson("", title, address.page(), shown_link(), tuple(open_keys), question())
        made, secret = book().make(shown, lesson.browser())
        _enter(made, secret)

    _finish("Make the lesson", "lesson_made", keep)


@st.dialog("The next question", width="medium", icon=":material/help:")
def ask(now: Lesson) -> None:
    """What the class is asked next; or the present question in other words."""
    question = _question_fields(f"lesson_next_{now.number}", now.question, now.question.kind)
    with st.container(horizontal=True):
        _finish("Ask it", "lesson_asked", lambda: book().change(now.asks(question()), lesson.browser()))
        if now.question.kind != "none":
            words = "Only change the words: the answers stay, and what can be answered is as it was."
            keep = lambda: book().change(now.rewords(question()), lesson.browser())  # noqa: E731
            _finish("Change the words", "lesson_reworded", keep, is_first=False, help=words)


@st.dialog("Show the class this page", width="medium", icon=":material/cast_for_education:")
def show_page(now: Lesson, own: Iterable[str]) -> None:
    """The page as it is shown is the lesson's from now on.

    Args:
      now: the lesson.
      own: the page's own keys.
    """
    st.markdown("The class sees **this page as you see it now**, within some seconds; question and answers stay.")
    title = st.text_input("Title", now.title, key="lesson_title_now", max_chars=MAX_TITLE)
    offered = lesson_controls.offered(own)
    open_keys = _choose_open(own, offered, [key for key in now.open if key in offered])

    def keep() -> None:
        shown = replace(now.shows(shown_link(), open_keys), title=title, page=address.page())
        book().change(shown, lesson.browser())
        _stay(shown)

    _finish("Show it", "lesson_shown", keep)


def shown_link() -> dict[str, list[str]]:
    """What the page's address says of its picture."""
    there = {key: st.query_params.get_all(key) for key in st.query_params}
    return {key: spelled for key, spelled in there.items() if key not in (session.CLASS_KEY, session.TEACHER_KEY)}


def _enter(made: Lesson, secret: str) -> None:
    """The session is its teacher's from now on, on the page as it is."""
    st.session_state[session.CLASS] = made.id
    st.session_state[session.TEACHER_SECRET] = secret
    _stay(made)


def _stay(shown: Lesson) -> None:
    """The page is the lesson's as it is: nothing in the address need be set right."""
    st.session_state[session.CAME_TO] = (shown.id, shown.picture, address.visit(), True)
    st.session_state.pop(session.SETTLED, None)
    st.query_params[session.CLASS_KEY] = shown.id


def _choose_open(own: Iterable[str], offered: Iterable[str], chosen: Iterable[str]) -> list[str]:
    """What the class may change, out of what is offered."""
    offered = list(dict.fromkeys(offered))
    return st.pills(
        "The class may change",
        offered,
        selection_mode="multi",
        default=list(chosen),
        format_func=lesson_controls.label,
        key=f"lesson_open_{next(iter(own), '')}",
        wrap=True,
        help="What you do not choose stays as it is, and is hidden from the class.",
    )


def _question_fields(key: str, now: Question, kind: str) -> Callable[[], Question]:
    """The fields of a question; what is given back makes it, or refuses in one sentence."""
    kind = st.segmented_control(
        "The class answers with",
        list(KINDS),
        default=kind,
        format_func=KINDS.__getitem__,
        key=f"{key}_kind",
        required=True,
        wrap=True,
    )
    label = "Question" if kind != "none" else "Words to the class"
    hint = "Before you drag: where will the loss be lowest?" if kind != "none" else "What to try; may be empty"
    text = st.text_area(label, now.text, key=f"{key}_text", max_chars=MAX_TEXT, height=80, placeholder=hint)
    unit, low, high, choices = "", None, None, ()
    if kind == "number":
        with st.container(horizontal=True, vertical_alignment="bottom"):
            unit = st.text_input("Unit", now.unit, key=f"{key}_unit", max_chars=MAX_UNIT, width=120, placeholder="none")
            low = st.number_input("Lowest", value=now.low, key=f"{key}_low", format="%.6g", width=150, placeholder="any")
            high = st.number_input("Highest", value=now.high, key=f"{key}_high", format="%.6g", width=150, placeholder="any")
    if kind == "choice":
        lines = st.text_area(
            f"Answers to choose from, one a line, at most {MOST_CHOICES} of {MAX_CHOICE} characters",
            "\n".join(now.choices),
            key=f"{key}_choices",
            height=140,
            placeholder="MAML\nReptile\nBoth alike",
        )
        choices = tuple(lines.splitlines())
    return lambda: Question(text, kind, unit, low, high, choices)


def _finish(label: str, key: str, keep: Callable[[], None], *, is_first: bool = True, help: str | None = None) -> None:
    """The button that does it; what cannot be is said in one sentence, and the dialog stays.

    Args:
      label: of the button.
      key: of the button.
      keep: what it does.
      is_first: whether it is what the dialog is for.
      help: what else to say of it.
    """
    if st.button(label, type="primary" if is_first else "secondary", key=key, help=help):
        try:
            keep()
        except (Refused, ValueError, LibraryAway) as error:
            st.error(escape.sentence(error), icon=":material/error:")
        else:
            st.rerun()
