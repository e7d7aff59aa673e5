"""Every number that comes with the app, computed anew: `make acceptance`."""

import pytest

from dashboard.engine_calls import first_numbers
from tests.dashboard.engine_calls.test_first_numbers import MADE_ANEW, assert_alike
from tools import first_numbers as maker

pytestmark = pytest.mark.acceptance


def test_all_are_what_the_engine_computes_today():
    made = maker.made()
    assert made.keys() == first_numbers.names(), MADE_ANEW
    for key, answer in made.items():
        assert_alike(answer, first_numbers.load(key))
