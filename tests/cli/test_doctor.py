"""`maml doctor`: nothing is wrong where all is well, and what is wrong comes as a sentence and an exit code."""

import shutil

import pytest

from maml_engine.__main__ import main
from maml_engine.cli import doctor
from maml_engine.runtime.doctors import DOCTORS, Findings


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "mine"
    flags = ["--num-iterations", "2", "--hidden-dim", "4", "--meta-batch-size", "2", "--k-query", "2"]
    assert main(["train", "--out", str(folder), *flags]) == 0
    return folder


@pytest.fixture
def home(run_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("MAML_LAB_HOME", str(tmp_path))
    monkeypatch.setattr(doctor, "DOCTORS", type(DOCTORS)("doctor", {}))
    shutil.copytree(run_folder, tmp_path / "runs" / "mine")
    return tmp_path


def test_all_is_well_where_all_is_whole(home, capsys):
    assert main(["doctor"]) == 0
    printed = capsys.readouterr().out
    assert "1 learners, 1 snapshots, 1 histories" in printed and printed.endswith("All is well.\n")
    assert main(["doctor", str(home / "runs" / "mine")]) == 0
    assert main(["doctor", str(home / "operator")]) == 2
    assert "must be a folder" in capsys.readouterr().err


def flip(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


DAMAGES = {
    "learner.safetensors was altered": lambda folder: flip(folder / "learner.safetensors"),
    "history.safetensors was altered": lambda folder: flip(folder / "history.safetensors"),
    "experiment.json was changed": lambda folder: (folder / "experiment.json").write_text('{"seed": 9}'),
    "no history of its run": lambda folder: (folder / "history.safetensors").unlink(),
    "is not a snapshot that MAML Lab wrote": lambda folder: [flip(file) for file in (folder / "checkpoint").rglob("d/*")],
    "it can be removed": lambda folder: (folder / ".learner.safetensors.x.part").write_text(""),
    "next snapshot removes it": lambda folder: (folder / "checkpoint" / "7.orbax-checkpoint-tmp").mkdir(),
}


@pytest.mark.parametrize("sentence", DAMAGES)
def test_what_is_not_whole_is_said(home, sentence, capsys):
    DAMAGES[sentence](home / "runs" / "mine")
    assert main(["doctor"]) == 1
    printed = capsys.readouterr()
    assert sentence in printed.out and "WRONG saved" in printed.out
    assert "All is well" not in printed.out and printed.err.startswith("error: ")


def test_wrong_sums_and_a_folder_that_cannot_be_written_are_said(home, monkeypatch, capsys):
    monkeypatch.setattr(doctor, "reductions_are_correct", lambda: False)
    monkeypatch.setenv("MAML_LAB_HOME", str(home / "runs" / "mine" / "experiment.json"))
    assert main(["doctor"]) == 1
    printed = capsys.readouterr().out
    assert "wrong sums" in printed and "cannot be written" in printed


def test_others_look_too(home, capsys):
    doctor.DOCTORS["spare"] = lambda: Findings("a spare part", ["It is worn."])
    assert main(["doctor"]) == 1
    assert "WRONG spare      a spare part\n      - It is worn." in capsys.readouterr().out


def test_nobody_s_look_takes_the_place_of_the_engine_s_own(home, capsys):
    doctor.DOCTORS["home"] = lambda: Findings("nothing", ())
    assert main(["doctor"]) == 2
    assert "'home' that was registered has the name of one of MAML Lab's own" in capsys.readouterr().err
