"""What a lesson is, and what it may be: plain values, refused in one sentence when they are made; JSON and back."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

KINDS = ("none", "number", "choice")
MAX_TITLE, MAX_TEXT, MAX_UNIT, MAX_CHOICE = 80, 300, 20, 60  # characters
FEWEST_CHOICES, MOST_CHOICES = 2, 6
MAX_NUMBER = 1e12  # in either direction
MAX_LINK = 20_000  # characters of a page's state
LIFETIME = timedelta(days=1)


@dataclass(frozen=True)
class Question:
    """What a class is asked.

    text: in the teacher's words; empty where nothing is asked.
    kind: of the answers, one of `KINDS`.
    unit: of a number, for the reader.
    low: the lowest number that is taken; None for any.
    high: the highest.
    choices: of which one is the answer.
    """

    text: str = ""
    kind: str = "none"
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"The kind of a question must be one of {', '.join(KINDS)}, got {_quoted(self.kind)}.")
        object.__setattr__(self, "text", _line("question", self.text, MAX_TEXT))
        if self.kind != "none" and not self.text:
            raise ValueError("Write the question that the class is to answer.")
        is_number, is_choice = self.kind == "number", self.kind == "choice"
        object.__setattr__(self, "unit", _line("unit", self.unit, MAX_UNIT) if is_number else "")
        for name in ("low", "high"):
            bound = getattr(self, name)
            object.__setattr__(self, name, _number(bound) if is_number and bound is not None else None)
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"The lowest answer must be below the highest, got {self.low:g} and {self.high:g}.")
        object.__setattr__(self, "choices", _choices(self.choices) if is_choice else ())

    def checked(self, answer: Any) -> float:
        """An answer as it is kept: a number, or the place of a choice, from 0.

        Raises:
          ValueError: it is none that this question takes; one sentence for who gave it.
        """
        if self.kind == "none":
            raise ValueError("This lesson asks nothing.")
        value = _number(answer)
        if self.kind == "choice" and value not in range(len(self.choices)):
            raise ValueError("Choose one of the answers that are given.")
        if (self.low is not None and value < self.low) or (self.high is not None and value > self.high):
            raise ValueError(f"The answer must be {self.spell_range()}, got {value:g}.")
        return value

    def spell(self, value: float) -> str:
        """An answer for the reader."""
        if self.kind == "choice":
            return self.choices[int(value)]
        return f"{value:.6g} {self.unit}".strip()

    def spell_range(self) -> str:
        """Which numbers are taken; empty where all are."""
        unit = f" {self.unit}" if self.unit else ""
        if self.low is not None and self.high is not None:
            return f"from {self.low:g} to {self.high:g}{unit}"
        if self.low is not None:
            return f"at least {self.low:g}{unit}"
        return "" if self.high is None else f"at most {self.high:g}{unit}"

    def takes_answers_of(self, other: "Question") -> bool:
        """Whether answers to `other` are answers to this: the words may differ, and what can be answered may not."""
        mine, theirs = ((each.kind, each.low, each.high, len(each.choices)) for each in (self, other))
        return mine == theirs


@dataclass(frozen=True)
class Lesson:
    """One picture for a whole class.

    id: in its link; cannot be guessed.
    title: in the teacher's words; may be empty.
    page: its address without a query string; "" is Home.
    link: the page's query string, key -> as it is spelt there: what every one of the class sees.
    open: the keys of that link which the class may change.
    question: what is asked now.
    number: how many questions were asked so far; answers belong to one of them.
    picture: how many pictures were shown so far.
    is_closed: whether answers are taken no more.
    shows_answers: whether the class sees how all have answered.
    ends: when it is gone, UTC.
    """

    id: str
    title: str = ""
    page: str = ""
    link: Mapping[str, Sequence[str]] = field(default_factory=dict)
    open: tuple[str, ...] = ()
    question: Question = field(default_factory=Question)
    number: int = 1
    picture: int = 1
    is_closed: bool = False
    shows_answers: bool = False
    ends: datetime = field(default_factory=lambda: datetime.now(UTC) + LIFETIME)

    def __post_init__(self):
        object.__setattr__(self, "title", _line("title", self.title, MAX_TITLE))
        object.__setattr__(self, "open", tuple(dict.fromkeys(self.open)))
        if len(json.dumps(dict(self.link))) > MAX_LINK:
            raise ValueError("What this page shows is too long for a lesson: take back some of the changes in its pictures.")

    def is_over(self, now: datetime | None = None) -> bool:
        """Whether its day has passed."""
        return (now or datetime.now(UTC)) >= self.ends

    def asks(self, question: Question) -> "Lesson":
        """The lesson with the next question, which nobody has answered yet."""
        return replace(self, question=question, number=self.number + 1, is_closed=False, shows_answers=False)

    def rewords(self, question: Question) -> "Lesson":
        """The lesson with its question in other words: the answers stay.

        Raises:
          ValueError: answers to the one are none to the other.
        """
        if not question.takes_answers_of(self.question):
            raise ValueError("What can be answered has changed, so the answers cannot be kept: ask it as the next question.")
        return replace(self, question=question)

    def shows(self, link: Mapping[str, Sequence[str]], open_keys: Sequence[str]) -> "Lesson":
        """The lesson with another picture."""
        return replace(self, link=link, open=tuple(open_keys), picture=self.picture + 1)

    def to_json(self) -> str:
        """All but the id."""
        content = asdict(self) | {"ends": self.ends.isoformat()}
        content.pop("id")
        return json.dumps(content, ensure_ascii=False)

    @classmethod
    def from_json(cls, lesson_id: str, content: str) -> "Lesson":
        """The inverse of `to_json`."""
        loose = json.loads(content)
        asked = loose.pop("question")
        question = Question(**asked | {"choices": tuple(asked["choices"])})
        ends = datetime.fromisoformat(loose.pop("ends"))
        return cls(lesson_id, **loose | {"open": tuple(loose["open"])}, question=question, ends=ends)


@dataclass(frozen=True)
class Tally:
    """How a class has answered, without who.

    counts: answer -> how many gave it, from the lowest.
    """

    counts: Mapping[float, int] = field(default_factory=dict)

    @property
    def answers(self) -> int:
        """How many there are."""
        return sum(self.counts.values())

    def median(self) -> float:
        """The middle answer, the mean of two where their number is even; NaN without answers."""
        middle = ((self.answers - 1) // 2, self.answers // 2)
        return (self._at(middle[0]) + self._at(middle[1])) / 2 if self.answers else math.nan

    def spell(self, question: Question) -> str:
        """All of them in words, for who does not see the picture."""
        if question.kind == "choice":
            return "; ".join(f"{choice}: {self.counts.get(place, 0)}" for place, choice in enumerate(question.choices))
        return f"{self.spell_count()}, the middle one {question.spell(self.median())}" if self.answers else "No answers yet"

    def spell_count(self) -> str:
        """How many have answered."""
        return f"{self.answers:,} answer{'' if self.answers == 1 else 's'} so far"

    def _at(self, place: int) -> float:
        for value in sorted(self.counts):
            place -= self.counts[value]
            if place < 0:
                return value
        raise IndexError(place)


def _number(value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("The answer must be a finite number.")
    if abs(number) > MAX_NUMBER:
        raise ValueError(f"The answer must be from {-MAX_NUMBER:g} to {MAX_NUMBER:g}.")
    return number + 0.0  # no negative zero


def _line(name: str, text: str, longest: int) -> str:
    """A teacher's words as one printable line."""
    line = " ".join("".join(character if character.isprintable() else " " for character in str(text)).split())
    if len(line) > longest:
        raise ValueError(f"The {name} must have at most {longest} characters, got {len(line)}.")
    return line


def _choices(given: Sequence[str]) -> tuple[str, ...]:
    choices = tuple(line for each in given if (line := _line("answer to choose", each, MAX_CHOICE)))
    if not FEWEST_CHOICES <= len(choices) <= MOST_CHOICES:
        raise ValueError(f"Give {FEWEST_CHOICES} to {MOST_CHOICES} answers to choose from, each on a line, got {len(choices)}.")
    if len(set(choices)) < len(choices):
        raise ValueError("Each answer to choose may stand there once only.")
    return choices


def _quoted(text: object) -> str:
    return repr(str(text)[:MAX_UNIT])
