"""What all tests share: a home of their own, and programs that one process or run compiles for the next."""

import os
import signal
import sys
import tempfile
import threading
from pathlib import Path

import hypothesis
import pytest

from tests.compiling import QUICKLY, as_flags

# Before anything asks for the home folder: no test touches the user's own.
_home = tempfile.TemporaryDirectory(prefix="maml-lab-test-", ignore_cleanup_errors=True)
os.environ["MAML_LAB_HOME"] = _home.name
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ["MAML_LAB_WORKERS"] = "0"  # pages compute in the tests' own process; what is tested with others asks for them

# Most of a run is compiling. By way of the environment the folder also serves the processes that tests start.
_programs = Path(__file__).resolve().parent.parent / ".pytest_cache" / "xla"
_programs.mkdir(mode=0o700, parents=True, exist_ok=True)
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(_programs))
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "0")
os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES", "-1")

# A shell that runs the tests in its background has them ignore Ctrl-C, and what they start would inherit that.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)

# No test fails because the machine was busy.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

pytest_plugins = ["tests.databases", "tests.quadratics"]  # its fixtures


def pytest_configure(config):
    """Compiles quickly what is not measured; a test of what the compiler makes asks for `AS_IN_USE`."""
    if config.getoption("markexpr") != "acceptance":
        os.environ["XLA_FLAGS"] = " ".join([os.environ.get("XLA_FLAGS", ""), *as_flags(QUICKLY)]).strip()


# Files of a minute or more, and where browsers and servers are waited for: they begin, so that no worker ends with one alone.
LONG = (
    "tests/browser",
    "tests/test_examples",
    "tests/test_readme",
    "tests/test_compatibility",
    "tests/core/test_meta_gradient",
    "tests/models",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """The long files first."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.fixture(scope="module", autouse=True)
def _forget_programs():
    """A worker would hold every program of a thousand tests, some gigabytes."""
    yield
    if "jax" in sys.modules:
        sys.modules["jax"].clear_caches()


def pytest_unconfigure(config):
    del config
    _home.cleanup()
