"""Hostile names in what is taken home."""

import csv
import io

import pytest

from benchmarks.faults.exports import CHECKS, NAMES
from maml_engine.io.write_csv import row_writer, table_csv


@pytest.mark.parametrize("export", CHECKS)
def test_a_name_is_text_wherever_it_is_taken(export):
    for name in NAMES[::2]:
        CHECKS[export](name)


def test_what_stands_behind_a_carriage_return_begins_no_row():
    content = table_csv({"name": ["\r=1+1", "a\rb"], "x": [1, 2]})
    assert content == b'name,x\n"\'\r=1+1",1\n"a\rb",2\n'
    assert len(list(csv.reader(io.StringIO(content.decode(), newline="")))) == 3
    file = io.StringIO()
    row_writer(file).writerow(["a", 1])
    assert file.getvalue() == "a,1\n"
