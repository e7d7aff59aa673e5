"""Lists beside pictures."""

import pytest

from maml_engine.io.pictures.layouts import Place
from maml_engine.io.pictures.lists import is_list, read_lists, read_rows

PATHS = [f"images/{place:03d}.jpg" for place in range(20)]


def listed(text, path="labels.csv", paths=PATHS, classes=(), label=None):
    return read_lists([read_rows(path, text.encode())], paths, classes, label)


def rows(template, header=""):
    return header + "".join(template.format(f"{place:03d}", place % 4, place % 2) + "\n" for place in range(20))


@pytest.mark.parametrize(
    "text",
    [
        rows("{0}.jpg,class {1}", "file,label\n"),
        rows("{0},class {1}", "id,breed\n"),  # without endings
        rows("images/{0}.jpg;class {1}", "Filename;ClassId\n"),
        rows("data\\images\\{0}.JPG,class {1}", "path,label\n"),
        rows("{0}.jpg,class {1}"),  # without a header
        rows("{0}.jpg\tclass {1}"),
        rows("3,{2},{0}.jpg,9,class {1}", "x,flag,file,z,animal\n"),
        rows("3,class {1},{0}.jpg,{2}", "x,Category,file,species code\n"),
    ],
)
def test_lists_of_pictures_are_read_however_they_are_written(text):
    found = listed(text)
    assert {found.places[path] for path in PATHS} == {Place(f"class {number}", "") for number in range(4)}
    assert found.places["images/005.jpg"] == Place("class 1", "")
    assert not found.splits


def test_splits_come_from_a_column_or_from_the_lists_name():
    found = listed(rows("{0}.jpg,class {1},train", "file,label,subset\n"))
    assert set(found.places.values()) == {Place(f"class {number}", "train") for number in range(4)}
    found = listed(rows("{0}.jpg,class {1}", "filename,label\n"), path="val.csv")
    assert found.places["images/001.jpg"] == Place("class 1", "validation")


def test_another_column_may_be_said_to_be_the_label():
    text = rows("{0}.jpg,class {1},flag {2}", "file,label,flag\n")
    found = listed(text)
    assert found.columns == ("label", "flag")
    assert found.notes == ["Labels are column 'label' of 'labels.csv'; it has 'flag' as well."]
    assert listed(text, label="flag").places[PATHS[3]] == Place("flag 1", "")
    with pytest.raises(
        ValueError, match="`label` must be a column of a list of pictures, got 'age'; there are 'label', 'flag'"
    ):
        listed(text, label="age")
    with pytest.raises(ValueError, match="there are none"):
        read_lists([], PATHS, (), "age")


def test_rows_of_pictures_that_are_not_there_are_counted():
    found = listed("file,label\n" + "".join(f"{place:03d}.jpg,a\n" for place in range(25)))
    assert len(found.places) == 20
    assert "5 of 25 rows of 'labels.csv' name pictures that are not there." in found.notes


def test_a_list_may_be_of_more_pictures_than_are_here():
    found = listed("file,label\n" + "".join(f"{place:03d}.jpg,{place % 3}\n" for place in range(300)))
    assert len(found.places) == 20
    assert "280 of 300 rows" in found.notes[1]


def test_labels_that_are_numbers_are_not_taken_for_pictures_of_these_numbers():
    paths = [f"{place}.png" for place in range(20)]
    found = listed("label,file\n" + "".join(f"{place % 3},{place}.png\n" for place in range(200)), paths=paths)
    assert found.columns == ("label",) and found.places["5.png"] == Place("2", "")


def test_a_name_that_two_pictures_have_is_taken_for_neither():
    paths = ["a/1.png", "b/1.png", "b/2.png"]
    assert listed("file,label\n1.png,x\n2.png,y\na/1.png,z\n", paths=paths).places == {
        "b/2.png": Place("y", ""),
        "a/1.png": Place("z", ""),
    }
    # Beside the list of its own folder it is one.
    assert listed("1.png,x\n2.png,y\n", path="b/list.csv", paths=paths).places["b/1.png"] == Place("x", "")


