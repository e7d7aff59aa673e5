"""The real app on a free port and a headless Chromium, once a session."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks import places
from benchmarks.places import end, free_port, wait_until_well
from tests.browser.waiting import PATIENCE, new_context, wait_until_idle

HERE = Path(__file__).resolve().parent
ROOT = Path(__file__).resolve().parents[2]
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
]


def pytest_collection_modifyitems(items):
    """A test here that fails runs once more, and is named at the end of the run where it needed that.

    A page, a server and a browser on a machine with two cores for all of them: one click that is lost among three hundred would
    refuse the rest. What is computed, or measured, is never tried twice.
    """
    for item in items:
        if item.path.is_relative_to(HERE) and item.get_closest_marker("acceptance") is None:
            item.add_marker(pytest.mark.flaky(reruns=1))


def start_app(home: Path, script: str = "streamlit_app.py", **settings: str) -> tuple[subprocess.Popen, str]:
    """The app as a visitor meets it (or another script), and its address; `settings` are environment variables."""
    port, log = free_port(), home / "app.log"
    # Compiled a little better than in the tests' own processes: what a page trains here takes longer than compiling it.
    flags = os.environ.get("XLA_FLAGS", "").replace("optimization_level=0", "optimization_level=1")
    process = places.start_app(
        script, port, log, **{"MAML_LAB_HOME": str(home), "XLA_FLAGS": flags, "MAML_LAB_WORKERS": "", **settings}
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_well(f"{address}/_stcore/health", 180)
    except TimeoutError:
        end(process)
        raise RuntimeError(f"The app did not start: {log.read_text()[-2000:]}") from None
    return process, address


@pytest.fixture(scope="session")
def app_home(tmp_path_factory) -> Path:
    """The folder that the app keeps its files in."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="session")
def app(app_home):
    """The address of the running app."""
    process, address = start_app(app_home)
    yield address
    end(process)


@pytest.fixture(scope="session")
def browser():
    """A headless Chromium of this machine."""
    executable = shutil.which("chromium") or shutil.which("chromium-browser")
    if executable is None:
        pytest.skip("These tests drive a real browser: install the Debian package `chromium`.")
    playwright = pytest.importorskip("playwright.sync_api", reason="These tests need the package `playwright`.")
    playwright.expect.set_options(timeout=PATIENCE)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=executable, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(app, browser):
    """`open_page(path, width=1280, height=900, scheme="light")`: a page in a fresh session, ready to be looked at.

    Further arguments are the browser context's, such as `has_touch=True`. Nothing that a page does is refused by the headers
    that the server sends with it.
    """
    contexts, refused = [], []

    def listen(message):
        if "Content Security Policy" in message.text:
            refused.append(message.text)

    def open_(path: str = "/", *, width: int = 1280, height: int = 900, scheme: str = "light", ready: bool = True, **options):
        viewport = {"width": width, "height": height}
        context, page = new_context(browser, viewport=viewport, color_scheme=scheme, **options)
        contexts.append(context)
        page.on("console", listen)
        page.goto(f"{app}{path}")
        if ready:
            wait_until_idle(page)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not refused
