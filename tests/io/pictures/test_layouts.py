"""What folders say: splits, classes, alphabets."""

import pytest

from maml_engine.io.pictures.layouts import Place, folders_of, guess_layout, places_of, split_in, split_of, without_top


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train", "train"),
        ("Training", "train"),
        ("train_images", "train"),
        ("images_background", "train"),
        ("base", "train"),
        ("meta-val", "validation"),
        ("VALID", "validation"),
        ("validation set", "validation"),
        ("test", "test"),
        ("images_evaluation", "test"),
        ("novel", "test"),
        ("trains", ""),  # a class of vehicles
        ("test tubes", ""),
        ("train test", ""),
        ("Greek", ""),
        ("", ""),
    ],
)
def test_folders_that_name_a_split(name, split):
    assert split_of(name) == split


def test_lists_that_name_a_split_somewhere():
    assert split_in("cifar_fs_train.csv") == "train"
    assert split_in("mini_imagenet_ravi_val.csv") == "validation"
    assert split_in("labels.csv") == split_in("train_test.csv") == ""


@pytest.mark.parametrize(
    ("paths", "layouts", "first"),
    [
        (["cat/1.png", "dog/1.png"], ("classes", "unlabelled"), Place("cat", "")),
        (["top/cat/1.png", "top/dog/1.png"], ("classes", "unlabelled"), Place("cat", "")),
        (["a/b/cat/1.png", "a/b/dog/1.png"], ("classes", "unlabelled"), Place("cat", "")),
        (["cat/images/1.png", "dog/images/1.png"], ("classes", "unlabelled"), Place("cat", "")),
        (["Greek/c1/1.png", "Latin/c1/1.png", "Latin/c2/1.png"], ("alphabets", "classes"), Place("Greek/c1", "")),
        (["train/cat/1.png", "test/dog/1.png"], ("splits", "classes", "alphabets"), Place("cat", "train")),
        (["x/train/cat/images/1.png", "x/val/dog/images/1.png"], ("splits", "classes", "alphabets"), Place("cat", "train")),
        (
            ["images_background/Greek/c1/1.png", "images_evaluation/Latin/c2/1.png"],
            ("splits", "classes", "alphabets"),
            Place("Greek/c1", "train"),
        ),
        (["1.png", "2.png"], ("unlabelled",), Place("", "")),
        (["cat/1.png", "cat/2.png"], ("unlabelled",), Place("", "")),  # one folder is no class
        (["train/1.png", "test/2.png"], ("unlabelled", "classes"), Place("", "")),
        (["cat/1.png", "dog/1.png", "loose.png"], ("classes", "unlabelled"), Place("cat", "")),
        (["train/cat/1.png", "test/dog/1.png", "extra/1.png"], ("splits", "classes", "alphabets"), Place("cat", "train")),
        (["train/wagon/1.png", "plane/jet/1.png", "plane/kite/1.png"], ("alphabets", "classes"), Place("train/wagon", "")),
    ],
)
def test_layouts_are_guessed_from_folders(paths, layouts, first):
    folders = folders_of(without_top(paths)[1])
    assert guess_layout(folders) == layouts
    assert places_of(folders, layouts[0])[0] == first


def test_a_folder_at_the_top_is_named():
    assert without_top(["a/b/c/1.png", "a/b/d/1.png"]) == ("a/b", [("c", "1.png"), ("d", "1.png")])
    assert without_top(["a/b/1.png"])[0] == "a/b"
    assert without_top([]) == ("", [])
