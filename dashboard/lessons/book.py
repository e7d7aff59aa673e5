"""Lessons and their answers, kept beside the runs. Safe to call from any thread; every method may raise `LibraryAway`."""

import functools
import hashlib
import math
import re
import secrets
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from dashboard.lessons.model import Lesson, Tally
from dashboard.runs import library
from dashboard.runs.database import Database, LibraryAway
from dashboard.runs.tables import lesson_answers, lessons

__all__ = ["LessonBook", "LibraryAway", "Look", "Refused", "book"]

MAX_LESSONS, MAX_OWN = 200, 5  # at a time, in the whole library and of one browser
MAX_ANSWERS = 1000  # to one question
MAX_TEACHERS = 5  # browsers of one lesson
FRESH_SECONDS = 1.0  # for which what was read is believed: a class looks all at once
MAX_HELD = 512  # lessons that are believed so
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is mistaken for another one on a wall
_ID = re.compile(rf"[{LETTERS}]{{8}}")


class Refused(Exception):
    """What cannot be done, in one sentence for the person at the screen."""


@dataclass(frozen=True)
class Look:
    """What there is to see of a lesson.

    lesson: itself.
    tally: of the answers to its present question.
    teachers: digests of the browsers that may change it.
    """

    lesson: Lesson
    tally: Tally
    teachers: frozenset[str]


class LessonBook:
    """The lessons of a database."""

    def __init__(self, database: Database):
        """Opens nothing yet."""
        self._database, self._held, self._lock = database, {}, threading.Lock()
        self._waiting: list[_Waiting] = []
        self._writing = threading.Lock()

    def look(self, lesson_id: str) -> Look | None:
        """A lesson and how its class has answered, at most a second old; None where there is none, or its day has passed."""
        lesson_id = normal(lesson_id)
        with self._lock:
            until, held = self._held.get(lesson_id, (0.0, None))
        if held is None or time.monotonic() > until:
            held = self._read(lesson_id)
            if held is None:
                return None
            with self._lock:
                if len(self._held) >= MAX_HELD:
                    self._held.clear()
                self._held[lesson_id] = time.monotonic() + FRESH_SECONDS, held
        return None if held.lesson.is_over() else held

    def make(self, lesson: Lesson, teacher: str) -> tuple[Lesson, str]:
        """Keeps a new lesson.

        Args:
          lesson: without an id.
          teacher: digest of the teacher's browser.

        Returns:
          The lesson with its id, and the secret of the teacher's link.

        Raises:
          Refused: there are too many.
        """
        made, secret = replace(lesson, id="".join(secrets.choice(LETTERS) for _ in range(8))), new_secret()
        with self._database.writing() as connection:
            _forget_past(connection)
            every = connection.execute(select(lessons.c.teachers)).scalars().all()
            if len(every) >= MAX_LESSONS:
                raise Refused(f"This server holds {MAX_LESSONS} lessons already; each is gone a day after it was made.")
            if sum(teacher in teachers.split() for teachers in every) >= MAX_OWN:
                raise Refused(f"You have {MAX_OWN} lessons already: end one of them first, or wait until its day has passed.")
            connection.execute(
                insert(lessons).values(
                    id=made.id, secret=digest(secret), teachers=teacher, content=made.to_json(), ends=made.ends
                )
            )
        return made, secret

    def enrol(self, lesson_id: str, secret: str, teacher: str) -> bool:
        """Makes a browser the teacher's; whether the secret is this lesson's."""
        with self._database.writing() as connection:
            found = connection.execute(select(lessons).where(lessons.c.id == normal(lesson_id))).mappings().first()
            if found is None or not secrets.compare_digest(found["secret"], digest(secret)):
                return False
            teachers = [*(each for each in found["teachers"].split() if each != teacher), teacher][-MAX_TEACHERS:]
            connection.execute(update(lessons).where(lessons.c.id == found["id"]).values(teachers=" ".join(teachers)))
        self._forget(found["id"])
        return True

    def renew(self, lesson_id: str, teacher: str) -> str:
        """A new secret for the teacher's link; the old one is no good any more.

        Raises:
          Refused: the lesson is gone, or another's.
        """
        secret = new_secret()
        self._write(lesson_id, teacher, secret=digest(secret))
        return secret

    def change(self, lesson: Lesson, teacher: str) -> None:
        """Keeps a lesson as it is now.

        Raises:
          Refused: it is gone, or another's.
        """
        self._write(lesson.id, teacher, content=lesson.to_json())

    def end(self, lesson_id: str, teacher: str) -> None:
        """Forgets a lesson and its answers.

        Raises:
          Refused: it is gone, or another's.
        """
        with self._database.writing() as connection:
            _own(connection, lesson_id, teacher)
            _delete(connection, [normal(lesson_id)])
        self._forget(lesson_id)

    def clear(self, lesson: Lesson, teacher: str) -> None:
        """Forgets the answers to the present question.

        Raises:
          Refused: the lesson is gone, or another's.
        """
        with self._database.writing() as connection:
            _own(connection, lesson.id, teacher)
            connection.execute(delete(lesson_answers).where(_of(lesson)))
        self._forget(lesson.id)

    def answer(self, lesson: Lesson, browser: str, given: Any) -> float:
        """Keeps one browser's answer to the question that `lesson` asks, in place of an earlier one of its own.

        Args:
          lesson: as the browser shows it.
          browser: its digest.
          given: a number, or the place of a choice.

        Returns:
          The answer as it is kept.

        Raises:
          Refused: the lesson is over, it asks something else by now, or it takes no more answers.
          ValueError: it is no answer to the question.
        """
        mine = _Waiting(lesson, browser, given)
        with self._lock:
            self._waiting.append(mine)
        with self._writing:  # whoever is first writes for all that wait: a class of a hundred is few transactions
            if not mine.is_done:
                with self._lock:
                    every, self._waiting = self._waiting, []
                try:
                    with self._database.writing() as connection:
                        for each in every:
                            each.write(connection)
                except Exception as error:  # most often `LibraryAway`; nothing is kept of any of them
                    for each in every:
                        each.refused = error
                finally:
                    for each in every:
                        each.is_done = True
        if mine.refused:
            raise mine.refused
        return mine.value

    def mine(self, lesson: Lesson, browser: str) -> float | None:
        """What a browser has answered; None for nothing."""
        with self._database.reading() as connection:
            own = _of(lesson) & (lesson_answers.c.browser == browser)
            return connection.execute(select(lesson_answers.c.value).where(own)).scalar()

    def _read(self, lesson_id: str) -> Look | None:
        if not _ID.fullmatch(lesson_id):
            return None
        with self._database.reading() as connection:
            found = connection.execute(select(lessons).where(lessons.c.id == lesson_id)).mappings().first()
            if found is None:
                return None
            lesson = Lesson.from_json(lesson_id, found["content"])
            value = lesson_answers.c.value
            counted = connection.execute(select(value, func.count()).where(_of(lesson)).group_by(value).order_by(value))
            return Look(lesson, Tally(dict(counted.all())), frozenset(found["teachers"].split()))

    def _write(self, lesson_id: str, teacher: str, **values: Any) -> None:
        with self._database.writing() as connection:
            _own(connection, lesson_id, teacher)
            connection.execute(update(lessons).where(lessons.c.id == normal(lesson_id)).values(values))
        self._forget(lesson_id)

    def _forget(self, lesson_id: str) -> None:
        """What this process has just changed, it reads anew."""
        with self._lock:
            self._held.pop(normal(lesson_id), None)


