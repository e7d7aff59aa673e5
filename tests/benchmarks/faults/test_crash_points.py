"""Saves that are killed, and that the disk refuses, at some of the calls that they make; all of them: `make faults`."""

import shutil
import sys

import pytest

from benchmarks.faults.crash_points import THINGS, measure

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or not (shutil.which("gcc") or shutil.which("cc")), reason="the shim needs Linux and a C compiler"
)
FAULTS = ["killed within the call", "ENOSPC from there on"]


def test_what_is_killed_or_refused_leaves_the_version_before_or_the_new_one():
    figures = list(measure(list(THINGS), FAULTS, cases=3))
    assert len(figures) == 4 * len(THINGS)
    for figure in figures:
        assert figure["cases"] >= 2
        assert figure["problems"] == {}, figure["what"]
