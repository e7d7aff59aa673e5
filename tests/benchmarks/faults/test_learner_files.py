"""Files of learners, changed in every way; at 2,000 places: `make faults`."""

import pytest

from benchmarks.faults.learner_files import SHIPPED, flipped, forged


@pytest.mark.parametrize("kind", SHIPPED)
def test_what_was_changed_is_refused_or_opens_as_it_was(kind):
    for figure in (flipped(kind, 10), *([forged(kind)] if kind == "waves" else [])):
        assert figure["tries"] > 20
        assert figure["refused"] > 0.4 * figure["tries"]
        assert figure["problems"] == {}, figure["what"]
