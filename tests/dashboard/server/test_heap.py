"""Imports are out of the collector's sight, once; circles that pages leave behind are still collected."""

import gc
import subprocess
import sys
import types
import weakref

import pytest
from streamlit import config

from dashboard.server import heap
from tests.test_packaging import ROOT


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch):
    monkeypatch.setattr(heap, "_seen_modules", 0)
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)
    gc.unfreeze()


def test_what_is_imported_is_frozen_once_and_again_after_many_more_modules(monkeypatch):
    frozen = []
    monkeypatch.setattr(gc, "freeze", lambda: frozen.append(len(sys.modules)))
    heap.settle()
    heap.settle()
    assert len(frozen) == 1
    for number in range(heap._MANY):
        monkeypatch.setitem(sys.modules, f"new_{number}", types.ModuleType("new"))
    heap.settle()
    assert len(frozen) == 2


def test_nothing_is_collected_while_importing_and_all_is_frozen_then():
    with heap.importing():
        assert not gc.isenabled()
        before = gc.get_freeze_count()
    assert gc.isenabled() and gc.get_freeze_count() > before + 10_000
    with pytest.raises(ZeroDivisionError), heap.importing():
        _ = 1 / 0
    assert gc.isenabled()


def test_later_circles_are_collected():
    heap.settle()
    assert gc.get_freeze_count() > 10_000

    class Circle:
        pass

    circle = Circle()
    circle.itself, gone = circle, weakref.ref(circle)
    del circle
    gc.collect()
    assert gone() is None


def test_streamlit_does_not_collect_after_every_run():
    script = "from streamlit import config; print(config.get_option('runner.postScriptGC'))"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False"]
    assert "runner.postScriptGC" in config.get_config_options()
