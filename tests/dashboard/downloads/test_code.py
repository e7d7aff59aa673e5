"""A run taken home as code runs at home."""

import ast
import dataclasses
import json
import os
import subprocess
import sys

import pytest

from dashboard.downloads import code
from dashboard.page_parts.train import held_out_tasks
from maml_engine import Experiment, Learner
from maml_engine.__main__ import main
from maml_engine.cli.saved_runs import read_pictures
from maml_engine.tasks.images import omniglot_files
from tests.io.pictures.drawn import class_folders
from tests.real_data import DATA, real_file
from tests.zips import zipped

PICTURES = {"num_iterations": 2, "meta_batch_size": 2, "k_shot": 1, "k_query": 1, "n_way": 2, "model": "image_mlp",
            "hidden_dim": 2, "loss": "softmax_cross_entropy"}  # fmt: skip
SMALL = Experiment(num_iterations=5, meta_batch_size=2, hidden_dim=4, inner_lr=0.02, amplitude=(1.0, 2.0))


def test_the_script_describes_the_same_run():
    namespace = {}
    source = code.script(SMALL)
    described = source[source.index("experiment = ") : source.index("\n\nfor report")]
    exec(f"from maml_engine import Experiment\n{described}", namespace)
    assert namespace["experiment"] == SMALL


def test_a_column_cannot_smuggle_code_into_the_script():
    nasty = 'x", exec("print(1)") #\n"""'
    experiment = Experiment(tasks="table", data="0" * 64, task="t", inputs=(nasty,), target="{y}", model="mlp")
    source = code.script(experiment)
    namespace = {}
    described = source[source.index("experiment = ") : source.index("\n\nfile = ")]
    exec(f"from maml_engine import Experiment\n{described}", namespace)
    assert namespace["experiment"] == experiment
    compile(source, "run.py", "exec")


def run_alone(source, folder):
    """The output of a Python that finds `maml_engine` and nothing else of ours."""
    (folder / "run.py").write_text(source)
    (folder / "maml_engine").symlink_to(os.path.join(os.getcwd(), "maml_engine"))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "run.py"], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def code_cells(notebook):
    """Source of each code cell, in order."""
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


@pytest.mark.parametrize("kind", ["script", "notebook"])
def test_a_run_as_code_runs_with_the_engine_alone(tmp_path, kind):
    made = getattr(code, kind)(SMALL)
    printed = run_alone("\n\n".join(code_cells(json.loads(made))) if kind == "notebook" else made, tmp_path)
    assert "iteration       5" in printed
    assert "'step': 1, 'mean'" in printed
    assert Learner.load(tmp_path / "learner").experiment == SMALL
    assert "600 test tasks (seed 0), 10 support rows each:" in printed
    figure = (tmp_path / "run.html").read_text()  # the page's: the meta-loss, and held-out losses before and after
    for name in ("meta-loss", "held out, after 0 steps", "held out, after 1 step", "held out, after 10 steps"):
        assert json.dumps(name) in figure


def test_one_learner_has_one_number_after_ten_steps_in_the_script_on_the_page_and_on_the_command_line(tmp_path, capsys):
    printed = run_alone(code.script(SMALL), tmp_path)
    rows = [ast.literal_eval(line) for line in printed.splitlines() if line.startswith("{")]
    on_the_page = held_out_tasks.curve(Learner.load(tmp_path / "learner"))
    assert main(["evaluate", str(tmp_path / "learner"), "--json"]) == 0
    typed = json.loads(capsys.readouterr().out)
    assert (typed["num_tasks"], typed["seed"], typed["k_shot"]) == (600, 0, 10)
    for step in range(11):
        assert rows[step]["mean"] == pytest.approx(typed["curve"][step]["mean"], rel=1e-5)
        assert on_the_page.mean[step] == pytest.approx(typed["curve"][step]["mean"], rel=1e-5)


