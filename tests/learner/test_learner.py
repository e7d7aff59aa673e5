"""What training leaves behind: adapting from few rows, and files that are whole or refused."""

import dataclasses
import errno
import json
import os
import shutil
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

import maml_engine
from maml_engine import MLP, Batch, Experiment, Learner, Sinusoid, TableLearner, adapt, train
from maml_engine.io.arrays import StorageError, load_arrays, save_arrays
from maml_engine.tasks import Scaling

EXPERIMENT = Experiment(hidden_dim=8, inner_steps=2)
X, Y = np.linspace(-4.0, 4.0, 5), np.sin(np.linspace(-4.0, 4.0, 5))
QUERY = np.linspace(-5.0, 5.0, 7)


@pytest.fixture(scope="module")
def fresh():
    return Learner.untrained(EXPERIMENT)


@pytest.fixture
def folder(fresh, tmp_path):
    fresh.save(tmp_path / "learner")
    return tmp_path / "learner"


# Adapting.


def test_adapting_is_gradient_descent_on_the_rows(fresh):
    model = EXPERIMENT.build_model()
    support = Batch(jnp.asarray(X, jnp.float32)[:, None], jnp.asarray(Y, jnp.float32)[:, None])
    expected = adapt(EXPERIMENT.build_method(), model, support)(jnp.asarray(QUERY, jnp.float32)[:, None])
    np.testing.assert_allclose(fresh.adapt(X, Y)(QUERY), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("rows", [1, 5, 8, 9])
def test_padding_to_a_few_sizes_changes_nothing(fresh, rows, monkeypatch):
    rng = np.random.default_rng(rows)
    x, y = rng.uniform(-5, 5, rows), rng.normal(size=rows)
    padded = fresh.adapt(x, y, inner_steps=3)(QUERY)
    monkeypatch.setattr(Learner, "padded_size", lambda self, rows, smallest: rows)
    np.testing.assert_allclose(padded, fresh.adapt(x, y, inner_steps=3)(QUERY), rtol=1e-5, atol=1e-6)


def test_zero_steps_change_nothing(fresh):
    np.testing.assert_array_equal(fresh.adapt(X, Y, inner_steps=0)(QUERY), fresh.adapt(X[:1], Y[:1], inner_steps=0)(QUERY))


def test_no_task_leaks_into_the_next(fresh):
    alone = fresh.adapt(X, Y)(QUERY)
    fresh.adapt(X, -Y, inner_steps=5)
    np.testing.assert_array_equal(fresh.adapt(X, Y)(QUERY), alone)


def test_predictions_do_not_depend_on_what_is_predicted_beside_them(fresh):
    adapted = fresh.adapt(X, Y)
    np.testing.assert_allclose(np.concatenate([adapted([point]) for point in QUERY]), adapted(QUERY), rtol=1e-6)


def test_units_are_those_of_the_data(fresh):
    """Adapting in other units is adapting to the rescaled task."""
    scaling = Scaling(x_mean=np.float32([100]), x_std=np.float32([10]), y_mean=np.float32([-3]), y_std=np.float32([2]))
    scaled = fresh.replace(scaling=scaling)
    inner = fresh.adapt(X, Y)(QUERY)
    outer = scaled.adapt(100 + 10 * X, -3 + 2 * Y)(100 + 10 * QUERY)
    np.testing.assert_allclose(outer, -3 + 2 * inner, rtol=1e-4, atol=1e-4)  # float32 near 100


def test_the_adapted_network_is_a_module_of_its_own(fresh):
    adapted = fresh.adapt(X, Y)
    np.testing.assert_allclose(adapted.model(jnp.asarray(QUERY, jnp.float32)[:, None]), adapted(QUERY), rtol=1e-6, atol=1e-6)


def test_nothing_is_said_about_how_sure_a_single_network_is(fresh):
    prediction = fresh.adapt(X, Y).predict(QUERY)
    assert prediction.low is None
    assert prediction.high is None
    assert prediction.mean.shape == (7, 1)


@pytest.mark.parametrize(
    ("x", "y", "complaint"),
    [
        ([], [], "at least 1"),
        ([1, 2], [1], "same number of rows"),
        ([1, np.nan], [1, 2], "`x` must hold finite numbers, got nan in row 2"),
        ([1, 2], [np.inf, 2], "`y` must hold finite numbers, got inf in row 1"),
        (["a"], [1], "`x` must hold numbers"),
        ([[1, 2]], [1], r"`x` must have the shape \[rows, 1\], got \[1, 2\]"),
        ([[[1]]], [1], "shape"),
        (None, [1], "`x` must"),
    ],
)
def test_support_rows_that_cannot_work_are_refused(fresh, x, y, complaint):
    with pytest.raises(ValueError, match=complaint) as refusal:
        fresh.adapt(x, y)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("inner_steps", [-1, 1.5, "3", np.nan])
def test_steps_that_cannot_be_taken_are_refused(fresh, inner_steps):
    with pytest.raises(ValueError, match="`inner_steps` must be a whole number >= 0"):
        fresh.adapt(X, Y, inner_steps)


def test_no_points_to_predict_give_no_predictions(fresh):
    assert fresh.adapt(X, Y)([]).shape == (0, 1)


# Files.


def test_a_saved_learner_predicts_the_same(folder, fresh):
    again = Learner.load(folder)
    assert again.experiment == fresh.experiment
    np.testing.assert_array_equal(again.adapt(X, Y)(QUERY), fresh.adapt(X, Y)(QUERY))


def test_a_learner_saved_over_a_tables_is_the_one_that_is_opened(fresh, tmp_path):
    shutil.copytree(Path(__file__).parents[1] / "compatibility" / "table_learner", tmp_path, dirs_exist_ok=True)
    assert isinstance(Learner.load(tmp_path), TableLearner)
    fresh.save(tmp_path)
    np.testing.assert_array_equal(Learner.load(tmp_path).adapt(X, Y)(QUERY), fresh.adapt(X, Y)(QUERY))


def test_a_trained_one_and_its_scaling_come_back(tmp_path):
    report = list(train(dataclasses.replace(EXPERIMENT, num_iterations=2)))[-1]
    scaled = report.learner.replace(scaling=Scaling(y_mean=np.float32([5]), y_std=np.float32([2])))
    scaled.save(tmp_path)
    again = Learner.load(tmp_path)
    assert again.iteration == 2
    jax.tree.map(np.testing.assert_array_equal, again.scaling, scaled.scaling)
    np.testing.assert_array_equal(again.adapt(X, Y)(QUERY), scaled.adapt(X, Y)(QUERY))


def test_the_callers_own_module_comes_back_into_one_like_it(tmp_path):
    def build(seed):
        return MLP(6, num_layers=1, rngs=nnx.Rngs(seed))

    own = Learner.untrained(EXPERIMENT, model=build(1), tasks=Sinusoid())
    own.save(tmp_path)
    np.testing.assert_array_equal(Learner.load(tmp_path, build(2)).adapt(X, Y)(QUERY), own.adapt(X, Y)(QUERY))
    with pytest.raises(StorageError, match="another model"):
        Learner.load(tmp_path)


def test_a_small_file_that_describes_a_huge_network_is_refused_before_it_is_made(tmp_path, monkeypatch):
    """Frequencies that were drawn lie beside its parameters, so it would be built."""
    small, huge = (Experiment(model="fourier_mlp", hidden_dim=size, num_layers=3) for size in (4, 16_384))
    Learner.untrained(small).save(tmp_path)
    arrays, facts = load_arrays(tmp_path / "learner.safetensors")
    facts |= {"experiment": huge.digest, "description": huge.to_json()}
    save_arrays(tmp_path / "learner.safetensors", arrays, facts)
    (tmp_path / "experiment.json").write_text(huge.to_json())
    monkeypatch.setattr(Experiment, "build_model", lambda *_: pytest.fail("It is built."))
    with pytest.raises(StorageError, match="this model and method need"):
        Learner.load(tmp_path)


def test_the_file_is_refused_wherever_it_is_cut(folder):
    path = folder / "learner.safetensors"
    content = path.read_bytes()
    for length in {*range(0, 64, 5), *np.linspace(64, len(content) - 1, 40).astype(int).tolist()}:
        path.write_bytes(content[:length])
        with pytest.raises(StorageError):
            Learner.load(folder)


def test_every_flipped_bit_is_seen(folder, fresh):
    path = folder / "learner.safetensors"
    content = path.read_bytes()
    rng = np.random.default_rng(0)
    header = 8 + int.from_bytes(content[:8], "little")
    places = [*rng.integers(header, size=100), *rng.integers(header, len(content), 100)]
    expected = fresh.adapt(X, Y)(QUERY)
    for place in places:
        altered = bytearray(content)
        altered[place] ^= 1 << rng.integers(8)
        path.write_bytes(altered)
        try:
            loaded = Learner.load(folder)
        except StorageError as error:
            assert "\n" not in str(error)
        else:  # a bit of the header that carries no meaning: padding, or the order of two arrays
            assert place < header
            np.testing.assert_array_equal(loaded.adapt(X, Y)(QUERY), expected)


def test_what_is_no_learners_folder_is_refused(tmp_path, folder):
    with pytest.raises(StorageError, match="is not a learner's folder"):
        Learner.load(tmp_path / "missing")
    with pytest.raises(StorageError, match="is not a learner's folder"):
        Learner.load(tmp_path)
    save_arrays(folder / "learner.safetensors", {}, {"something": 1})
    with pytest.raises(StorageError, match="is not a learner"):
        Learner.load(folder)


def test_an_experiment_that_was_changed_by_hand_is_refused(folder):
    Learner.load(folder)
    path = folder / "experiment.json"
    path.write_text(path.read_text().replace('"inner_lr": 0.01', '"inner_lr": 0.1'))
    with pytest.raises(StorageError, match=r"experiment\.json was changed after"):
        Learner.load(folder)
    path.write_text("{")
    with pytest.raises(StorageError, match="must be JSON"):
        Learner.load(folder)


def test_a_learner_for_other_shapes_is_refused(folder):
    arrays, facts = load_arrays(folder / "learner.safetensors")
    name = next(name for name in arrays if "fc2" in name and "kernel" in name)
    save_arrays(folder / "learner.safetensors", arrays | {name: arrays[name][:3]}, facts)
    with pytest.raises(StorageError, match="fc2"):
        Learner.load(folder)


@pytest.mark.parametrize("stop_before", ["learner.safetensors", "experiment.json"])
def test_a_kill_between_the_files_leaves_the_old_learner_or_the_new_one(folder, fresh, monkeypatch, stop_before):
    """Saved over another run, whose experiment differs."""
    other = Learner.untrained(dataclasses.replace(EXPERIMENT, seed=1, num_iterations=7))
    replace = os.replace

    def killed(source, target):
        if os.path.basename(target) == stop_before:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        other.save(folder)
    left = fresh if stop_before == "learner.safetensors" else other
    assert Learner.load(folder).experiment == left.experiment
    np.testing.assert_array_equal(Learner.load(folder).adapt(X, Y)(QUERY), left.adapt(X, Y)(QUERY))
    assert sorted(path.name for path in folder.iterdir()) == ["experiment.json", "learner.safetensors"]


def test_a_first_save_that_is_killed_between_the_files_is_whole(fresh, tmp_path, folder):
    shutil.copy(folder / "learner.safetensors", tmp_path)
    assert Learner.load(tmp_path).experiment == fresh.experiment


@pytest.mark.parametrize("call", ["replace", "fsync"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_a_full_disk_leaves_the_old_file_and_says_so(folder, fresh, monkeypatch, call, code):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    def refuse(*args):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(StorageError, match=os.strerror(code)) as refusal:
        fresh.replace(iteration=5).save(folder)
    assert "What was there before is unchanged." in str(refusal.value)
    monkeypatch.undo()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    fresh.replace(iteration=5).save(folder)  # and works again without a restart
    assert Learner.load(folder).iteration == 5


def test_a_folder_where_a_file_is_in_the_way_is_refused(fresh, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="Could not write"):
        fresh.save(tmp_path / "file" / "learner")


def test_scalars_and_vectors_keep_their_shapes(tmp_path):
    arrays = {
        "scalar": np.float32(3),
        "vector": np.zeros(1),
        "turned": np.arange(6).reshape(2, 3).T,
        "none": np.zeros((0, 2), np.int32),
    }
    save_arrays(tmp_path / "arrays", arrays, {"one": 1})
    again, facts = load_arrays(tmp_path / "arrays")
    assert facts == {"one": 1}
    for name, array in arrays.items():
        np.testing.assert_array_equal(again[name], array)
        assert again[name].shape == np.shape(array)


def test_the_experiment_lies_beside_as_json_for_people(folder):
    assert json.loads((folder / "experiment.json").read_text())["hidden_dim"] == 8


def test_the_shipped_learners_open():
    root = os.path.join(os.path.dirname(maml_engine.__file__), "pretrained")
    shipped = [name for name in os.listdir(root) if os.path.isfile(os.path.join(root, name, "learner.safetensors"))]
    assert shipped
    pictures = np.random.default_rng(0).uniform(size=(10, 28, 28, 1))
    for name in shipped:
        learner = Learner.load(os.path.join(root, name))
        is_of_waves = learner.experiment.tasks == "sinusoid"
        x, y, query = (X, Y, QUERY) if is_of_waves else (pictures, np.eye(n := learner.out_dim)[np.arange(10) % n], pictures)
        assert np.isfinite(learner.adapt(x, y)(query)).all()


def test_inputs_near_1e8_are_kept_under_64_bits(x64):
    """A second of a year, in seconds: 32 bits keep steps of 8."""
    seconds = 1e8 + np.arange(8.0)
    scaling = Scaling.fit(seconds[:, None], Y[:1, None])
    fresh = Learner.untrained(EXPERIMENT).replace(scaling=scaling)
    twin = Learner.untrained(EXPERIMENT)
    expected = twin.adapt((seconds - seconds.mean()) / seconds.std(), seconds - 1e8 - Y[0])
    got = fresh.adapt(seconds, seconds - 1e8)
    np.testing.assert_allclose(got(seconds), Y[0] + expected((seconds - seconds.mean()) / seconds.std()), rtol=1e-9)
    assert got(seconds).dtype == np.float64
