"""How pictures are laid out in folders: what is a split, what a class. Paths alone are looked at."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

LAYOUTS = {
    "classes": "a folder for each class",
    "alphabets": "folders of folders: an alphabet, and in it a folder for each character",
    "splits": "folders for training, validation and test, and in each a folder for each class",
    "list": "pictures, and a list of files and labels",
    "unlabelled": "pictures without classes",
}
# Words that name a split; people put "images_" before them, or "_set" behind.
SPLIT_WORDS = {
    "train": ("train", "training", "background", "base", "metatrain", "trn", "trainset"),
    "validation": ("val", "valid", "validation", "dev", "metaval", "metavalidation", "valset"),
    "test": ("test", "testing", "evaluation", "eval", "novel", "metatest", "testset"),
}
BESIDE_THEM = {"images", "image", "imgs", "img", "pictures", "data", "set", "split", "classes", "labels", "list", "meta"}


class Place(NamedTuple):
    """Where a picture belongs.

    class_name: its class, "" for none.
    split: "train", "validation" or "test"; "" where nothing says it.
    """

    class_name: str
    split: str


def split_of(name: str) -> str:
    """The split that a folder or a list is named after; "" for none."""
    words = [word for word in re.split(r"[^a-z]+", name.lower()) if word]
    found = {split for split, known in SPLIT_WORDS.items() for word in words if word in known}
    rest = [word for word in words if word not in BESIDE_THEM and not any(word in known for known in SPLIT_WORDS.values())]
    return found.pop() if len(found) == 1 and not rest else ""


def split_in(name: str) -> str:
    """The split that is said somewhere in a list's name, such as cifar_fs_train.csv; "" for none or several."""
    words = re.split(r"[^a-z]+", name.lower())
    found = {split for split, known in SPLIT_WORDS.items() for word in words if word in known}
    return found.pop() if len(found) == 1 else ""


def without_top(paths: Sequence[str]) -> tuple[str, list[tuple[str, ...]]]:
    """The folders that all paths begin with, and the parts of each path below them."""
    parts = [tuple(path.split("/")) for path in paths]
    folders = [part[:-1] for part in parts]
    top = 0
    while folders and all(len(path) > top for path in folders) and len({path[top] for path in folders}) == 1:
        top += 1
    return "/".join(folders[0][:top]) if folders else "", [part[top:] for part in parts]


def folders_of(parts: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The folders of each picture, without a last one of the same name throughout (class/images/1.png)."""
    folders = [part[:-1] for part in parts]
    while all(len(path) > 1 for path in folders) and len({path[-1] for path in folders}) == 1:
        folders = [path[:-1] for path in folders]
    return folders


def guess_layout(folders: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """What the folders of pictures, without what all have in common, may be read as; the likeliest first."""
    depths = Counter(min(len(path), 3) for path in folders)
    if not folders or depths[0] == len(folders):
        return ("unlabelled",)
    splits = Counter(split_of(path[0]) if path else "" for path in folders)
    is_train_alone = len(splits) == 2 and "" in splits
    names_splits = splits[""] < 0.4 * len(folders) and not is_train_alone
    is_deep = depths[2] + depths[3] > len(folders) / 2
    if names_splits:
        return ("splits", "classes", "alphabets") if is_deep else ("unlabelled", "classes")
    return ("alphabets", "classes") if is_deep else ("classes", "unlabelled")


def places_of(folders: Sequence[tuple[str, ...]], layout: str) -> list[Place]:
    """Where each picture belongs under a layout of folders; pictures outside of any folder belong to no class."""
    if layout == "unlabelled":
        return [Place("", "")] * len(folders)
    if layout == "classes":
        return [Place(path[0] if path else "", "") for path in folders]
    if layout == "alphabets":
        return [Place("/".join(path), "") for path in folders]
    return [Place("/".join(path[1:]), split_of(path[0])) if len(path) > 1 else Place("", "") for path in folders]
