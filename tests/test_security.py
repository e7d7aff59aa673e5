"""SECURITY.md is kept: each of its promises names a test that pytest collects."""

import ast
import re

import pytest

from tests.test_packaging import ROOT

ROW = re.compile(r"\| (?P<promise>[^|]+) \| `(?P<file>tests/(?:\w+/)*test_\w+\.py)::(?P<test>test_\w+)` \|")


def rows(text):
    """(promise, file, test) of each line of the table.

    Raises:
      ValueError: a line that is not of that form.
    """
    lines = text[text.index("|---|---|\n") + len("|---|---|\n") :].split("\n\n")[0].splitlines()
    found = [ROW.fullmatch(line) for line in lines]
    if not all(found):
        raise ValueError(f"No promise with its test: {[line for line, row in zip(lines, found, strict=True) if not row]}")
    return [(row["promise"], row["file"], row["test"]) for row in found]


def collected(source):
    """Names of the test functions of a module, those that are always skipped left out."""
    tree = ast.parse(source)
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and not any("mark.skip" in ast.unparse(mark) for mark in node.decorator_list):
            yield node.name


def test_every_promise_has_a_test_that_is_there():
    promises = rows((ROOT / "SECURITY.md").read_text())
    assert len(promises) >= 20
    missing = [
        f"{file}::{test}"
        for _, file, test in promises
        if not (ROOT / file).is_file() or test not in set(collected((ROOT / file).read_text()))
    ]
    assert not missing
    assert len({promise for promise, _, _ in promises}) == len(promises)


@pytest.mark.parametrize(
    "line",
    ["| Nobody can do harm |  |", "| Nobody can do harm | we looked |", "| Nobody can | `tests/test_x.py::helper` |", "| A |"],
)
def test_a_promise_without_a_test_is_noticed(line):
    with pytest.raises(ValueError, match="No promise with its test"):
        rows(f"| promise | test |\n|---|---|\n{line}\n\nMore.")


def test_what_is_skipped_or_no_test_keeps_no_promise():
    assert list(collected("@pytest.mark.skip\ndef test_a(): ...\ndef test_b(): ...\nclass Test:\n def test_c(self): ...")) == [
        "test_b"
    ]
