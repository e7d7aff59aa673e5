"""Anyone's pictures as tasks."""

import jax
import numpy as np
import pytest

from maml_engine.tasks.images.folder import ImageFolder
from tests.io.pictures.drawn import class_folders, drawing, photo
from tests.real_data import real_file
from tests.zips import zipped


def names_of(folder):
    return {split: set(folder.split(split).pool.held_names) for split in ("train", "validation", "test")}


def test_class_folders_are_split_by_class_and_seed():
    files = class_folders(12, 4)
    folder = ImageFolder.read(zipped(files), n_way=2, k_shot=1, k_query=2)
    names = names_of(folder)
    assert [len(part) for part in names.values()] == [8, 2, 2]
    assert len(set.union(*names.values())) == 12
    assert names == names_of(ImageFolder.read(files, n_way=2))
    assert names != names_of(ImageFolder.read(files, n_way=2, seed=1))
    assert "Nothing says which classes are for validation and test: they are drawn by `seed` 0" in folder.note


def test_episodes_hold_each_classs_own_pictures():
    """Each picture of a class has its class's brightness."""

    def flat(seed):
        return drawing(0).point(lambda _: 20 * (seed // 100))

    files = class_folders(6, 5, of=flat)
    folder = ImageFolder.read(files, n_way=2, k_shot=2, k_query=3, size=8, colour="grey")
    level = {int(name.split()[1]) * 20 for name in folder.split("test").pool.held_names}
    episode = folder.split("test").sample(jax.random.key(0), 4, 2, 3)
    assert episode.support.x.shape == (4, 4, 8, 8, 1) and episode.query.x.shape == (4, 6, 8, 8, 1)
    assert episode.support.y.shape == (4, 4, 2) and episode.query.y.shape == (4, 6, 2)
    for support, query in zip(*(np.asarray(batch.x) for batch in episode), strict=True):
        brightness = np.round(support.mean(axis=(1, 2, 3)) * 255)
        assert set(brightness) == level
        np.testing.assert_array_equal(np.round(query.mean(axis=(1, 2, 3)) * 255), np.repeat(brightness[::2], 3))


def test_splits_are_those_of_folders():
    files = {f"train/{name}": content for name, content in class_folders(6, 2).items()}
    files |= {f"test/{name}": content for name, content in class_folders(3, 2, name="new {}").items()}
    folder = ImageFolder.read(files, n_way=2)
    names = names_of(folder)
    assert names["test"] == {"new 0", "new 1", "new 2"}
    assert [len(part) for part in names.values()] == [4, 2, 3]
    assert "which classes are for validation: they are drawn" in folder.note
    files |= {f"val/{name}": content for name, content in class_folders(2, 2, name="held {}").items()}
    folder = ImageFolder.read(files, n_way=2)
    assert names_of(folder)["validation"] == {"held 0", "held 1"} and folder.note == ""


def cifar_like(of=photo):
    """Two pictures of each class of CIFAR-FS, 32 x 32, by superclass and class, and its split lists."""
    lists = {
        f"cifar_fs_{split}.csv": real_file(f"splits/cifar_fs_{split}.csv").read_bytes() for split in ("train", "val", "test")
    }
    rows = [line.replace(",", "/") for content in lists.values() for line in content.decode().splitlines()[1:]]
    files = {}
    for number, name in enumerate(rows):
        files |= class_folders(1, 2, name=name, of=lambda seed, number=number: of(1000 * number + seed, width=32, height=32))
    return files, lists


def test_cifar_fs_by_its_split_lists():
    files, lists = cifar_like()
    for folder in (ImageFolder.read(zipped(files), lists=lists), ImageFolder.read(zipped({**files, **lists}))):
        assert [len(part) for part in names_of(folder).values()] == [64, 16, 20]
        assert "aquatic_mammals/whale" in names_of(folder)["test"]
        assert folder.pool.images.shape == (200, 32, 32, 3)
    # Folders of the class alone, as others pack it.
    plain = {name.partition("/")[2]: content for name, content in files.items()}
    assert [len(part) for part in names_of(ImageFolder.read(plain | lists)).values()] == [64, 16, 20]


def test_mini_imagenet_by_its_split_lists():
    lists = {
        f"{split}.csv": real_file(f"splits/mini_imagenet_ravi_{split}.csv").read_bytes() for split in ("train", "val", "test")
    }
    names = [line for content in lists.values() for line in content.decode().splitlines()[1:]]
    files = {}
    for name in names:
        files |= class_folders(1, 2, name=name, of=lambda seed: photo(seed, width=100, height=90), kind="JPEG")
    folder = ImageFolder.read(files | lists)
    assert [len(part) for part in names_of(folder).values()] == [64, 16, 20]
    assert folder.pool.images.shape == (200, 84, 84, 3)
    # As Ravi and Larochelle have it: one folder of pictures, and lists of files and labels.
    flat = {f"images/{path.replace('/', '_')}": content for path, content in files.items()}
    rows = {
        split: b"filename,label\n"
        + b"".join(
            f"{path.replace('/', '_')},{path.partition('/')[0]}\n".encode() for path in files if path.partition("/")[0] in text
        )
        for split, text in ((name, content.decode()) for name, content in lists.items())
    }
    assert [len(part) for part in names_of(ImageFolder.read(flat | rows)).values()] == [64, 16, 20]


@pytest.mark.parametrize(
    ("files", "options", "complaint"),
    [
        (
            class_folders(5, 2),
            {"n_way": 2},
            "at least `n_way` = 2 classes for each of training, validation and test, got 5 classes",
        ),
        (
            class_folders(6, 2),
            {"n_way": 2, "k_query": 2},
            "at least 2 classes|got 0 classes.*6 classes of fewer than 3 pictures left",
        ),
        (class_folders(1, 2), {}, "at least 1 classes, such as a folder for each, got 2 pictures in one folder"),
        (class_folders(6, 2), {"n_way": 1}, "`n_way` must be a whole number >= 2"),
        (class_folders(6, 2), {"k_shot": 0}, "`k_shot` must be a whole number >= 1"),
        (class_folders(6, 2), {"layout": "flat"}, "`layout` must be one of"),
    ],
)
def test_what_makes_no_tasks_is_refused_in_one_sentence(files, options, complaint):
    with pytest.raises(ValueError, match=complaint) as refusal:
        ImageFolder.read(files, **options)
    assert len(str(refusal.value).splitlines()) == 1


def test_classes_of_too_few_pictures_are_named_and_equal_pools_hash_alike():
    files = class_folders(6, 4) | class_folders(1, 2, name="small {}")
    folder = ImageFolder.read(files, n_way=2, k_shot=2, k_query=2)
    assert "1 class of fewer than 4 pictures left out: 'small 0'." in folder.note
    assert "small 0" not in set.union(*names_of(folder).values())
    other = ImageFolder.read(zipped(files), n_way=2, k_shot=2, k_query=2)
    assert folder.origin == other.origin and hash(folder.origin) == hash(other.origin)
    assert folder.digest == other.digest


def test_omniglot_as_anybodys_zip():
    folder = ImageFolder.read(real_file("omniglot/images_background_small2.zip"), k_shot=5, k_query=15)
    assert [len(part) for part in names_of(folder).values()] == [94, 31, 31]
    assert folder.sample(jax.random.key(0), 2, 5, 15).query.x.shape == (2, 75, 28, 28, 1)
