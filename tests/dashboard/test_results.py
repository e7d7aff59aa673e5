"""Numbers for reading."""

import re

import numpy as np
import pytest

from dashboard.results import spell_angle, spell_norm
from tests.test_packaging import ROOT

# `{angle:.0f}°` in Python and JavaScript, and degrees in words.
SPELLS_AN_ANGLE = re.compile(r"\}(°| degrees)")
MAY_SPELL_ONE = {
    "dashboard/results.py",
    "dashboard/components/parameter_plane/announce.js",
    "dashboard/page_parts/learn/in_the_plane.py",  # beside a bound, in one digit more
    "dashboard/page_parts/learn/on_the_network.py",
}
OF_PLOTLYS = re.compile(r"%\{[xyz][^}]*\}°")  # which leaves out what is no number by itself


@pytest.mark.parametrize(
    ("degrees", "spelled"),
    [(0.0, "0°"), (1e-8, "0°"), (4.25, "4.2°"), (9.96, "10°"), (38.4, "38°"), (180.0, "180°"), (np.nan, "–"), (np.inf, "–")],
)
def test_angles_are_spelled_shortly_and_what_has_none_is_a_dash(degrees, spelled):
    assert spell_angle(degrees) == spelled


def test_a_length_that_overflowed_is_a_dash():
    assert [spell_norm(norm) for norm in (0.01234, 1e9, np.inf, np.nan)] == ["0.0123", "1e+09", "–", "–"]


def test_angles_are_spelled_in_one_place():
    """So that an angle that there is none of, a NaN, is a dash wherever one is shown."""
    sources = [path for folder in ("dashboard", "pages") for end in ("py", "js") for path in (ROOT / folder).rglob(f"*.{end}")]
    sources = [path for path in sources if "node_modules" not in path.parts]
    found = {
        str(path.relative_to(ROOT))
        for path in sources
        if SPELLS_AN_ANGLE.search(OF_PLOTLYS.sub("", path.read_text(encoding="utf-8")))
    }
    assert len(sources) > 100
    assert found == MAY_SPELL_ONE
