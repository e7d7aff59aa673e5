"""Trackers, by fakes that note what they are told."""

import json
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from maml_engine import Experiment, Learner, train
from maml_engine.runtime.extras import MissingPackage
from maml_engine.training import Diverged, track

SMALL = Experiment(num_iterations=60, hidden_dim=4, meta_batch_size=2, k_shot=3, k_query=3)


@pytest.fixture(scope="module")
def reports():
    return list(train(SMALL))


class FakeMLflow(ModuleType):
    """What of MLflow is used, as one run sees it."""

    def __init__(self, *, active=None, broken=False):
        super().__init__("mlflow")
        self.run, self.broken = active, broken
        self.uri, self.ended, self.tags, self.artifacts = "", [], {}, {}
        self.params, self.metrics = {}, []
        self.entities = SimpleNamespace(Param=lambda *pair: pair, Metric=lambda *metric: metric)

    def set_tracking_uri(self, uri):
        self.uri = uri

    def active_run(self):
        return self.run

    def start_run(self):
        if self.broken == "start":
            raise RuntimeError("No route to host\nand a long trace")
        self.run = SimpleNamespace(info=SimpleNamespace(run_id="run 1"))
        return self.run

    def end_run(self, status):
        self.ended.append(status)

    def MlflowClient(self):
        return self

    def log_batch(self, run_id, metrics=(), params=()):
        if self.broken and metrics:
            raise RuntimeError("The server has gone")
        self.params |= dict(params)
        self.metrics += [(name, value, step) for name, value, _, step in metrics]

    def set_tag(self, run_id, name, value):
        self.tags[name] = value

    def log_artifacts(self, run_id, folder, path):
        self.artifacts[path] = Learner.load(folder)


@pytest.fixture
def mlflow(monkeypatch):
    def use(**how):
        fake = FakeMLflow(**how)
        monkeypatch.setitem(sys.modules, "mlflow", fake)
        return fake

    return use


def test_mlflow_gets_parameters_numbers_and_the_learner(reports, mlflow):
    fake = mlflow()
    assert list(track(iter(reports), "mlflow:http://host:5000")) == reports
    assert fake.uri == "http://host:5000"
    assert fake.params["hidden_dim"] == "4" and fake.params["digest"] == SMALL.digest and "data" not in fake.params
    losses = [(value, step) for name, value, step in fake.metrics if name == "meta_loss"]
    assert losses == [(pytest.approx(each.meta_loss.mean(), rel=1e-6), each.iteration) for each in reports]
    curves = [(value, step) for name, value, step in fake.metrics if name == "held_out_loss/after_01_steps"]
    measured = list(dict.fromkeys(each.curve_iteration for each in reports))
    assert len(curves) == len(measured) > 5, "A curve is written down once, not with every report."
    assert curves[-1] == (pytest.approx(reports[-1].curve.mean[1]), 60)
    kept = fake.artifacts["learner"]
    assert kept.iteration == 60 and kept.experiment == SMALL
    assert (fake.ended, fake.tags["mlflow.runName"]) == (["FINISHED"], f"maml-{SMALL.digest[:8]}")


def test_a_run_of_mlflow_that_the_caller_has_begun_is_used_and_left_open(reports, mlflow):
    fake = mlflow(active=SimpleNamespace(info=SimpleNamespace(run_id="theirs")))
    list(track(iter(reports), "mlflow"))
    assert fake.metrics and fake.ended == [] and fake.tags == {} and fake.uri == ""


def test_a_tracker_that_fails_ends_the_tracking_and_not_the_run(reports, mlflow):
    mlflow(broken=True)
    said = []
    assert list(track(iter(reports), "mlflow", complain=said.append)) == reports
    assert said == ["Tracking in mlflow has ended, the run goes on: The server has gone"]


def test_a_tracker_that_cannot_begin_refuses_the_run(reports, mlflow):
    mlflow(broken="start")
    with pytest.raises(ValueError, match=r"^MLflow could not begin a run: No route to host$"):
        track(iter(reports), "mlflow")


