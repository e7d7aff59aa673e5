"""What pip-audit reports, as it came from version 2.9, and what is made of it."""

import json
import subprocess
from types import SimpleNamespace

import pytest

from tools import audit

SKIPPED = {"name": "jax", "skip_reason": "Dependency not found on PyPI and could not be audited: jax (0.10.2)"}
FINE = {"name": "numpy", "version": "2.4.6", "vulns": []}
HOLE = {"name": "jinja2", "version": "2.4.1", "vulns": [{"id": "PYSEC-2014-82", "fix_versions": ["2.7.3"], "aliases": []}]}


@pytest.mark.parametrize(
    "found, code, words",
    [
        ([FINE, SKIPPED], 0, "1 packages looked up, 0 known"),
        ([FINE, HOLE], 1, "jinja2 2.4.1: PYSEC-2014-82, mended in 2.7.3"),
        ([SKIPPED], 0, audit.AWAY),
        (None, 0, audit.AWAY),
    ],
)
def test_holes_fail_and_missing_data_are_said(monkeypatch, capsys, found, code, words):
    report = "" if found is None else json.dumps({"dependencies": found, "fixes": []})
    answer = SimpleNamespace(stdout=report, stderr="ConnectionError: no route\n", returncode=1)
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: answer)
    assert audit.main() == code
    assert words in capsys.readouterr().out
