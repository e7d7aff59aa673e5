"""Figures are drawn from numbers: no module of theirs reaches streamlit, however many imports away."""

import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard import figures
from tests.test_packaging import ROOT, imports_of

MODULES = [module.name for module in pkgutil.walk_packages(figures.__path__, "dashboard.figures.")]
OURS = ("dashboard", "maml_engine", "pages")

BLOCKED = """
import importlib, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "streamlit":
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocked())
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def file_of(name: str) -> Path | None:
    """The file of a module of ours, by the longest part of a dotted name that is one."""
    while name.partition(".")[0] in OURS:
        path = ROOT.joinpath(*name.split("."))
        for candidate in (path.with_suffix(".py"), path / "__init__.py"):
            if candidate.is_file():
                return candidate
        name = name.rpartition(".")[0]
    return None


def chain_to(package: str, module: str) -> list[str] | None:
    """Modules from `module` to one that imports `package`, imports inside functions included; None without one."""
    chains, seen = [[module]], set()
    for chain in chains:
        path = file_of(chain[-1])
        if path is None or path in seen:
            continue
        seen.add(path)
        for name, _ in imports_of(path):
            if name.partition(".")[0] == package:
                return [*chain, name]
            chains.append([*chain, name])
    return None


def test_they_are_imported_where_streamlit_is_not():
    assert len(MODULES) >= 9
    run = subprocess.run([sys.executable, "-c", BLOCKED, *MODULES], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("module", MODULES)
def test_no_import_of_theirs_leads_to_streamlit(module):
    assert chain_to("streamlit", module) is None


def test_a_way_to_streamlit_would_be_found():
    assert chain_to("streamlit", "dashboard.widgets.page")
    assert chain_to("plotly", "dashboard.page_parts.your_tasks.report")  # through the figures