def test_the_notebook_is_one():
    notebook = json.loads(code.notebook(SMALL))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    identities = [cell["id"] for cell in notebook["cells"]]
    assert len(set(identities)) == len(identities) == 5
    for cell in notebook["cells"]:
        assert cell["cell_type"] == "markdown" or (cell["outputs"], cell["execution_count"]) == ([], None)
        assert all(line.endswith("\n") for line in cell["source"][:-1])


def test_the_notebook_of_a_table_reads_it_from_beside():
    table = Experiment(tasks="table", data="0" * 64, task="t", inputs=("a",), target="y", model="mlp")
    source = "\n\n".join(code_cells(json.loads(code.notebook(table))))
    assert 'file = "table.csv"' in source
    compile(source, "notebook", "exec")


def run_here(source, folder, monkeypatch, capsys, *typed):
    """What a script prints that is run in this process, from a folder."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["run.py", *map(str, typed)])
    exec(compile(source, "run.py", "exec"), {"__name__": "__main__"})
    return capsys.readouterr().out


@pytest.fixture
def pictures(tmp_path):
    """A run on somebody's pictures, and their archive."""
    path = tmp_path / "pictures.zip"
    path.write_bytes(zipped(class_folders(6, 2)))
    run = Experiment(**PICTURES, tasks="images", image_size=8, ink="dark", data="not read yet")
    return dataclasses.replace(run, data=read_pictures(run, str(path)).digest), path


def test_a_run_on_pictures_is_told_where_they_are(pictures, tmp_path, monkeypatch, capsys):
    run, path = pictures
    source = code.script(run)
    assert "python run.py PICTURES" in source
    printed = run_here(source, tmp_path, monkeypatch, capsys, path)
    assert "600 test tasks (seed 0), 1 support pictures of each class:" in printed
    assert "'accuracy': " in printed
    assert Learner.load(tmp_path / "learner").experiment == run
    beside = "\n\n".join(code_cells(json.loads(code.notebook(run))))
    assert 'file = "pictures.zip"' in beside
    begin = beside[: beside.index("\n\nfor report")]
    run_here(begin, tmp_path, monkeypatch, capsys)


def test_other_pictures_than_the_runs_are_refused(pictures, tmp_path, monkeypatch, capsys):
    run, _ = pictures
    other = tmp_path / "other.zip"
    other.write_bytes(zipped(class_folders(6, 3)))
    with pytest.raises(SystemExit, match=r"other\.zip does not hold the pictures of this run: their SHA-256 is"):
        run_here(code.script(run), tmp_path, monkeypatch, capsys, other)


def test_a_run_on_invented_characters_runs_from_any_folder(tmp_path, monkeypatch, capsys):
    run = Experiment(**PICTURES, tasks="glyphs")
    source = code.script(run)
    assert source.count("evaluate(learner, jax.random.key(0), ") == 1
    quick = source.replace("jax.random.key(0), ", "jax.random.key(0), num_tasks=2, ")
    printed = run_here(quick, tmp_path, monkeypatch, capsys)
    assert "2 test tasks (seed 0), 1 support pictures of each class:" in printed
    assert Learner.load(tmp_path / "learner").experiment == run


def test_a_run_on_omniglot_says_where_it_is_read_and_finds_it_from_any_folder(tmp_path, monkeypatch):
    real_file("omniglot/images_background.zip")
    monkeypatch.setenv("MAML_LAB_DATA", str(DATA.absolute()))
    monkeypatch.chdir(tmp_path)
    run = Experiment(**PICTURES, tasks="omniglot")
    source = code.script(run)
    assert "MAML_LAB_DATA" in source
    assert "MAML_LAB_DATA" in json.loads(code.notebook(run))["cells"][0]["source"][2]
    namespace = {}
    exec(source[: source.index("\n\nfor report")], namespace)
    assert namespace["experiment"] == run
    assert omniglot_files.find_archive("images_background.zip").is_absolute()
