"""Dates as people write them: one order for a column, and asked where its cells do not say which."""

import datetime
import random

import pytest

from maml_engine.io.readings.dates import DAY_FIRST, MONTH_FIRST, YEAR_FIRST, judge

EPOCH = datetime.date(1970, 1, 1)


def days(count, span):
    rng = random.Random(count + span)
    return [datetime.date(2023, 5, 3) + datetime.timedelta(days=rng.randrange(span)) for _ in range(count)]


@pytest.mark.parametrize("span", [60, 300, 700, 4000])
@pytest.mark.parametrize(
    ("spelling", "order"),
    [
        ("%y-%m-%d", YEAR_FIRST),
        ("%d-%m-%y", DAY_FIRST),
        ("%m/%d/%y", MONTH_FIRST),
        ("%Y-%m-%d", YEAR_FIRST),
        ("%d.%m.%Y", DAY_FIRST),
    ],
)
def test_the_year_is_where_few_values_are(spelling, order, span):
    own = days(40, span)
    found, others, values = judge([day.strftime(spelling) for day in own])
    assert (found, others) == (order, ())
    assert values.tolist() == [(day - EPOCH).days for day in own]


def test_a_few_dates_whose_year_may_stand_at_either_end_are_asked():
    found, others, _ = judge(["24-03-05", "24-07-11", "24-03-19", "24-11-23", "24-02-27"])
    assert {found, *others} == {DAY_FIRST, YEAR_FIRST}
    assert judge(["05-03-24", "11-07-24", "19-03-24", "23-11-24", "27-02-24"])[:2] == (DAY_FIRST, ())
