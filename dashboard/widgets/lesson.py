"""A lesson on a page: who opens its link sees what it keeps, may change what it leaves open, and answers its question.

The page's address says the picture, so what a class may not change is set right there before a widget is made, and hidden.
What a browser sends all the same gives way to what the widget began with.
"""

import contextlib
import json
import random
from collections.abc import Callable, Iterable

import streamlit as st
from streamlit.errors import StreamlitAPIException

from dashboard import escape
from dashboard.components import address
from dashboard.figures import lesson as figures
from dashboard.figures.plain import Figure
from dashboard.lessons import Lesson, Question, Tally
from dashboard.lessons.book import LibraryAway, Look, Refused, book
from dashboard.widgets import lesson_controls, links, session, visitor

GONE = "This lesson is over, or there never was one: a lesson is gone a day after it was made. The page is as it always is."
AS_PUPIL = "class"  # in place of a secret in the teacher's link
NOT_YOURS = "This is not the lesson's link for teachers: you see it as the class does."
POLL_SECONDS = 4.0  # and up to two more, so that a class does not ask all at once
CHART = {"displayModeBar": False, "responsive": True}


def browser() -> str:
    """What is kept of this browser."""
    return visitor.owner_of(visitor.browser())


def look() -> Look | None:
    """The lesson that the session is in; None where it is in none, or the library is away."""
    lesson_id = st.session_state.get(session.CLASS, "")
    try:
        return book().look(lesson_id) if lesson_id else None
    except LibraryAway:
        return None


def begin() -> None:
    """Before a page takes in its link: it is the lesson's, as far as the class may not change it."""
    state = st.session_state
    linked, secret = st.query_params.get(session.CLASS_KEY, ""), st.query_params.get(session.TEACHER_KEY, "")
    try:
        found = book().look(linked or state.get(session.CLASS, ""))
        if found and secret == AS_PUPIL:
            state[session.AS_CLASS] = True
        elif found and secret:
            if not book().enrol(found.lesson.id, secret, browser()):
                _say(NOT_YOURS)
            found = book().look(found.lesson.id)
    except LibraryAway as error:
        _say(escape.sentence(error))
        leave()
        return
    if found is None:
        _say(GONE)
        leave()
        return
    state[session.CLASS] = found.lesson.id
    if session.TEACHER_KEY in st.query_params:  # a lesson is shown on a wall: nobody shall read it there
        del st.query_params[session.TEACHER_KEY]
    if is_here(found.lesson):
        _come_to(found)
    else:
        address.fix({})


def _say(sentence: str) -> None:
    """For `page.answer_link`, which says it until a page has been shown to its end: the first run may be cut off."""
    st.session_state.setdefault(session.ANSWERS, {})[session.CLASS_KEY] = sentence


def is_here(lesson: Lesson) -> bool:
    """Whether the page that is shown is the lesson's."""
    return address.page(lesson.page) == lesson.page


def is_teacher(found: Look) -> bool:
    """Whether this browser may change the lesson, and does not look at it as the class does."""
    return browser() in found.teachers and not st.session_state.get(session.AS_CLASS, False)


def leave() -> None:
    """Out of the lesson, also as a callback: the page stays as it is, with all its controls."""
    state = st.session_state
    for key in (session.CLASS, session.CAME_TO, session.SETTLED, session.BEGAN, session.AS_CLASS):
        state.pop(key, None)
    address.fix({})
    for key in (session.CLASS_KEY, session.TEACHER_KEY):
        st.query_params.pop(key, None)


def reset() -> None:
    """A callback: what the class may change, as the lesson began."""
    for key, value in {**st.session_state[session.SETTLED], **st.session_state[session.BEGAN]}.items():
        st.session_state[key] = value


