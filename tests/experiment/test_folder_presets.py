"""Protocol cards on pictures that are not ours: settings, and each layout that people have of them end to end, in small."""

import json

import jax
import numpy as np
import pytest
from PIL import Image

from maml_engine.__main__ import main
from maml_engine.cli.saved_runs import load_with_tasks
from maml_engine.core.adapter import Adapter
from maml_engine.experiment.folder_presets import CIFAR_FS, FOLDER_PRESETS
from maml_engine.experiment.picture_presets import PICTURE_PRESETS
from maml_engine.experiment.presets import PRESETS
from maml_engine.tasks import ImageFolder, ImagePool, Sinusoid
from maml_engine.tasks.images.folder import PicturesOrigin
from tests.io.pictures.drawn import saved
from tests.zips import zipped

SPLITS = {"train": range(6), "val": range(6, 11), "test": range(11, 16)}
PICTURES = 3
SMALL = ["--num-iterations", "2", "--meta-batch-size", "1", "--filters", "2", "--k-query", "2", "--inner-steps", "1"]
SMALL += ["--image-size", "8"]


@pytest.mark.parametrize(
    ("name", "published", "margin", "size", "meta_batch_size"),
    [
        ("mini_imagenet_maml", 0.487, 0.0184, 84, 4),
        ("mini_imagenet_maml_5shot", 0.6311, 0.0092, 84, 2),
        ("cifar_fs_maml", 0.589, 0.019, 32, 4),
        ("cifar_fs_maml_5shot", 0.715, 0.01, 32, 2),
    ],
)
def test_a_card_has_the_papers_settings_and_numbers(name, published, margin, size, meta_batch_size):
    card = FOLDER_PRESETS[name]
    assert (card.published, card.margin) == ({10: published}, {10: margin})
    run = card.experiment
    assert (run.image_size, run.meta_batch_size, run.filters, run.downsampling) == (size, meta_batch_size, 32, "max_pool")
    assert (run.inner_steps, run.inner_lr, run.k_query, run.num_iterations) == (5, 5 * 0.01, 15, 60_000)
    assert card.judged == {"k_shot": run.k_shot, "k_query": run.k_shot, "inner_steps": 10, "num_tasks": 600}
    assert "not measured here: the pictures are not ours to ship" in card.not_measured
    assert f"published {published:g} ± {margin:g} after 10 steps" in card.not_measured


def test_the_network_is_the_papers_and_a_card_has_a_name_of_its_own():
    assert not set(FOLDER_PRESETS) & set(PRESETS | PICTURE_PRESETS)
    assert all(card.not_measured == "" for card in (PRESETS | PICTURE_PRESETS).values())
    run = FOLDER_PRESETS["mini_imagenet_maml"].experiment
    network, template = run.build_template(1, 5, (84, 84, 3))
    adapter = Adapter(run.build_method(), template, network, run.loss_fn)
    assert adapter.meta.init["head"]["kernel"].shape == (5 * 5 * 32, 5)


def colour(number, place):
    """A picture that says its class in red, and which of its class it is in green."""
    return Image.new("RGB", (32, 32), (16 * number, 64 * place, 255 - 8 * number))


def names(number):
    return f"n0153{number:04d}"


def class_folders():
    """data/cifar100/CLASS/PICTURE, split lists of classes below splits/, what a Mac adds, Windows line ends."""
    files = {
        f"data/cifar100/{names(number)}/{place}.PNG": saved(colour(number, place))
        for one in SPLITS.values()
        for number in one
        for place in range(PICTURES)
    }
    files |= {"data/.DS_Store": b"\0", f"data/cifar100/{names(0)}/.DS_Store": b"\0"}
    lists = {f"splits/{split}.txt": "".join(f"{names(number)}\r\n" for number in one) for split, one in SPLITS.items()}
    return files | {path: text.encode() for path, text in lists.items()}


def split_folders():
    return {
        f"CIFAR_FS/{split}/{names(number)}/{place}.png": saved(colour(number, place))
        for split, one in SPLITS.items()
        for number in one
        for place in range(PICTURES)
    }


def flat_with_lists():
    """As Ravi and Larochelle have it: one folder of pictures, and lists of files and labels."""
    files, rows = {}, dict.fromkeys(SPLITS, "filename,label\r\n")
    for split, one in SPLITS.items():
        for number in one:
            for place in range(PICTURES):
                name = f"{names(number)}{place:08d}"
                files[f"images/{name}.JPEG"] = saved(colour(number, place), "JPEG")
                rows[split] += f"{name}.jpg,{names(number)}\r\n"
    return files | {f"{split}.csv": text.encode() for split, text in rows.items()}


