"""Bad inputs by number; 20,000 of them: `make faults`."""

import pytest

from benchmarks.faults.bad_inputs import tried


@pytest.mark.parametrize(("kind", "count"), [("links", 300), ("tables", 20), ("pictures", 60), ("learners", 40), ("runs", 150)])
def test_of_bad_inputs_only_sentences_come(kind, count):
    figure = tried(kind, count)
    assert figure["tries"] == count
    assert figure["problems"] == {}
    assert figure["refused"] == 0 if kind == "links" else figure["refused"] > 0.1 * count
