"""The core needs none of the extras' packages, and whoever lacks one is told in one sentence which extra brings it."""

import subprocess
import sys
from pathlib import Path

import pytest

from maml_engine.runtime.extras import EXTRAS, MissingPackage, brought_by

ROOT = Path(__file__).resolve().parents[2]
LACKING = "import sys; sys.modules.update(dict.fromkeys({names!r}))\n"
CORE = """
import maml_engine
*_, report = maml_engine.train(maml_engine.Experiment(num_iterations=20))
report.learner.save("learner")
learner = maml_engine.Learner.load("learner")
assert learner.adapt([0.0, 1.0], [0.0, 0.8])([0.5]).shape == (1, 1)
"""
COMMAND = """
from maml_engine.__main__ import main
sys.exit(main({arguments!r}))
"""
TABLE = "t,x,y\n" + "\n".join(f"{task},{x},{(3 * task + 5 * x * x) % 11 - 5}" for task in range(8) for x in range(8))


def run(tmp_path, names, code):
    """Python where the modules of these names cannot be imported."""
    program = LACKING.format(names=names) + f"sys.path.insert(0, {str(ROOT)!r})\n" + code
    return subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=300)


def test_sinusoids_are_learned_saved_and_loaded_without_any_extra(tmp_path):
    done = run(tmp_path, [name for packages in EXTRAS.values() for name in packages], CORE)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("lacking", "package", "extra", "arguments"),
    [
        ("pandas", "pandas", "tables", ["verdict", "--data", "table.csv"]),
        ("sklearn", "scikit-learn", "tables", ["verdict", "--data", "table.csv", "--k-shot", "3"]),
        (
            *("pandas", "pandas", "tables"),
            ["train", "--tasks", "table", "--data", "table.csv", "--task", "t", "--inputs", "x", "--target", "y"],
        ),
        ("orbax", "orbax-checkpoint", "snapshots", ["train", "--num-iterations", "20", "--out", "run"]),
    ],
    ids=["verdict", "verdict without scikit-learn", "a table", "a snapshot"],
)
def test_a_command_that_lacks_a_package_ends_with_the_extra_that_brings_it(tmp_path, lacking, package, extra, arguments):
    (tmp_path / "table.csv").write_text(TABLE)
    done = run(tmp_path, [lacking], COMMAND.format(arguments=arguments))
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    sentence = f'This needs the package {package}, which is not installed: pip install "maml-engine[{extra}]" brings it.'
    assert done.stderr.splitlines()[-1] == f"error: {sentence}"


def test_what_a_package_itself_lacks_is_its_own_affair():
    with pytest.raises(ModuleNotFoundError, match="no_such_module") as error, brought_by("tables"):
        import no_such_module  # noqa: F401
    assert not isinstance(error.value, MissingPackage)
