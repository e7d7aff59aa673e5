"""The tables on offer."""

import pandas as pd
import pytest

from dashboard.page_parts.your_tasks.examples import EXAMPLES, example_csv
from maml_engine.tables import guess_roles, read_sheet


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_the_same_each_time_and_guessed_as_they_are(name):
    sheet = read_sheet(example_csv(name))
    assert guess_roles(sheet) == EXAMPLES[name].roles
    example_csv.cache_clear()
    assert read_sheet(example_csv(name)).digest == sheet.digest
    counts = pd.Series(sheet.text(EXAMPLES[name].roles.task)).value_counts()
    assert len(counts) >= 30
    assert counts.min() >= 11
