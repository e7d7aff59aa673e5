"""The teacher's screen: how the class answers, as it does, and what is done with the lesson. Made to be thrown on a wall."""

import csv
import html
import io
from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from dashboard import escape
from dashboard.lessons import TEACHER_KEY, Lesson
from dashboard.lessons.book import LibraryAway, Look, Refused, book
from dashboard.widgets import lesson, session
from maml_engine.io.write_csv import escape_cell

POLL_SECONDS = 2.0
HERE_ALONE = ("localhost", "127.0.0.1", "[::1]")
LINK = """<style>
.lesson-link {{ font: 600 clamp(1.1rem, 2.6vw, 2.2rem)/1.25 "Source Code Pro", monospace; overflow-wrap: anywhere; margin: 0; }}
</style><p class="lesson-link">{}</p>"""


def show(found: Look) -> None:
    """All of it, or where the teacher looks at another page, or as the class does, the way back."""
    if st.session_state.get(session.AS_CLASS):
        st.caption(":material/visibility: You look at your lesson as the class does.")
        return
    now = found.lesson
    if not lesson.is_here(now):
        with st.container(horizontal=True, vertical_alignment="center", key="lesson_elsewhere"):
            st.markdown(f":material/school: {lesson.spell_title(now)}", width="content")
            lesson.show_way_back(now)
            _dialogs(now, "Show the class this page")
        return
    with st.container(border=True, key="lesson_teacher"):
        st.markdown(f":material/school: {lesson.spell_title(now) if now.title else '**Your lesson**'}")
        _show_link(now)
        st.fragment(_watch, run_every=POLL_SECONDS)()
        with st.container(horizontal=True, key="lesson_doing"):
            _dialogs(now, "Show this page")
            _links(now)
            _ending(now)


def _show_link(now: Lesson) -> None:
    link = lesson.address_of(now)
    st.html(LINK.format(html.escape(link)))
    if any(f"//{name}" in link for name in HERE_ALONE):
        st.caption(
            "Your class cannot open this address, which means each one's own machine: open this page by your machine's name or "
            "number in the network instead, and the link here follows."
        )


def _watch() -> None:
    """The question and its answers: asked anew every two seconds, which counts answers and reads no others' words."""
    found = lesson.look()
    if found is None:
        st.info(lesson.GONE, icon=":material/school:")
        return
    now, tally = found.lesson, found.tally
    if said := st.session_state.pop(session.SAID, ""):
        st.warning(escape.sentence(said), icon=":material/info:")
    if now.question.text:
        st.markdown(f"### {escape.markdown(now.question.text)}")
    if now.question.kind == "none":
        return
    state = " The question is closed." if now.is_closed else ""
    st.markdown(f"**{tally.spell_count()}.**{state}")
    st.plotly_chart(
        lesson.figure_of(now.question, tally).as_sent(),
        key="lesson_tally",
        config=lesson.CHART,
        alt=tally.spell(now.question),
    )
    with st.container(horizontal=True):
        label, icon = ("Open again", ":material/lock_open:") if now.is_closed else ("Close the question", ":material/lock:")
        st.button(label, icon=icon, key="lesson_close", type="primary", on_click=_change, args=("is_closed", not now.is_closed))
        label = "Hide the answers" if now.shows_answers else "Show the class the answers"
        shows = not now.shows_answers
        st.button(label, icon=":material/bar_chart:", key="lesson_show", on_click=_change, args=("shows_answers", shows))
        st.download_button(
            "Answers (CSV)", lambda: answers_csv(found), "answers.csv", "text/csv", key="lesson_csv", on_click="ignore"
        )


def answers_csv(found: Look) -> str:
    """Each answer and how many gave it."""
    content = io.StringIO()
    writer = csv.writer(content)
    question = found.lesson.question
    writer.writerow(["answer", "count"])
    for value, count in found.tally.counts.items():
        writer.writerow([escape_cell(question.choices[int(value)]) if question.kind == "choice" else f"{value:.10g}", count])
    return content.getvalue()


def _newest(now: Lesson) -> Lesson:
    """The lesson as it is by now, which another of the teacher's browsers may have changed."""
    return found.lesson if (found := lesson.look()) else now


@st.fragment
def _dialogs(now: Lesson, label: str) -> None:
    from dashboard.widgets import lesson_dialog

    with st.container(horizontal=True, width="content"):
        if lesson.is_here(now) and st.button("Next question", icon=":material/help:", key="lesson_next"):
            lesson_dialog.ask(_newest(now))
        if st.button(label, icon=":material/cast_for_education:", key="lesson_page"):
            lesson_dialog.show_page(_newest(now), st.session_state.get(session.PAGE_KEYS, ()))


def _links(now: Lesson) -> None:
    with st.popover("Links", icon=":material/link:", key="lesson_links"):
        st.markdown("For the class:")
        st.code(lesson.address_of(now), language=None, wrap_lines=True)
        as_pupil = f"{lesson.address_of(now)}&{TEACHER_KEY}={lesson.AS_PUPIL}"
        st.link_button("See it as the class does", as_pupil, icon=":material/visibility:")
        st.markdown("For you alone: it makes another browser the teacher's. This one is, as long as it keeps its cookies.")
        if secret := st.session_state.get(session.TEACHER_SECRET):
            st.code(f"{lesson.address_of(now)}&{TEACHER_KEY}={secret}", language=None, wrap_lines=True)
        else:
            st.button("Make a link for teachers", key="lesson_renew", on_click=_renew, args=(now.id,), help="Older ones end")


def _ending(now: Lesson) -> None:
    with st.popover("Reset", icon=":material/restart_alt:", key="lesson_reset"):
        st.markdown("What was answered cannot be brought back.")
        st.button("Forget the answers", key="lesson_clear", on_click=_clear, args=(now,))
        st.button("End the lesson", key="lesson_end", on_click=_end, args=(now.id,))


def _try(what: Callable[..., object], *arguments: object) -> bool:
    """Whether it was done; else it is said why not."""
    try:
        what(*arguments, lesson.browser())
    except (Refused, LibraryAway) as error:
        st.session_state[session.SAID] = str(error)
        return False
    return True


def _change(field: str, value: bool) -> None:
    """A callback."""
    if found := lesson.look():
        _try(book().change, replace(found.lesson, **{field: value}))


def _clear(now: Lesson) -> None:
    """A callback."""
    _try(book().clear, _newest(now))


def _end(lesson_id: str) -> None:
    """A callback."""
    if _try(book().end, lesson_id):
        lesson.leave()


def _renew(lesson_id: str) -> None:
    """A callback."""

    def renew(browser: str) -> None:
        st.session_state[session.TEACHER_SECRET] = book().renew(lesson_id, browser)

    _try(renew)
