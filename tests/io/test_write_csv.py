"""What we write is opened in spreadsheets, where a stranger's text must not run; what is read again is as it was."""

import csv
import io

import pytest

from maml_engine.io.write_csv import escape_cell, unescape_cell

FORMULAS = ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x","y")', "-cmd|' /C calc'!A0", "\0=1"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_becomes_a_formula(text):
    written = io.StringIO()
    csv.writer(written).writerow([escape_cell(text), escape_cell("plain")])
    (first, plain), *_ = csv.reader(io.StringIO(written.getvalue(), newline=""))
    assert first[0] == "'" and plain == "plain"
    assert unescape_cell(escape_cell(text)) == text


@pytest.mark.parametrize("number", [-1.5, 2, "-1.5", "+3", "-1e-3"])
def test_numbers_keep_their_sign(number):
    assert float(escape_cell(number)) == float(number)