class _Waiting:
    """One browser's answer, on its way into the library."""

    def __init__(self, lesson: Lesson, browser: str, given: Any):
        self._lesson, self._browser, self._given = lesson, browser, given
        self.value, self.is_done = math.nan, False
        self.refused: Exception | None = None

    def write(self, connection: Connection) -> None:
        """In a transaction that is others' too: what is refused is refused alone."""
        try:
            self.value = self._written(connection)
        except (Refused, ValueError) as error:
            self.refused = error

    def _written(self, connection: Connection) -> float:
        asked = self._lesson
        content = connection.execute(select(lessons.c.content).where(lessons.c.id == asked.id)).scalar()
        now = Lesson.from_json(asked.id, content) if content else None
        if now is None or now.is_over():
            raise Refused("The lesson is over.")
        if now.number != asked.number:
            raise Refused("Your teacher has gone on to the next question.")
        if now.is_closed:
            raise Refused("The question is closed: no more answers are taken.")
        value = now.question.checked(self._given)
        mine = _of(now) & (lesson_answers.c.browser == self._browser)
        if not connection.execute(update(lesson_answers).where(mine).values(value=value)).rowcount:
            if connection.execute(select(func.count()).where(_of(now))).scalar_one() >= MAX_ANSWERS:
                raise Refused(f"The question has {MAX_ANSWERS:,} answers already, and takes no more.")
            try:
                with connection.begin_nested():
                    row = {"lesson": now.id, "number": now.number, "browser": self._browser, "value": value}
                    connection.execute(insert(lesson_answers).values(row))
            except IntegrityError:  # the same browser at the same moment, by another process
                connection.execute(update(lesson_answers).where(mine).values(value=value))
        return value


@functools.cache
def book() -> LessonBook:
    """The process's lessons, in the library's database."""
    return LessonBook(library().database)


def normal(lesson_id: str) -> str:
    """An id as it is kept: who copies it from a wall may write it otherwise."""
    return lesson_id.strip().lower()


def new_secret() -> str:
    """For a teacher's link; it cannot be guessed."""
    return secrets.token_urlsafe(16)


def digest(secret: str) -> str:
    """What is kept of it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _of(lesson: Lesson) -> Any:
    return (lesson_answers.c.lesson == lesson.id) & (lesson_answers.c.number == lesson.number)


def _own(connection: Connection, lesson_id: str, teacher: str) -> None:
    """Refuses a stranger's lesson as one that there is not."""
    teachers = connection.execute(select(lessons.c.teachers).where(lessons.c.id == normal(lesson_id))).scalar()
    if teacher not in (teachers or "").split():
        raise Refused("This lesson is over, or it is not yours.")


def _forget_past(connection: Connection) -> None:
    _delete(connection, connection.execute(select(lessons.c.id).where(lessons.c.ends <= datetime.now(UTC))).scalars().all())


def _delete(connection: Connection, lesson_ids: Any) -> None:
    connection.execute(delete(lesson_answers).where(lesson_answers.c.lesson.in_(lesson_ids)))
    connection.execute(delete(lessons).where(lessons.c.id.in_(lesson_ids)))
