"""`pip install .` in an environment of its own gives the engine without the app; `make app` the command beside it."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from dashboard.downloads import code
from maml_engine import Experiment

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.acceptance

SCRIPT = """
import importlib.util, sys
assert importlib.util.find_spec("streamlit") is None and importlib.util.find_spec("plotly") is None
import maml_engine
assert "site-packages" in maml_engine.__file__, maml_engine.__file__
*_, report = maml_engine.train(maml_engine.Experiment(num_iterations=50))
prediction = report.learner.adapt([0.0, 1.0, 2.0], [0.0, 0.8, 0.9])([0.5, 1.5])
assert prediction.shape == (2, 1)
from pathlib import Path
shipped = [path.parent for path in Path(maml_engine.__file__).parent.glob("pretrained/*/learner.safetensors")]
assert shipped
for folder in shipped:
    maml_engine.Learner.load(folder)
"""


def test_the_engine_stands_alone(tmp_path):
    def run(*command):
        done = subprocess.run([str(part) for part in command], cwd=tmp_path, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(sys.executable, "-m", "venv", tmp_path / "venv")
    bin = tmp_path / "venv" / ("Scripts" if sys.platform == "win32" else "bin")
    # A copy, since building leaves files beside the sources.
    run("cp", "-r", ROOT / "maml_engine", ROOT / "pyproject.toml", ROOT / "README.md", tmp_path)
    (tmp_path / "source").mkdir()
    run("mv", "maml_engine", "pyproject.toml", "README.md", "source")
    run(bin / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "./source")
    run(bin / "python", "-W", "error", "-c", SCRIPT)
    assert "Iteration 20 | Meta Loss: " in run(bin / "maml", "train", "--num-iterations", "20")
    assert run(bin / "maml", "--version") == run(bin / "python", "-m", "maml_engine", "--version")


def test_make_brings_the_command_and_an_exported_script_runs_from_any_folder(tmp_path):
    """In a copy of the sources, whose environment sees the packages that are here already."""
    source, elsewhere = tmp_path / "source", tmp_path / "elsewhere"
    for folder in (source, elsewhere):
        folder.mkdir()
    for name in ("maml_engine", "Makefile", "pyproject.toml", "README.md", "requirements.txt", "requirements-dev.txt"):
        subprocess.run(["cp", "-r", ROOT / name, source], check=True)
    subprocess.run([sys.executable, "-m", "venv", source / ".venv"], check=True)
    (site,) = (source / ".venv").glob("lib/python*/site-packages")
    (site / "here.pth").write_text(next(path for path in sys.path if path.endswith("site-packages")))
    subprocess.run(["make", ".venv/.app-installed"], cwd=source, check=True, timeout=900)
    bin, environment = source / ".venv" / "bin", {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}

    def run(*command):
        done = subprocess.run(command, cwd=elsewhere, env=environment, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        return done.stdout

    (elsewhere / "run.py").write_text(code.script(Experiment(num_iterations=20)))
    printed = run(bin / "python", "run.py")
    assert "600 test tasks (seed 0), 10 support rows each:" in printed
    assert (elsewhere / "run.html").is_file()
    step, mean = re.search(r"'step': (10), 'mean': ([\d.]+)", printed).groups()
    table = run(bin / "maml", "evaluate", "learner")
    assert re.search(rf"^ +{step} +{float(mean):.4f} ", table, re.MULTILINE), table