def test_lists_of_classes_say_their_split():
    classes = ["fish/ray", "fish/shark", "flowers/rose", "flowers/tulip"]
    found = read_lists(
        [
            read_rows("cifar_fs_train.csv", b"superclass,class\nfish,ray\nflowers,rose\n"),
            read_rows("cifar_fs_test.csv", b"superclass,class\nfish,shark\nflowers,lily\n"),
            read_rows("notes.txt", b"ray\nrose\n"),  # names no split
        ],
        ["fish/ray/1.png"],
        classes,
    )
    assert found.splits == {"fish/ray": "train", "flowers/rose": "train", "fish/shark": "test"}
    found = read_lists([read_rows("val.txt", b"fish/ray\nflowers/tulip\n")], ["fish/ray/1.png"], classes)
    assert found.splits == {"fish/ray": "validation", "flowers/tulip": "validation"}


def test_what_is_no_list_is_passed_over():
    assert read_rows("a.csv", b"\x89PNG\r\n") is None
    assert read_rows("a.csv", b"") is None
    assert listed("some words\nabout these pictures\n", path="about.txt").places == {}
    assert is_list("a/labels.CSV") and not is_list("README.txt") and not is_list("a.png")


CLASSES = ["fish/aquarium_fish", "fish/ray", "flowers/rose", "flowers/tulip"]
OF_CLASSES = [f"data/{name}/{place}.JPEG" for name in CLASSES for place in range(2)]
SPLIT = {"train": CLASSES[:2], "validation": CLASSES[2:3], "test": CLASSES[3:]}
SAID = {name: split for split, names in SPLIT.items() for name in names}


def splits_of(template, path="{}.txt", *, header=""):
    """What lists of three splits say, a line for each class."""
    lists = []
    for split, names in SPLIT.items():
        lines = [template.format(name=name, end=name.rpartition("/")[2]) for name in names]
        lists.append(read_rows(path.format(split), (header + "".join(lines)).encode()))
    return read_lists(lists, OF_CLASSES, [name for name in CLASSES for _ in range(2)])


@pytest.mark.parametrize(
    ("template", "options"),
    [
        ("{end}\n", {"path": "cifar100/splits/bertinetto/{}.txt"}),
        ("{end}\r\n", {}),
        ("{name}\r\n", {"header": "\ufeffclass\r\n", "path": "cifar_fs_{}.csv"}),
        ("super,{end}\n", {"header": "superclass,class\n"}),
        ("./images/train/{end}/\n", {}),
        ("data\\{end}\n", {}),
        ("{name}/0.JPEG\n{name}/1.JPEG\n", {}),  # pictures of a split, and no label
        ("/home/me/{name}/0.jpg\r\n", {}),  # in another format here
    ],
)
def test_lists_of_a_split_split_classes_however_they_are_written(template, options):
    found = splits_of(template, **options)
    assert found.splits == SAID and not found.places and not found.contradiction


def test_names_that_differ_in_blanks_or_case_are_of_one_class():
    rows = [read_rows("train.txt", b"Aquarium fish\nROSE\n")]
    found = read_lists(rows, OF_CLASSES, [name for name in CLASSES for _ in range(2)])
    assert found.splits == {"fish/aquarium_fish": "train", "flowers/rose": "train"}


def test_one_list_of_classes_may_have_a_column_of_splits():
    rows = [read_rows("classes.csv", "".join(f"{name},{split}\n" for name, split in SAID.items()).encode())]
    assert read_lists(rows, OF_CLASSES, [name for name in CLASSES for _ in range(2)]).splits == SAID


@pytest.mark.parametrize(
    ("content", "cells"),
    [
        (b'["a", "b"]', [["a"], ["b"]]),
        (b'[["x", "a"], ["x", "b"]]', [["x", "a"], ["x", "b"]]),
        (
            b'{"label_names": ["a", "b", "c"], "image_names": ["a/1.png", "b/1.png"], "image_labels": [0, 1]}',
            [["image_names", "image_labels"], ["a/1.png", "0"], ["b/1.png", "1"]],
        ),
    ],
)
def test_lists_may_be_json(content, cells):
    assert is_list("train.json") and read_rows("train.json", content).cells == cells


@pytest.mark.parametrize("content", [b"{}", b"[]", b"[[]]", b"[[1], [2, 3]]", b"7", b'{"a": [1]}', b"not JSON", b"[" * 100_000])
def test_json_that_is_no_list_is_none(content):
    assert read_rows("train.json", content) is None


def test_lists_that_put_a_class_into_two_splits_are_not_used():
    rows = [read_rows("train.txt", b"rose\ntulip\n"), read_rows("test.txt", b"tulip\nray\n")]
    found = read_lists(rows, OF_CLASSES, [name for name in CLASSES for _ in range(2)])
    assert not found.splits
    assert found.contradiction.startswith("The lists put 'flowers/tulip' into more than one split")