def test_a_run_that_is_left_or_diverges_keeps_what_was_learned(reports, mlflow):
    fake = mlflow()
    left = track(iter(reports), "mlflow")
    next(left)
    left.close()
    assert fake.ended == ["KILLED"] and fake.artifacts["learner"].iteration == reports[0].iteration

    def diverging():
        yield reports[0]
        raise Diverged("The meta-loss is no longer a finite number.", 21, reports[0])

    fake = mlflow()
    with pytest.raises(Diverged):
        list(track(diverging(), "mlflow"))
    assert fake.ended == ["FAILED"] and "learner" in fake.artifacts


@pytest.fixture
def tensorboard(monkeypatch):
    """TensorBoard's modules; gives the events that were written."""
    events = []
    modules = {
        "compat.proto.event_pb2": {"Event": lambda **event: event},
        "compat.proto.summary_pb2": {"Summary": type("Summary", (dict,), {"Value": staticmethod(lambda **value: value)})},
        "plugins.hparams.summary_v2": {"hparams_pb": lambda values, trial_id: {"hparams": values, "trial": trial_id}},
        "summary.writer.event_file_writer": {
            "EventFileWriter": lambda folder: SimpleNamespace(
                add_event=events.append, flush=lambda: None, close=lambda: events.append("closed")
            )
        },
    }
    for name, content in modules.items():
        parts = ["tensorboard", *name.split(".")]
        for count in range(1, len(parts)):
            monkeypatch.setitem(sys.modules, ".".join(parts[:count]), ModuleType(".".join(parts[:count])))
        module = ModuleType(".".join(parts))
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, ".".join(parts), module)
        setattr(sys.modules[".".join(parts[:-1])], parts[-1], module)
    return events


def test_tensorboard_gets_hyperparameters_scalars_and_the_learner_beside_them(reports, tensorboard, tmp_path):
    list(track(iter(reports), f"tensorboard:{tmp_path}"))
    first, *rest, last = tensorboard
    (folder,) = tmp_path.iterdir()
    assert first["summary"]["trial"] == folder.name
    assert first["summary"]["hparams"]["hidden_dim"] == 4.0 and first["summary"]["hparams"]["method"] == "maml"
    assert [event["step"] for event in rest] == [each.iteration for each in reports]
    scalars = {value["tag"]: value["simple_value"] for value in rest[-1]["summary"]["value"]}
    assert scalars["meta_loss"] == pytest.approx(reports[-1].meta_loss.mean(), rel=1e-6)
    steps = [scalars[f"held_out_loss/after_{step:02d}_steps"] for step in range(11)]
    np.testing.assert_allclose(steps, reports[-1].curve.mean)
    assert last == "closed"
    assert Learner.load(folder / "learner").iteration == 60


def test_a_folder_that_cannot_be_made_is_a_sentence(reports, tensorboard, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"TensorBoard could not begin a run in .*: Not a directory"):
        track(iter(reports), f"tensorboard:{tmp_path / 'file'}")


@pytest.mark.parametrize("name", ["mlflow", "tensorboard"])
def test_a_library_that_is_missing_is_named_with_what_brings_it(reports, name, monkeypatch):
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingPackage, match=rf'pip install "maml-engine\[{name}\]"'):
        track(iter(reports), name)


def test_another_tracker_is_refused_with_the_near_one(reports):
    with pytest.raises(ValueError, match="must be one of mlflow, tensorboard, got 'mlfow' \\(did you mean 'mlflow'\\?\\)"):
        track(iter(reports), "mlfow")


def test_a_number_that_is_not_finite_is_left_out(reports, mlflow):
    fake = mlflow()
    (report,) = [vars(each) for each in reports[:1]]
    curve = SimpleNamespace(mean=np.array([1.0, np.nan]), metrics={"accuracy": np.array([[0.2, 0.5], [0.4, 0.7]])})
    odd = SimpleNamespace(**{**report, "curve": curve}, experiment=SMALL, result=reports[0].result)
    list(track(iter([odd]), "mlflow"))
    held_out = {name: value for name, value, _ in fake.metrics if name.startswith("held_out")}
    assert held_out == {
        "held_out_loss/after_00_steps": 1.0,
        "held_out_accuracy/after_00_steps": pytest.approx(0.3),
        "held_out_accuracy/after_01_steps": pytest.approx(0.6),
    }
    json.dumps(fake.metrics, allow_nan=False)
