"""Who is next, by what each has had and since when each waits."""

from types import SimpleNamespace

import pytest

from dashboard.jobs.line import CREDIT, HALF_LIFE, Shares, in_order


def waiting(*owners, since=()):
    since = since or [0.0] * len(owners)
    return [
        SimpleNamespace(owner=owner, number=number, since=when)
        for number, (owner, when) in enumerate(zip(owners, since, strict=True))
    ]


def order(waits, had=None, seconds=10.0):
    found = in_order(waits, lambda each: each.owner, lambda owner: (had or {}).get(owner, 0.0), lambda each: seconds)
    assert sorted(each.number for each in found) == list(range(len(waits)))
    return "".join(f"{each.owner}{each.number}" for each in found)


def test_those_who_have_had_as_much_take_turns_in_the_order_in_which_they_came():
    assert order(waiting("a", "a", "a", "b", "b", "c")) == "a0b3c5a1b4a2"


def test_who_has_had_least_comes_first():
    assert order(waiting("a", "b", "c"), had={"a": 5.0, "b": 1.0}) == "c2b1a0"
    assert order(waiting("a", "b", "b"), had={"a": 15.0}) == "b1b2a0"


def test_nobody_waits_for_ever():
    """However many strangers come, each new to the place: who has had an hour is before those who come ten hours later."""
    late = 3600.0 / CREDIT
    assert order(waiting("a", "b", since=[0.0, late - 1]), had={"a": 3600.0}) == "b1a0"
    assert order(waiting("a", "b", since=[0.0, late + 1]), had={"a": 3600.0}) == "a0b1"


def test_what_was_had_is_forgotten_by_and_by():
    shares = Shares()
    shares.charge("a", 40.0, now=0.0)
    assert shares.of("a", 0.0) == 40.0
    assert shares.of("a", HALF_LIFE) == pytest.approx(20.0)
    shares.charge("a", 10.0, now=HALF_LIFE)
    assert shares.of("a", 2 * HALF_LIFE) == pytest.approx(15.0)
    assert shares.of("b", 5.0) == 0.0


def test_strangers_who_never_come_back_take_no_room():
    shares = Shares()
    for number in range(5000):
        shares.charge(str(number), 1.0, now=float(number * 100))
    assert len(shares._had) < 1200
    assert shares.of("4999", 499_900.0) == 1.0
