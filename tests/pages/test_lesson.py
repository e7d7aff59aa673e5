"""A class: pupils see the lesson's picture and change what is open; a teacher sees the answers; no link breaks the page."""

from dataclasses import replace

import pytest

from dashboard.lessons import Lesson, Question, Tally
from dashboard.lessons.book import book
from dashboard.widgets import lesson_teacher
from tests.reading import as_read

QUESTION = Question("How *many* steps?", "number", unit="steps", low=0, high=20)
LINK = {"v": ["1"], "lesson": ["2"]}


@pytest.fixture(autouse=True)
def _fresh():
    """What one test has changed, the next one reads."""
    book()._held.clear()


@pytest.fixture
def made():
    """A lesson on the second step of Learn, and the secret of its teacher."""
    lesson, secret = book().make(Lesson("", "Few <b>steps</b>", "learn", LINK, ("learn_step",), QUESTION), "t" * 64)
    yield lesson, secret
    book().end(lesson.id, "t" * 64)


def said(page):
    return " ".join(each.value for kind in (page.info, page.markdown, page.caption, page.warning) for each in kind)


def test_a_pupil_sees_the_lesson_whatever_the_link_says(open_page, made):
    lesson, _ = made
    page = open_page("learn", **{"class": lesson.id.upper(), "lesson": "4", "learn_loops": "1,k7", "foo": "1"})
    assert page.session_state["lesson"] == 2
    assert dict(page.query_params) == {"v": "1", "lesson": "2", "class": lesson.id}
    assert r"Few \<b\>steps" in said(page) and r"How \*many\* steps?" in said(page)
    assert "Picture of step 2" in said(page)
    (steps,) = [each for each in page.get("button_group") if each.key == "lesson"]
    steps.set_value(5)  # as a browser could send that shows what is hidden
    page.run()
    assert not page.exception
    assert page.session_state["lesson"] == 2
    assert "lesson_make" not in {button.key for button in page.button}


def test_a_pupil_answers_and_changes_the_answer(open_page, made):
    lesson, _ = made
    page = open_page("learn", **{"class": lesson.id})
    (field,) = [each for each in page.number_input if each.key.startswith("_lesson_answer")]
    send = page.button(key="lesson_send")
    send.click().run()
    assert "Give a number first" in said(page)
    for given in (21.0, 4.0, 6.0):
        field = next(each for each in page.number_input if each.key.startswith("_lesson_answer"))
        field.set_value(given)
        page.button(key="lesson_send").click().run()
        assert not page.exception
        assert ("must be from 0 to 20 steps, got 21" in as_read(said(page))) == (given == 21)
    assert "**6 steps**" in said(page)
    book()._held.clear()
    assert book().look(lesson.id).tally.counts == {6.0: 1}
    book().change(replace(lesson, is_closed=True, shows_answers=True), "t" * 64)
    page.run()
    assert "The question is closed, with 1 answer." in said(page)
    assert len(page.get("plotly_chart")) >= 1


def test_who_comes_by_the_secret_is_the_teacher_and_the_address_does_not_show_it(open_page, made):
    lesson, secret = made
    page = open_page("learn", **{"class": lesson.id, "teacher": secret})
    assert "teacher" not in page.query_params
    keys = {button.key for button in page.button}
    assert {"lesson_close", "lesson_show", "lesson_make", "do_2"} <= keys
    page.button(key="lesson_close").click().run()
    assert not page.exception
    assert book().look(lesson.id).lesson.is_closed


def test_a_wrong_secret_makes_a_pupil(open_page, made):
    lesson, _ = made
    page = open_page("learn", **{"class": lesson.id, "teacher": "guessed"})
    assert "not the lesson's link for teachers" in said(page)
    assert "lesson_close" not in {button.key for button in page.button}


@pytest.mark.parametrize("unknown", ["abcdefgh", "<script>alert(1)</script>" * 100, ""])
def test_a_lesson_that_is_none_is_said_in_a_sentence_and_the_page_is_as_usual(open_page, unknown):
    page = open_page("learn", **{"class": unknown, "teacher": unknown, "lesson": "2"})
    assert "This lesson is over, or there never was one" in said(page)
    assert "class" not in page.query_params and "teacher" not in page.query_params
    assert page.session_state["lesson"] == 2
    assert "lesson_make" in {button.key for button in page.button}


def test_a_pupil_leaves(open_page, made):
    lesson, _ = made
    page = open_page("learn", **{"class": lesson.id})
    page.button(key="lesson_leave").click().run()
    assert not page.exception
    assert "class" not in page.query_params
    assert "lesson_make" in {button.key for button in page.button}
    assert page.session_state["lesson"] == 2


def test_answers_as_a_table(made):
    lesson, _ = made
    book().answer(lesson, "a", 3)
    book().answer(lesson, "b", 3)
    book()._held.clear()
    assert lesson_teacher.answers_csv(book().look(lesson.id)).split() == ["answer,count", "3,2"]
    choice = Question("Which?", "choice", choices=("=1+1", "b"))
    found = replace(book().look(lesson.id), lesson=replace(lesson, question=choice), tally=Tally({0.0: 1}))
    assert "\n=1" not in lesson_teacher.answers_csv(found)  # a spreadsheet reads no formula
    assert found.tally.spell(choice) == "=1+1: 1; b: 0"
