"""What a lesson may be, what a question takes for an answer, and JSON and back."""

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from dashboard.lessons.model import LIFETIME, Lesson, Question, Tally

NUMBER = Question("How large?", "number", unit="rad", low=0, high=3)
CHOICE = Question("Which?", "choice", choices=("MAML", "Reptile", "neither"))


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "essay"}, "one of none, number, choice"),
        ({"kind": "number"}, "Write the question"),
        ({"kind": "number", "text": " \n "}, "Write the question"),
        ({"kind": "number", "text": "a" * 301}, "at most 300 characters, got 301"),
        ({"kind": "number", "text": "a", "unit": "u" * 21}, "at most 20"),
        ({"kind": "number", "text": "a", "low": 2, "high": 2}, "below the highest, got 2 and 2"),
        ({"kind": "number", "text": "a", "low": math.inf}, "finite"),
        ({"kind": "choice", "text": "a", "choices": ("one", " ")}, "2 to 6 answers to choose from, each on a line, got 1"),
        ({"kind": "choice", "text": "a", "choices": tuple("abcdefg")}, "got 7"),
        ({"kind": "choice", "text": "a", "choices": ("same", "same ")}, "once only"),
        ({"kind": "choice", "text": "a", "choices": ("x" * 61, "y")}, "at most 60"),
    ],
)
def test_a_question_that_cannot_be_asked_is_refused_in_one_sentence(fields, said):
    with pytest.raises(ValueError, match=said) as refused:
        Question(**fields)
    assert str(refused.value).count(". ") == 0


def test_words_are_one_printable_line():
    assert Question("  How\nlarge\x00 is\tit? ", "number").text == "How large is it?"


@pytest.mark.parametrize(("given", "kept"), [(1, 1.0), ("2.5", 2.5), (0, 0.0), (3, 3.0), (-0.0, 0.0)])
def test_a_number_within_the_range_is_taken(given, kept):
    value = NUMBER.checked(given)
    assert value == kept and math.copysign(1, value) == 1


@pytest.mark.parametrize("given", [None, "", "abc", math.nan, math.inf, "1e999", -0.1, 3.1, [1], {}])
def test_any_other_answer_is_refused_in_one_sentence(given):
    with pytest.raises(ValueError, match=r"^The answer must be .*\.$"):
        NUMBER.checked(given)


def test_without_a_range_any_bounded_number_is_taken():
    assert Question("a", "number").checked(-1e12) == -1e12
    with pytest.raises(ValueError, match="1e"):
        Question("a", "number").checked(1.1e12)


@pytest.mark.parametrize("given", [-1, 3, 0.5, "MAML", None])
def test_a_choice_is_one_of_those_that_are_given(given):
    assert [CHOICE.checked(place) for place in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match=r"answer|finite"):
        CHOICE.checked(given)


def test_nothing_is_answered_where_nothing_is_asked():
    with pytest.raises(ValueError, match="asks nothing"):
        Question().checked(1)


def test_what_is_not_of_the_kind_is_dropped():
    assert Question("a", "choice", unit="m", low=1, choices=("x", "y")) == Question("a", "choice", choices=("x", "y"))
    assert Question("a", "number", choices=("x",)) == Question("a", "number")


def test_answers_are_spelt_for_the_reader():
    assert NUMBER.spell(0.1234567) == "0.123457 rad"
    assert CHOICE.spell(1.0) == "Reptile"
    assert NUMBER.spell_range() == "from 0 to 3 rad"
    assert Question("a", "number", low=1).spell_range() == "at least 1"
    assert Question("a", "number", high=1).spell_range() == "at most 1"
    assert Question("a", "number").spell_range() == ""


def test_json_and_back():
    lesson = Lesson("id", "Täglich", "adapt", {"task_seed": ["7"], "methods": ["a", "b"]}, ("task_seed",), CHOICE)
    lesson = replace(lesson, number=3, picture=2, is_closed=True, shows_answers=True)
    assert Lesson.from_json("id", lesson.to_json()) == lesson
    plain = Lesson("other")
    assert Lesson.from_json("other", plain.to_json()) == plain


def test_it_ends_after_a_day():
    lesson, now = Lesson("id"), datetime.now(UTC)
    assert not lesson.is_over(now + LIFETIME - timedelta(minutes=1))
    assert lesson.is_over(now + LIFETIME + timedelta(minutes=1))


def test_the_next_question_begins_without_answers_and_other_words_keep_them():
    lesson = replace(Lesson("id", question=NUMBER), is_closed=True, shows_answers=True)
    following = lesson.asks(CHOICE)
    assert (following.question, following.number) == (CHOICE, 2)
    assert not following.is_closed and not following.shows_answers
    reworded = lesson.rewords(replace(NUMBER, text="How large is it?", unit="radians"))
    assert (reworded.number, reworded.question.unit) == (1, "radians")
    for changed in (CHOICE, replace(NUMBER, high=4)):
        with pytest.raises(ValueError, match="ask it as the next question"):
            lesson.rewords(changed)


def test_a_page_s_state_is_bounded():
    with pytest.raises(ValueError, match="too long for a lesson"):
        Lesson("id", link={"adapt_bench": ["x" * 20_000]})


@pytest.mark.parametrize(
    ("counts", "median"), [({}, math.nan), ({2.0: 1}, 2), ({1.0: 1, 3.0: 1}, 2), ({1.0: 3, 9.0: 2}, 1), ({5.0: 2, 1.0: 1}, 5)]
)
def test_the_middle_answer(counts, median):
    tally = Tally(counts)
    assert tally.answers == sum(counts.values())
    assert tally.median() == pytest.approx(median, nan_ok=True)
