"""`pip install .` in an environment of its own gives the engine without the app."""

import subprocess
import sys
from pathlib import Path

import pytest

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