def _come_to(found: Look) -> None:
    """The address and what is remembered beside it say the lesson, once a visit; afterwards, what began settled stays so."""
    state, lesson = st.session_state, found.lesson
    open_keys = (*lesson_controls.OWN, *links.FIELDS) if is_teacher(found) else lesson.open
    fixed = {key: list(lesson.link.get(key, [""])) for key in lesson_controls.settled(open_keys)}
    address.fix({key: spelled[-1] for key, spelled in fixed.items()})
    came_to = (lesson.id, lesson.picture, address.visit(), is_teacher(found))
    if state.get(session.CAME_TO) == came_to:
        for key, value in state.get(session.SETTLED, {}).items():
            if key in state and state[key] != value:
                state[key] = value
        return
    was_here = state.get(session.CAME_TO, ("",))[0] == lesson.id
    state[session.CAME_TO] = came_to
    for key in (
        session.SETTLED,
        session.BEGAN,
        session.KEPT,
        session.HELD,
        session.JOB,
        links.LEARNER_KEY,
        session.LEARNER_WRITTEN,
    ):
        state.pop(key, None)
    there = {key: st.query_params.get_all(key) for key in st.query_params}
    mine = {key: spelled for key, spelled in there.items() if key in open_keys and not (is_teacher(found) and not was_here)}
    linked = {key: list(spelled) for key, spelled in lesson.link.items() if key not in mine}
    wanted = linked | mine | {session.CLASS_KEY: [lesson.id]}
    if there == wanted:
        return
    try:
        st.query_params.from_dict(wanted)
    except StreamlitAPIException:  # a widget of the page before still holds a name
        _open_anew(lesson)
        st.stop()
    st.rerun()


def remember(own: Iterable[str]) -> None:
    """After a page: what its controls have begun with; and the address names the lesson.

    Args:
      own: the page's own keys.
    """
    state, found = st.session_state, look()
    state[session.PAGE_KEYS] = tuple(own)
    if found is None or not is_here(found.lesson):
        return
    if session.SETTLED not in state:
        keys = [key for key in (*own, *state[session.SHOWN]) if key in state and not lesson_controls.is_free(key)]
        state[session.SETTLED] = {key: state[key] for key in keys if key in address.fixed()}
        state[session.BEGAN] = {key: state[key] for key in keys if key not in address.fixed()}
    if st.query_params.get(session.CLASS_KEY) != found.lesson.id:
        st.query_params[session.CLASS_KEY] = found.lesson.id


def show(teach: Callable[[Look], None]) -> None:
    """Below a page's title: the teacher's screen, or the question, and the way out.

    Args:
      teach: shows the teacher's screen.
    """
    found = look()
    if found is None:
        return
    if browser() in found.teachers:
        teach(found)
        if is_teacher(found):
            return
    with st.container(horizontal=True, vertical_alignment="center", key="lesson_banner", gap="small"):
        st.markdown(f":material/school: {spell_title(found.lesson)}", width="content")
        if not is_here(found.lesson):
            show_way_back(found.lesson)
        st.button("Leave the lesson", key="lesson_leave", type="tertiary", icon=":material/logout:", on_click=leave)
    if is_here(found.lesson):
        st.caption(_spell_open(found.lesson))
        st.html(lesson_controls.hiding(found.lesson.open))
        asks = bool(found.lesson.question.text)
        with st.container(border=True, key="lesson_question") if asks else contextlib.nullcontext():
            st.fragment(_ask, run_every=_poll_seconds())(found.lesson.id, found.lesson.picture)


def show_way_back(lesson: Lesson) -> None:
    """To the lesson's page."""
    path = f"pages/{lesson.page or 'home'}.py"
    name = (lesson.page or "home").replace("_", " ").capitalize()
    st.page_link(path, label=f"Back to it, on {name}", icon=":material/arrow_back:")


def spell_title(lesson: Lesson) -> str:
    """What a lesson is called, in Markdown."""
    return f"**Lesson: {escape.markdown(lesson.title)}**" if lesson.title else "**You are in a lesson**"


def _spell_open(lesson: Lesson) -> str:
    """What a class may change."""
    named = ", ".join(dict.fromkeys(f"**{lesson_controls.label(key)}**" for key in lesson.open))
    return f"You may change: {named}. All else stays as your teacher shows it." if named else "It is as your teacher shows it."


def address_of(lesson: Lesson) -> str:
    """The link that a class opens."""
    here, page = st.context.url or "", address.page(lesson.page)
    root = here.rstrip("/").removesuffix(f"/{page}") if page else here.rstrip("/")
    return f"{root}/{lesson.page}?{session.CLASS_KEY}={lesson.id}"


