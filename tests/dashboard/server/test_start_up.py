"""What the server imports as it starts is what its pages ask for."""

import asyncio
import contextlib
import gc
import pkgutil
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.testing.v1 import AppTest

from dashboard.server import heap, start_up
from tests.test_packaging import ROOT, imports_of

SCRIPT = """
import asyncio, sys, threading
from dashboard.server import start_up

async def main():
    async with start_up.lifespan(None):
        for thread in threading.enumerate():
            if thread.name == "maml-lab-imports":
                await asyncio.to_thread(thread.join)
    print(*sys.modules)

asyncio.run(main())
"""


def test_every_module_that_a_page_imports_is_there():
    run = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, capture_output=True, text=True, check=True)
    there = set(run.stdout.split())
    wanted = {name for path in (ROOT / "pages").glob("*.py") for name, _ in imports_of(path)}
    missing = {name for name in wanted if name not in there and name.rpartition(".")[0] not in there}
    assert "dashboard.page_parts.your_tasks.verdict" in wanted
    assert not missing


def test_the_collector_rests_while_much_is_imported(monkeypatch):
    seen = []
    monkeypatch.setattr(pkgutil, "walk_packages", lambda *_: seen.append(gc.isenabled()) or ())
    monkeypatch.setattr(gc, "freeze", lambda: seen.append("frozen"))
    monkeypatch.setattr(gc, "set_threshold", lambda *_: None)
    start_up.import_all()
    assert seen == [False, "frozen"] and gc.isenabled()


def test_who_waits_waits_until_all_is_imported(monkeypatch):
    goes_on = threading.Event()
    monkeypatch.setattr(pkgutil, "walk_packages", lambda *_: iter(goes_on.wait, True))
    monkeypatch.setattr(heap, "importing", contextlib.nullcontext)
    monkeypatch.setattr(start_up, "announce", lambda: None)

    monkeypatch.setattr(PagesManager, "uses_pages_directory", None)

    async def start():
        async with start_up.lifespan(None):
            pass

    start_up.wait()  # no server has started
    server = threading.Thread(target=asyncio.run, args=(start(),))  # a browser test may have left a loop in this one
    server.start()
    server.join()
    assert PagesManager.uses_pages_directory is False  # else the first visitor's page would run by itself, and not wait
    visitor = threading.Thread(target=start_up.wait)
    visitor.start()
    visitor.join(0.2)
    assert visitor.is_alive()
    goes_on.set()
    visitor.join(10)
    assert not visitor.is_alive()


@pytest.mark.parametrize("address, order", [("gradients", ["waited", "ran"]), ("", ["ran"])])
def test_a_page_waits_before_anything_of_its_own(monkeypatch, address, order):
    """Two threads that import JAX at once may each get half of it; a page's is never one of them. Home does not import it."""
    done = []
    chosen = SimpleNamespace(url_path=address, title="A page", run=lambda: done.append("ran"))
    monkeypatch.setattr(start_up, "wait", lambda: done.append("waited"))
    monkeypatch.setattr(st, "navigation", lambda _: chosen)
    app = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=300).run()
    assert not app.exception and done == order


HOME = """
import sys
from streamlit.testing.v1 import AppTest
from dashboard.server import start_up
from dashboard.components import sine_bench

there = []
start_up.wait = lambda: there.append([name for name in ("jax", "flax", "maml_engine") if name in sys.modules])
app = AppTest.from_file("streamlit_app.py", default_timeout=300).run()
assert not app.exception, app.exception
print(there[0], sine_bench.__name__)
"""


def test_home_stands_before_anything_of_the_engine_is_imported():
    run = subprocess.run([sys.executable, "-c", HOME], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split()[0] == "[]", run.stdout
