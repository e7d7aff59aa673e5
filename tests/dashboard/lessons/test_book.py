"""Lessons in a database: who may change them, what is counted, and what is not taken."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.lessons import book as books
from dashboard.lessons.book import LessonBook, Refused, _Waiting
from dashboard.lessons.model import Lesson, Question
from dashboard.runs.database import Database

TEACHER, STRANGER = "t" * 64, "s" * 64
NUMBER = Question("How large?", "number", low=0, high=10)


@pytest.fixture
def kept(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/runs.db")
    yield LessonBook(database)
    database.close()


@pytest.fixture
def lesson(kept):
    return kept.make(Lesson("", "Title", "adapt", {"task_seed": ["7"]}, ("adapt_shots",), NUMBER), TEACHER)[0]


def test_a_lesson_is_found_by_its_id_however_it_is_written(kept, lesson):
    assert kept.look(lesson.id).lesson == lesson
    assert kept.look(f" {lesson.id.upper()} ").lesson == lesson
    assert kept.look(lesson.id).teachers == {TEACHER}


@pytest.mark.parametrize(
    "unknown", ["", "abcdefgh", "'; DROP TABLE lessons; --", "x" * 10_000, "\x00", "ABCDEFG!", "１２３４５６７８"]
)
def test_an_unknown_id_is_nothing(kept, lesson, unknown):
    assert kept.look(unknown) is None


def test_answers_are_counted_one_a_browser(kept, lesson):
    assert kept.mine(lesson, "a") is None
    for browser, given in (("a", 3), ("b", 3), ("c", "4.5"), ("a", 1)):
        kept.answer(lesson, browser, given)
    assert kept.mine(lesson, "a") == 1
    kept._held.clear()
    assert kept.look(lesson.id).tally.counts == {1.0: 1, 3.0: 1, 4.5: 1}


def test_what_was_read_is_believed_for_a_second(kept, lesson, monkeypatch):
    assert kept.look(lesson.id).tally.answers == 0
    kept.answer(lesson, "a", 1)
    monkeypatch.setattr(kept, "_read", lambda lesson_id: pytest.fail("The database was asked again."))
    assert kept.look(lesson.id).tally.answers == 0
    monkeypatch.undo()
    clock = books.time.monotonic()
    monkeypatch.setattr(books.time, "monotonic", lambda: clock + books.FRESH_SECONDS + 0.1)
    assert kept.look(lesson.id).tally.answers == 1


def test_an_answer_that_cannot_be_kept_with_those_of_others_is_said_to_all_of_them(kept, lesson, monkeypatch):
    """Whoever is first writes for all that wait, and what it stumbles over is nobody's answer kept."""
    given = _Waiting(lesson, "b", 2)
    kept._waiting.append(given)
    monkeypatch.setattr(books.Lesson, "from_json", lambda lesson_id, content: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        kept.answer(lesson, "a", 1)
    assert given.is_done and isinstance(given.refused, ZeroDivisionError)
    monkeypatch.undo()
    assert kept.answer(lesson, "a", 1) == 1 and kept.mine(lesson, "b") is None


def test_what_is_no_answer_is_refused_and_nothing_is_kept(kept, lesson):
    for given in (11, "abc", float("nan"), None):
        with pytest.raises(ValueError):
            kept.answer(lesson, "a", given)
    assert kept.mine(lesson, "a") is None


def test_a_closed_question_and_one_that_has_passed_take_none(kept, lesson):
    kept.change(replace(lesson, is_closed=True), TEACHER)
    with pytest.raises(Refused, match="closed"):
        kept.answer(lesson, "a", 1)
    following = lesson.asks(Question("Which?", "choice", choices=("x", "y")))
    kept.change(following, TEACHER)
    with pytest.raises(Refused, match="next question"):
        kept.answer(lesson, "a", 1)
    kept.answer(following, "a", 1)
    assert kept.look(lesson.id).tally.counts == {1.0: 1}
    with pytest.raises(Refused, match="over"):
        kept.answer(replace(following, id="abcdefgh"), "a", 1)


def test_who_has_not_the_secret_changes_nothing(kept, lesson):
    for forbidden in (
        lambda: kept.change(replace(lesson, is_closed=True), STRANGER),
        lambda: kept.clear(lesson, STRANGER),
        lambda: kept.end(lesson.id, STRANGER),
        lambda: kept.renew(lesson.id, STRANGER),
    ):
        with pytest.raises(Refused, match="over, or it is not yours") as refused:
            forbidden()
        with pytest.raises(Refused) as unknown:
            kept.end("abcdefgh", STRANGER)
        assert str(refused.value) == str(unknown.value)
    assert kept.look(lesson.id).lesson == lesson


def test_the_secret_makes_another_browser_the_teacher_s(kept):
    made, secret = kept.make(Lesson("", question=NUMBER), TEACHER)
    assert not kept.enrol(made.id, "forged", STRANGER) and not kept.enrol("abcdefgh", secret, STRANGER)
    assert kept.look(made.id).teachers == {TEACHER}
    assert kept.enrol(made.id, secret, STRANGER)
    kept.change(replace(made, is_closed=True), STRANGER)
    assert kept.look(made.id).lesson.is_closed
    newer = kept.renew(made.id, TEACHER)
    assert not kept.enrol(made.id, secret, "u" * 64) and kept.enrol(made.id, newer, "u" * 64)


def test_secrets_are_not_kept(kept, tmp_path):
    _, secret = kept.make(Lesson("", question=NUMBER), TEACHER)
    assert all(secret.encode() not in file.read_bytes() for file in tmp_path.iterdir())


def test_answers_and_lessons_are_forgotten_when_that_is_asked(kept, lesson):
    kept.answer(lesson, "a", 1)
    kept.clear(lesson, TEACHER)
    assert kept.look(lesson.id).tally.answers == 0
    kept.end(lesson.id, TEACHER)
    assert kept.look(lesson.id) is None


def test_a_lesson_is_gone_after_its_day(kept, monkeypatch):
    past = datetime.now(UTC) - timedelta(seconds=1)
    over, _ = kept.make(Lesson("", question=NUMBER, ends=past), TEACHER)
    assert kept.look(over.id) is None
    with pytest.raises(Refused, match="over"):
        kept.answer(over, "a", 1)
    monkeypatch.setattr(books, "MAX_OWN", 1)
    kept.make(Lesson("", question=NUMBER), TEACHER)  # what is past does not count


def test_there_are_only_so_many(kept, lesson, monkeypatch):
    monkeypatch.setattr(books, "MAX_OWN", 1)
    with pytest.raises(Refused, match="You have 1 lessons"):
        kept.make(Lesson("", question=NUMBER), TEACHER)
    monkeypatch.setattr(books, "MAX_LESSONS", 1)
    with pytest.raises(Refused, match="holds 1 lessons"):
        kept.make(Lesson("", question=NUMBER), STRANGER)
    monkeypatch.setattr(books, "MAX_ANSWERS", 1)
    kept.answer(lesson, "a", 1)
    with pytest.raises(Refused, match="has 1 answers already"):
        kept.answer(lesson, "b", 1)
    kept.answer(lesson, "a", 2)  # its own may be changed


def test_a_class_that_answers_at_once_is_counted_whole(kept, lesson):
    threads = [threading.Thread(target=kept.answer, args=(lesson, f"{n % 20}", n % 7)) for n in range(40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept._held.clear()
    assert kept.look(lesson.id).tally.answers == 20
