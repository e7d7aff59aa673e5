"""The components' JavaScript in node: what needs no browser is tested in milliseconds.

They stand here and not beside the modules, as all tests of the project do. By hand they run by
`node --test tests/javascript/*/*.test.mjs`, without the comparisons with JAX, whose numbers this file writes down for them.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dashboard.components.bundle import browser_module

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).parent
COMPONENTS = ROOT / "dashboard" / "components"
FILES = sorted(HERE.rglob("*.test.mjs"))
PARITY = [path for path in FILES if path.name.startswith("parity")]
OLDEST = 20  # the first version with all that the tests use


@pytest.fixture(scope="module")
def node():
    """`node(*arguments, **environment)`: what it prints; a failure is this test's."""
    executable = shutil.which("node")
    if executable is None:
        pytest.skip("These tests run JavaScript: install the Debian package `nodejs`.")
    version = subprocess.run([executable, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if int(version.removeprefix("v").split(".")[0]) < OLDEST:
        pytest.skip(f"These tests run JavaScript in node {OLDEST} or later; this is {version}.")

    def run(*arguments, **environment):
        command = [executable, *map(str, arguments)]
        # node hands this variable to its own children, and a test run within a test run reports nothing.
        surroundings = {name: value for name, value in os.environ.items() if name != "NODE_TEST_CONTEXT"}
        done = subprocess.run(command, env=surroundings | environment, cwd=ROOT, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout

    return run


def passed(report: str) -> int:
    """How many tests have passed; `report` is node's, in TAP."""
    return int(re.search(r"^# pass (\d+)$", report, re.MULTILINE)[1])


@pytest.mark.parametrize("path", [path for path in FILES if path not in PARITY], ids=lambda path: str(path.relative_to(HERE)))
def test_the_modules_do_what_they_say(node, path):
    assert passed(node("--test", "--test-reporter=tap", path)) > 0


def test_the_mathematics_is_that_of_jax(node, tmp_path):
    from tests.javascript import engine_numbers

    numbers = {
        "sine_bench": engine_numbers.sine_bench_numbers(),
        "drawing_pad": engine_numbers.drawing_pad_numbers(),
        "parameter_plane": {"seen": engine_numbers.plane_numbers(0, 1, 5, 20), "flat": engine_numbers.flat_landscape()},
    }
    (tmp_path / "numbers.json").write_text(json.dumps(numbers))
    output = node("--test", "--test-reporter=tap", *PARITY, JAX_NUMBERS=str(tmp_path / "numbers.json"))
    assert passed(output) > 0


@pytest.mark.parametrize("entry", sorted(COMPONENTS.glob("*/index.js")), ids=lambda path: path.parent.name)
def test_every_component_is_one_module_that_streamlit_can_call(node, tmp_path, entry):
    (tmp_path / "component.mjs").write_text(browser_module(entry), encoding="utf-8")
    script = f"console.log(typeof (await import({json.dumps(str(tmp_path / 'component.mjs'))})).default)"
    assert node("--input-type=module", "--eval", script).strip() == "function"
