"""Omniglot: its archives, its splits, and its runs. Most of it on archives that the test makes, in the authors' layout."""

import hashlib
import io
import pickle
import zipfile

import jax
import numpy as np
import pytest
from PIL import Image

from maml_engine import Experiment
from maml_engine.io.arrays import StorageError
from maml_engine.tasks import SPLITS, Omniglot, OmniglotRuns
from maml_engine.tasks.images import omniglot_files
from maml_engine.tasks.images.omniglot import CLASS_SPLITS
from tests.real_data import DATA, real_file
from tests.tasks.images.omniglot_archives import write_archive, write_runs

KEY = jax.random.key(0)
# The published split, as one digest of its sorted characters.
VINYALS = {
    "train": (1028, "c350ea5778649d32"),
    "validation": (172, "d3f56052fbd17195"),
    "test": (423, "bbbdc01c73fd2d34"),
}
BACKGROUND = {"Latin": 3, "Hebrew": 2, "N_Ko": 2}
EVALUATION = {"Tengwar": 2, "Gurmukhi": 2, "Malay_(Jawi_-_Arabic)": 2}


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A small Omniglot in `MAML_LAB_DATA`."""
    folder = tmp_path / "data" / "omniglot"
    folder.mkdir(parents=True)
    write_archive(folder / "images_background.zip", "images_background", BACKGROUND)
    write_archive(folder / "images_evaluation.zip", "images_evaluation", EVALUATION, 965)
    monkeypatch.setenv("MAML_LAB_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("MAML_LAB_HOME", str(tmp_path / "home"))
    counts = {"images_background.zip": BACKGROUND, "images_evaluation.zip": EVALUATION}
    published = {name: one._replace(characters=sum(counts[name].values())) for name, one in omniglot_files.ARCHIVES.items()}
    monkeypatch.setattr(omniglot_files, "ARCHIVES", published)
    return folder


def test_pictures_are_28_wide_with_ink_bright_in_the_order_of_characters(small):
    tasks = Omniglot.read(n_way=2)
    assert tasks.images.shape == (13 * 20, 28, 28, 1)
    assert tasks.images.dtype == np.uint8
    pictures = np.asarray(tasks.images)
    assert np.median(pictures) == 0  # paper
    assert pictures.max() > 200  # ink
    with zipfile.ZipFile(small / "images_background.zip") as archive:
        content = archive.read("images_background/Hebrew/character01/0004_07.png")
    whole = Image.open(io.BytesIO(content)).convert("L").resize((28, 28), Image.Resampling.LANCZOS)
    first = int(tasks.first[tasks.class_names.index("Hebrew/character01")])
    np.testing.assert_array_equal(pictures[first + 6, ..., 0], 255 - np.asarray(whole))


@pytest.mark.parametrize(
    ("class_split", "alphabets"),
    [
        ("vinyals", ({"Latin", "N_Ko", "Gurmukhi", "Malay_(Jawi_-_Arabic)"}, {"Hebrew"}, {"Tengwar"})),
        ("background", ({"Latin", "N_Ko"}, {"Hebrew"}, {"Tengwar", "Gurmukhi", "Malay_(Jawi_-_Arabic)"})),
    ],
)
def test_splits_go_by_name(small, class_split, alphabets):
    tasks = Omniglot.read(class_split=class_split)
    found = tuple({name.split("/")[0] for name in tasks.split(split).held_names} for split in SPLITS)
    assert found == alphabets


def test_it_is_read_once_and_kept_for_the_next_process(small, monkeypatch):
    images = Omniglot.read().images
    assert Omniglot.read(class_split="background", n_way=3).images is images
    omniglot_files._characters.cache_clear()
    monkeypatch.setattr(omniglot_files, "_read", lambda paths: pytest.fail("the archives were read again"))
    np.testing.assert_array_equal(Omniglot.read().images, images)


def test_a_damaged_copy_is_made_anew_and_a_new_archive_is_read(small, tmp_path):
    Omniglot.read()
    (ready,) = (tmp_path / "home" / "cache").iterdir()
    content = bytearray(ready.read_bytes())
    content[-5] ^= 1
    ready.write_bytes(content)
    omniglot_files._characters.cache_clear()
    assert len(Omniglot.read().images) == 260
    write_archive(small / "images_background.zip", "images_background", {"Latin": 4, "Hebrew": 1, "N_Ko": 2})
    assert "Latin/character04" in Omniglot.read().class_names


def test_it_travels_as_a_name(small):
    tasks = Omniglot.read(n_way=4, class_split="background", rotations=False, distortion=0.5, same_group=True).split("test")
    content = pickle.dumps(tasks)
    assert len(content) < 1000
    again = pickle.loads(content)
    assert again.images is tasks.images
    assert (again.n_way, again.rotations, again.stream, again.held_names) == (4, False, "test", tasks.held_names)
    assert (again.distortion, again.same_group) == (0.5, True)


def test_an_experiment_names_it(small):
    tasks = Experiment(tasks="omniglot", n_way=2, class_split="background", rotations=False).build_tasks()
    assert (tasks.n_way, tasks.class_split, tasks.rotations) == (2, "background", False)
    assert tasks.split("test").sample(KEY, 3, 1, 4).query.x.shape == (3, 8, 28, 28, 1)


def test_an_archive_of_something_else_is_refused(small):
    write_archive(small / "images_background.zip", "images_background_small1", {"Latin": 2})
    with pytest.raises(StorageError, match="must hold the pictures of 7 characters, got 2"):
        Omniglot.read()
    (small / "images_background.zip").write_bytes(b"<html>")
    with pytest.raises(ValueError, match="zip"):
        Omniglot.read()


def test_where_it_is_not_and_cannot_be_had_one_sentence_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("MAML_LAB_DATA", str(tmp_path / "none"))
    monkeypatch.setenv("MAML_LAB_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(omniglot_files, "SOURCE", "http://127.0.0.1:1")
    with pytest.raises(StorageError, match=r"Omniglot is not on this machine .*Connection refused.*: put images_background"):
        Omniglot.read()
    with pytest.raises(StorageError, match=r"put one_shot_all_runs\.zip into .*all_runs\.zip\.$"):
        OmniglotRuns.read()


def test_runs_are_tasks_of_one_known_picture_a_class(small):
    asked, order = write_runs(small / "one_shot_all_runs.zip")
    tasks = OmniglotRuns.read()
    episode = tasks.split("test").every(KEY, 1)
    assert episode.support.x.shape == episode.query.x.shape == (2, 20, 28, 28, 1)
    np.testing.assert_array_equal(episode.query.y.argmax(-1), [order, order])
    expected = omniglot_files.scaled(asked[1][3], "item") / np.float32(255)
    np.testing.assert_allclose(episode.query.x[1, 3], expected, rtol=1e-6)
    with pytest.raises(ValueError, match="`k_shot` must be 1"):
        tasks.every(KEY, 5)


# The real one, where it is.


@pytest.fixture(scope="module")
def real():
    real_file("omniglot/images_background.zip")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAML_LAB_DATA", str(DATA))
        yield {name: Omniglot.read(class_split=name) for name in CLASS_SPLITS}


def test_the_split_is_the_published_one(real):
    for split, (count, digest) in VINYALS.items():
        names = real["vinyals"].split(split).held_names
        assert len(names) == count
        assert hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()[:16] == digest
    lists = {"train": "train", "validation": "val", "test": "test"}
    for split, name in lists.items():
        lines = real_file(f"omniglot/vinyals/{name}.txt").read_text().split()
        assert {line.rpartition("/")[0] for line in lines} == set(real["vinyals"].split(split).held_names)


def test_the_background_split_tests_on_the_evaluation_set(real):
    tasks = real["background"]
    assert [tasks.split(name).num_classes for name in SPLITS] == [964 - 172, 172, 659]


def test_every_character_is_drawn_by_twenty_people_with_as_much_ink_as_published(real):
    tasks = real["vinyals"]
    assert tasks.images.shape == (32_460, 28, 28, 1)
    assert (np.asarray(tasks.count) == 20).all()
    assert np.asarray(tasks.images).mean() / 255 == pytest.approx(0.08, abs=0.005)


def test_the_nearest_picture_errs_as_published(real):
    """5-way 1-shot on test characters, not turned: 41.7 % right (Vinyals et al., 2016)."""
    episode = real["vinyals"].replace(rotations=False).split("test").sample(KEY, 2000, 1, 5)
    known, asked = (np.asarray(part.x).reshape(2000, -1, 784) for part in episode)
    distance = (asked**2).sum(-1)[..., None] - 2 * asked @ known.swapaxes(1, 2) + (known**2).sum(-1)[:, None]
    right = distance.argmin(-1) == np.asarray(episode.query.y).argmax(-1)
    assert right.mean() == pytest.approx(0.417, abs=0.015)