def written(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def shown(pictures):
    """Class and place of each picture `[..., height, width, 3]`, by its colour."""
    middle = 255 * np.asarray(pictures)[..., 4, 4, :2] / (16, 64)
    return np.round(middle).astype(int)


@pytest.mark.parametrize("files", [class_folders, split_folders, flat_with_lists])
def test_no_class_is_in_two_splits_and_no_picture_in_support_and_query(files):
    """T18 and T5, in each layout that the cards' pictures come in."""
    tasks = ImageFolder.read(zipped(files()), k_query=2, size=8, colour="colour")
    for name, split in zip(SPLITS, ("train", "validation", "test"), strict=True):
        part = tasks.split(split)
        assert part.pool.held_names == tuple(map(names, SPLITS[name]))
        episode = part.sample(jax.random.key(0), 20, 1, 2)
        support, query = shown(episode.support.x), shown(episode.query.x)
        assert set(support[..., 0].ravel()) == set(SPLITS[name])  # every class of the split, and none of another
        for known, asked in zip(support, query, strict=True):
            assert not {tuple(one) for one in known} & {tuple(one) for one in asked}


def test_a_card_runs_end_to_end_on_a_folder(tmp_path, capsys):
    from_end_to_end("cifar_fs_maml", split_folders, tmp_path, capsys)


def from_end_to_end(name, files, tmp_path, capsys):
    """Trained, judged by the card, evaluated, and asked about pictures of new classes; all by the command."""
    data, learner, card = written(tmp_path / "data", files()), tmp_path / "learner", FOLDER_PRESETS[name]
    assert main(["train", "--preset", name, "--data", str(data), *SMALL, "--out", str(learner)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert card.not_measured in lines
    assert any(line.startswith("These pictures are not") and "got 6 + 5 + 5 classes" in line for line in lines)
    differs = next(line for line in lines if line.startswith("Not the card's own run"))
    assert "num_iterations 60000" in differs and "data" not in differs
    step, ours, *_, published = next(line.split() for line in lines if line.split()[:1] == ["10"])
    assert 0 < float(ours) < 1 and float(published) == card.published[int(step)]

    assert load_with_tasks(str(learner), str(data)).default_tasks.pool.class_splits == (6, 5, 5)
    evaluation = ["evaluate", str(learner), "--data", str(data), "--num-tasks", "3", "--inner-steps", "1", "--json"]
    assert main(evaluation) == 0
    assert json.loads(capsys.readouterr().out)["num_tasks"] == 3
    support = {f"{names(number)}/{place}.png": saved(colour(number, place)) for number in SPLITS["test"] for place in (0, 1)}
    new = written(tmp_path / "new", support)
    assert main(["classify", str(learner), str(new), "--query", str(new / names(11)), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["classes"] == [*map(names, SPLITS["test"])] and len(found["pictures"]) == 2


def test_what_a_card_needs_is_asked_for_before_training(tmp_path, capsys):
    assert main(["train", "--preset", "mini_imagenet_maml"]) == 2
    assert "a zip archive of pictures, of mini-ImageNet, which is not ours to ship" in capsys.readouterr().err
    data = written(tmp_path, split_folders())
    few = ["train", "--preset", "cifar_fs_maml_5shot", "--data", str(data), "--k-shot", "1", "--k-query", "1"]
    assert main(few) == 2
    assert "judged by 10 pictures of each class for test, got a class of 3" in capsys.readouterr().err


def test_pictures_that_may_be_the_papers_are_not_called_others():
    def folder(splits, pictures):
        classes = sum(splits)
        count = np.full(classes, pictures)
        images = np.zeros((classes * pictures, 1, 1, 1), np.uint8)
        pool = ImagePool(images, pictures * np.arange(classes), count, class_splits=splits)
        return ImageFolder(pool, PicturesOrigin("", "splits", "bright", 0))

    assert CIFAR_FS.unlike(folder((64, 16, 20), 600)) == ""
    assert "got 60 + 20 + 20 classes" in CIFAR_FS.unlike(folder((60, 20, 20), 600))
    assert "of 500" in CIFAR_FS.unlike(folder((64, 16, 20), 500))
    assert "not of CIFAR-FS" in CIFAR_FS.unlike(Sinusoid())
