"""The flags, their help, and what they make of an experiment."""

import dataclasses

import pytest

from maml_engine import Experiment, Learner
from maml_engine.cli.parser import build_parser
from tests.processes import SMALL


def test_every_field_is_a_flag_with_its_help(run):
    code, out, _ = run("train", "--help")
    assert code == 0
    for spec in dataclasses.fields(Experiment):
        assert f"--{spec.name.replace('_', '-')} " in out


def test_every_protocol_card_is_listed(run):
    from maml_engine.experiment.presets import PRESETS

    code, out, _ = run("train", "--help")
    assert code == 0
    for name in PRESETS:
        assert f"{name}:" in out


def test_flags_reach_the_experiment(run, tmp_path):
    flags = "--method fomaml --x-range -3,-1 --meta-schedule cosine --activation tanh --model mlp --noise 0.1 --amplitude=1,2"
    code, _, _ = run("train", "--num-iterations", "2", *SMALL, *flags.split(), "--out", tmp_path)
    assert code == 0
    assert Learner.load(tmp_path).experiment == Experiment(
        num_iterations=2, hidden_dim=8, meta_batch_size=4, method="fomaml", x_range=(-3, -1), meta_schedule="cosine",
        activation="tanh", model="mlp", noise=0.1, amplitude=(1, 2),
    )  # fmt: skip


@pytest.mark.parametrize(("typed", "meant"), [("trian", "train"), ("evaluete", "evaluate"), ("zzzz", "")])
def test_a_misspelt_command_comes_with_the_near_one(typed, meant):
    with pytest.raises(ValueError, match=f"invalid choice: '{typed}'") as refusal:
        build_parser().parse_args([typed])
    assert ("did you mean" in str(refusal.value)) == bool(meant)
    assert not meant or f"(did you mean '{meant}'?)" in str(refusal.value)
