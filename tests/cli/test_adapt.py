"""`maml adapt`."""

import csv
import io
import json
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from maml_engine import MLP, Batch, Episode, Experiment, Learner
from maml_engine.__main__ import main
from maml_engine.cli.adapt import column_names
from maml_engine.tasks import FAMILIES
from tests.cli.tables import write_csv


def test_adapt_predicts_what_the_learner_does(run, trained, tmp_path):
    x, y, query = [-1.0, 0.0, 2.0], [0.5, 1.0, -1.0], [-2.5, 0.25]
    support = write_csv(tmp_path / "support.csv", ["note", "y", "x"], [["a", b, a] for a, b in zip(x, y, strict=True)])
    predict = write_csv(tmp_path / "query.csv", ["x", "comment"], [[value, ""] for value in query])
    code, out, err = run("adapt", trained, support, "--predict", predict, "--inner-steps", "4")
    assert (code, err) == (0, "")
    header, *rows = csv.reader(io.StringIO(out))
    assert header == ["x", "y"]
    assert [float(row[0]) for row in rows] == query
    expected = Learner.load(trained).adapt(x, y, inner_steps=4)(query)[:, 0]
    np.testing.assert_allclose([float(row[1]) for row in rows], expected, rtol=1e-6)

    code, out, _ = run("adapt", trained, support, "--predict", predict, "--inner-steps", "4", "--out", tmp_path / "p.csv")
    assert (code, out) == (0, "")
    assert list(csv.reader((tmp_path / "p.csv").read_text().splitlines())) == [header, *rows]


def test_a_method_that_is_sure_of_its_predictions_says_how_sure(run, tmp_path):
    code, _, _ = run("train", "--method", "alpaca", "--num-iterations", "20", "--hidden-dim", "8", "--out", tmp_path / "run")
    assert code == 0
    support = write_csv(tmp_path / "support.csv", ["x", "y"], [[-1, 0.5], [0, 1], [2, -1]])
    query = write_csv(tmp_path / "query.csv", ["x"], [[-2.5], [0.25]])
    code, out, _ = run("adapt", tmp_path / "run", support, "--predict", query)
    header, *rows = csv.reader(io.StringIO(out))
    assert (code, header) == (0, ["x", "y", "y_low", "y_high"])
    expected = Learner.load(tmp_path / "run").adapt([-1.0, 0.0, 2.0], [0.5, 1.0, -1.0]).predict([-2.5, 0.25])
    np.testing.assert_allclose(np.array(rows, float)[:, 1:], np.concatenate(expected, axis=1), rtol=1e-5)


@pytest.mark.parametrize(
    ("header", "rows", "flags", "complaint"),
    [
        (["x", "z"], [[1, 2]], "", "Column 'y' must be one of the file's columns: 'x', 'z'"),
        (["x", "y"], [[1, "two"]], "", "'two' in row 2"),
        (["x", "y"], [[1, 2], ["", 3]], "", "missing values, got '' in row 3"),
        (["x", "y"], [], "", "must hold rows"),
        (["x", "y"], [[1, 2]], "--inner-steps -1", "`inner_steps` must be a whole number >= 0"),
        (["x", "y"], [[1, 2]], "--inner-steps many", "`inner_steps`"),
    ],
)
def test_adapt_names_what_is_wrong_with_a_file(run, trained, tmp_path, header, rows, flags, complaint):
    support = write_csv(tmp_path / "support.csv", header, rows)
    query = write_csv(tmp_path / "query.csv", ["x"], [[1]])
    code, _, err = run("adapt", trained, support, "--predict", query, *flags.split())
    assert code == 2
    assert complaint in err
    assert len(err.splitlines()) == 1


def test_adapting_too_far_is_reported(run, trained, tmp_path):
    support = write_csv(tmp_path / "s.csv", ["x", "y"], [[1e6, 1e6], [-1e6, 3e6]])
    code, _, err = run("adapt", trained, support, "--predict", support, "--inner-steps", "50")
    assert code == 3
    assert "diverged" in err


# A classifier of one's own: trained, evaluated with accuracy and used from the command line.


@dataclass(frozen=True)
class Blobs:
    """Three classes of points in the plane, around centres of the task's own."""

    def split(self, name):
        return self

    def sample(self, key, meta_batch_size, k_shot, k_query):
        keys = jax.random.split(key, 3)
        label = jax.random.randint(keys[0], (meta_batch_size, k_shot + k_query), 0, 3)
        centres = 2 * jax.random.normal(keys[1], (meta_batch_size, 3, 2))
        x = jnp.take_along_axis(centres, label[..., None], axis=1)
        x, y = x + 0.3 * jax.random.normal(keys[2], x.shape), jax.nn.one_hot(label, 3)
        return Episode(Batch(x[:, :k_shot], y[:, :k_shot]), Batch(x[:, k_shot:], y[:, k_shot:]))


def test_a_classifier_of_ones_own_tasks(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(FAMILIES, "blobs", Blobs())  # as `register` does, and gone after the test
    flags = "--tasks blobs --loss softmax_cross_entropy --model mlp --inner-lr 0.1 --inner-steps 3 --num-iterations 300"
    folder, support, query = (str(tmp_path / name) for name in ("learner", "support.csv", "query.csv"))
    assert main(["train", *flags.split(), "--out", folder]) == 0
    capsys.readouterr()
    assert main(["evaluate", folder, "--num-tasks", "50", "--inner-steps", "3", "--json"]) == 0
    curve = json.loads(capsys.readouterr().out)["curve"]
    assert curve[0]["accuracy"] < 0.45 < 0.7 < curve[3]["accuracy"]
    (tmp_path / "support.csv").write_text("x1,x2,y\n0,0,0\n0.1,0,0\n2,2,1\n2,2.1,1\n-2,2,2\n-2,2.1,2\n")
    (tmp_path / "query.csv").write_text("x1,x2\n0,0.1\n2.1,2\n-2.1,2\n")
    assert main(["adapt", folder, support, "--predict", query, "--inner-steps", "10"]) == 0
    assert capsys.readouterr().out.split() == ["x1,x2,y", "0,0.1,0", "2.1,2,1", "-2.1,2,2"]


def test_rows_that_no_file_can_hold_are_refused():
    network = MLP(in_dim=2, out_dim=2, rngs=nnx.Rngs(0))
    learner = Learner.untrained(Experiment(), model=network, tasks=Pairs())
    with pytest.raises(ValueError, match=r"inputs of shape \[inputs\] and one target, this learner's are \[2\] and 2"):
        column_names(learner)


class Pairs(Blobs):
    """Two targets of two inputs."""

    def sample(self, key, meta_batch_size, k_shot, k_query):
        episode = super().sample(key, meta_batch_size, k_shot, k_query)
        return Episode(*(batch._replace(y=batch.x) for batch in episode))
