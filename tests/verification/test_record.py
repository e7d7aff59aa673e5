"""A record says how it was made."""

import numpy as np
import pytest

from maml_engine.verification.board import CHECKS
from maml_engine.verification.record import described, provenance, recorded


def test_a_record_says_how_it_was_made():
    record = provenance("python -m maml_engine check --json")
    assert set(record) == {"command", "date", "versions", "machine"}
    assert record["command"] in described(record) and record["date"] in described(record)
    assert np.datetime64(record["date"]) <= np.datetime64("now") + np.timedelta64(1, "D")


def test_the_package_carries_the_last_run_of_every_check():
    record = recorded("checks")
    assert [row["name"] for row in record["results"]] == list(CHECKS)
    for row in record["results"]:
        assert row["tolerance"] == CHECKS[row["name"]].tolerance
        assert row["ok"] == (row["error"] <= row["tolerance"])


def test_a_record_that_is_missing_is_named():
    with pytest.raises(ValueError, match="last_nothing"):
        recorded("nothing")
