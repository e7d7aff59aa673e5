"""When a measurement holds."""

import math

from maml_engine.verification.check import Check, CheckResult


def test_what_is_no_number_fails():
    assert not CheckResult("x", math.nan, 1.0, 0.1).ok
    assert not Check("x", "g", "t", "c.", 0.5, lambda: math.inf).run().ok
    assert Check("x", "g", "t", "c.", 0.5, lambda: 0.5).run().ok