def figure_of(question: Question, tally: Tally) -> Figure:
    """How the class has answered."""
    if question.kind == "choice":
        return figures.choices_figure(tally.counts, question.choices)
    ends = {"low": question.low, "high": question.high}
    return figures.numbers_figure(tally.counts, unit=question.unit, median=tally.median(), **ends)


def _poll_seconds() -> float:
    return st.session_state.setdefault(session.POLL, POLL_SECONDS + 2 * random.random())


def _ask(lesson_id: str, picture: int) -> None:
    """The question and this browser's answer: asks now and then what the teacher has done."""
    found = look()
    if found is None or found.lesson.id != lesson_id:
        st.info(GONE, icon=":material/school:")
        return
    lesson, question = found.lesson, found.lesson.question
    if lesson.picture != picture:
        _open_anew(lesson)
        return
    if question.text:
        st.markdown(f"#### {escape.markdown(question.text)}")
    if question.kind == "none":
        return
    mine = _mine(lesson)
    if question.kind == "choice":
        _choose(lesson, mine)
    elif not lesson.is_closed:
        _fill_in(lesson, mine)
    if said := st.session_state.pop(session.SAID, ""):
        st.warning(escape.sentence(said), icon=":material/info:")
    st.caption(_standing(lesson, mine, found.tally))
    if lesson.shows_answers:
        st.plotly_chart(
            figure_of(question, found.tally).as_sent(), key="lesson_answers", config=CHART, alt=found.tally.spell(question)
        )


def _standing(lesson: Lesson, mine: float | None, tally: Tally) -> str:
    own = "" if mine is None else f":material/check: Your answer: **{escape.markdown(lesson.question.spell(mine))}**. "
    if lesson.is_closed:
        return f"{own}The question is closed, with {tally.answers:,} answer{'' if tally.answers == 1 else 's'}."
    change = "" if mine is None else "You can change it until your teacher closes the question. "
    return f"{own}{change}{tally.spell_count()}; no names are kept."


def _choose(lesson: Lesson, mine: float | None) -> None:
    choices = [escape.markdown(choice) for choice in lesson.question.choices]
    key = f"_lesson_answer_{lesson.id}_{lesson.number}"
    st.radio(
        "Your answer",
        range(len(choices)),
        index=None if mine is None else int(mine),
        format_func=choices.__getitem__,
        key=key,
        disabled=lesson.is_closed,
        on_change=_send,
        args=(lesson, key),
        label_visibility="collapsed",
    )


def _fill_in(lesson: Lesson, mine: float | None) -> None:
    question, key = lesson.question, f"_lesson_answer_{lesson.id}_{lesson.number}"
    spelled = question.spell_range() or question.unit
    row = st.form(f"_lesson_form_{lesson.id}_{lesson.number}", border=False)
    with row.container(horizontal=True, vertical_alignment="bottom"):
        st.number_input(
            escape.markdown(f"Your answer ({spelled})" if spelled else "Your answer"),
            value=mine,
            format="%.10g",
            step=0.1,
            key=key,
            width=260,
            placeholder="A number",
        )
        words = "Answer" if mine is None else "Change my answer"
        st.form_submit_button(words, type="primary", key="lesson_send", on_click=_send, args=(lesson, key))


def _send(lesson: Lesson, key: str) -> None:
    """A callback."""
    given = st.session_state.get(key)
    if given is None:
        st.session_state[session.SAID] = "Give a number first."
        return
    try:
        value = book().answer(lesson, browser(), given)
    except (Refused, ValueError, LibraryAway) as error:
        st.session_state[session.SAID] = str(error)
        return
    _answers()[lesson.id, lesson.number] = value


def _mine(lesson: Lesson) -> float | None:
    """This browser's answer, asked of the library once a question."""
    held, name = _answers(), (lesson.id, lesson.number)
    if name not in held:
        try:
            held[name] = book().mine(lesson, browser())
        except LibraryAway:
            return None
    return held[name]


def _answers() -> dict[tuple[str, int], float | None]:
    return st.session_state.setdefault(session.MY_ANSWERS, {})


def _open_anew(lesson: Lesson) -> None:
    """The teacher shows another picture: the browser opens it as it would the link."""
    there = json.dumps(address_of(lesson)).replace("<", "\\u003c")
    st.html(f"<script>window.location.replace({there});</script>", unsafe_allow_javascript=True)
