"""Descriptions of what strangers hand over: layouts, classes, what was left out and why."""

import pytest

from maml_engine.io.pictures.describing import describe_pictures, laid_out
from maml_engine.io.pictures.limits import Limits
from tests.io.pictures.drawn import class_folders, drawing, photo, saved
from tests.zips import zipped


def sentences(pictures):
    return [one.sentence for one in pictures.left_out]


def test_class_folders_from_a_folder_a_zip_and_uploads_are_the_same(tmp_path):
    files = class_folders(3, 4, top="my pictures/")
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    archive = tmp_path / "packed.zip"
    archive.write_bytes(zipped(files))
    for source in (files, zipped(files), archive, str(tmp_path / "my pictures")):
        pictures = describe_pictures(source)
        assert [one.name for one in pictures.classes] == ["class 0", "class 1", "class 2"]
        assert [len(one.paths) for one in pictures.classes] == [4, 4, 4]
        assert not pictures.left_out and not pictures.notes
        assert str(pictures) == "3 classes of 4 pictures each: a folder for each class; drawings of dark ink, 40 x 40 pixels."
        assert pictures.size == 28


def test_colour_photographs_have_their_own_size():
    pictures = describe_pictures(class_folders(2, 2, of=photo))
    assert "pictures in colour, 32 to 40 pixels a side" in str(pictures)
    assert pictures.size == 40
    large = describe_pictures(class_folders(2, 2, of=lambda seed: photo(seed, width=300, height=200)))
    assert large.size == 84


def test_splits_alphabets_and_lists():
    splits = {f"train/{name}": content for name, content in class_folders(3, 2).items()}
    splits |= {f"val/{name}": content for name, content in class_folders(1, 2, name="held {}").items()}
    splits |= {f"test/{name}": content for name, content in class_folders(2, 2, name="new {}").items()}
    pictures = describe_pictures(zipped(splits))
    assert pictures.layout == "splits" and pictures.counts == {"train": 3, "validation": 1, "test": 2}
    assert "6 classes (3 for train, 1 for validation, 2 for test)" in str(pictures)

    pictures = describe_pictures(class_folders(2, 2, name="Greek/c{}") | class_folders(12, 2, name="Latin/c{}"))
    assert pictures.layout == "alphabets" and len(pictures.classes) == 14
    assert [one.name for one in pictures.classes][2:5] == ["Latin/c0", "Latin/c1", "Latin/c2"]  # and c10 behind c9
    by_alphabet = laid_out(pictures, layout="classes")
    assert [(one.name, len(one.paths)) for one in by_alphabet.classes] == [("Greek", 4), ("Latin", 24)]

    flat = {f"{number}.png": saved(drawing(number)) for number in range(9)}
    rows = b"file,label\n" + b"".join(b"%d.png,l%d\n" % (number, number % 2) for number in range(8))
    pictures = describe_pictures(flat | {"labels.csv": rows})
    assert pictures.layout == "list" and [len(one.paths) for one in pictures.classes] == [4, 4]
    assert sentences(pictures) == ["1 picture that no list names left out: '8.png'."]
    assert laid_out(pictures, layout="unlabelled").unlabelled == tuple(flat)


def test_pictures_of_classes_that_are_in_two_splits_are_put_together():
    files = {f"{split}/{name}": content for split in ("train", "test") for name, content in class_folders(3, 2).items()}
    pictures = describe_pictures(files)
    assert pictures.counts == {"": 3}
    assert [len(one.paths) for one in pictures.classes] == [4, 4, 4]
    assert "3 classes are in more than one split" in pictures.notes[0]


def test_a_protocols_lists_split_classes_and_leave_out_the_others():
    lists = {
        "cifar_fs_train.csv": b"superclass,class\nx,class 0\nx,class 1\n",
        "cifar_fs_test.csv": b"superclass,class\nx,class 2\n",
    }
    files = class_folders(4, 2)
    for pictures in (describe_pictures(files | lists), describe_pictures(zipped(files), lists=lists)):
        assert [(one.name, one.split) for one in pictures.classes] == [
            ("class 0", "train"),
            ("class 1", "train"),
            ("class 2", "test"),
        ]
        assert sentences(pictures) == ["1 class that no list names left out: 'class 3'."]


def test_lists_that_contradict_one_another_are_said_and_split_nothing():
    files = class_folders(3, 2) | {"train.txt": b"class 0\nclass 1\n", "test.txt": b"class 1\nclass 2\n"}
    pictures = describe_pictures(files)
    assert pictures.counts == {"": 3}
    assert "The lists put 'class 1' into more than one split" in pictures.notes[0]


def test_lists_of_some_of_many_pictures_are_the_layout_where_they_say_splits():
    """mini-ImageNet is 600 pictures of each class of ImageNet."""
    files = class_folders(2, 9) | {
        "train.csv": b"filename,label\nclass 0/0.png,one\nclass 0/1.png,one\n",
        "test.csv": b"filename,label\nclass 1/0.png,two\nclass 1/1.png,two\n",
    }
    pictures = describe_pictures(files)
    assert [(one.name, one.split, len(one.paths)) for one in pictures.classes] == [("one", "train", 2), ("two", "test", 2)]


def test_what_cannot_be_used_is_left_out_and_named():
    files = class_folders(3, 3, top="d/")
    files |= {
        "d/class 0/text.png": b"hello",
        "d/class 0/phone.heic": b"\0\0\0\x18ftypheic",
        "d/class 1/cut.png": saved(drawing(1))[:120],
        "d/lonely/1.png": saved(drawing(2)),
        "d/loose.png": saved(drawing(3)),
        "d/more.zip": zipped({"a.png": b""}),
        "d/notes.md": b"words",
        "d/class 2/no ending": saved(drawing(4)),
    }
    pictures = describe_pictures(zipped(files), min_pictures=2)
    assert [len(one.paths) for one in pictures.classes] == [3, 3, 4]
    told = " ".join(sentences(pictures))
    for part in (
        "'d/class 0/text.png' must be a picture (PNG, JPEG, GIF, BMP, WebP, TIFF or PNM), got text ('hello').",
        "'d/class 0/phone.heic' must be a picture (PNG, JPEG, GIF, BMP, WebP, TIFF or PNM), got a HEIC picture",
        "1 archive is among the pictures and not opened: unpack 'd/more.zip' first.",
        "'d/class 1/cut.png' is cut off or damaged",
        "1 picture outside of the classes' folders left out: 'd/loose.png'.",
        "1 class of fewer than 2 pictures left out: 'lonely'.",
    ):
        assert part in told
    assert "notes.md" not in told


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({}, "There must be pictures (PNG, JPEG, GIF, BMP, WebP, TIFF or PNM), got no file."),
        ({"a.txt": b"x", "b.md": b"y"}, "got 'a.txt', 'b.md'."),
        ({"a.png": b"hello"}, "There are no pictures that can be used: 'a.png' must be a picture"),
        ({"a/1.png": saved(drawing(0))[:90]}, "There are no pictures that can be used: 'a/1.png' is cut off or damaged"),
        ({"in.zip": zipped(class_folders(2, 1))}, "1 archive is among the pictures and not opened: unpack 'in.zip' first."),
    ],
)
def test_nothing_to_use_is_refused_in_one_sentence(files, complaint):
    with pytest.raises(ValueError, match=r"\.$") as refusal:
        describe_pictures(zipped(files))
    assert complaint in str(refusal.value) and len(str(refusal.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"a.png": saved(drawing(0))}, "at least 2 classes, such as a folder for each, got 1 picture in one folder."),
        (class_folders(1, 3), "got 3 pictures in one folder."),
        ({**class_folders(1, 3), "b.png": saved(drawing(0))}, "got 1 ('class 0'). 1 picture outside"),
    ],
)
def test_too_few_classes_are_refused_where_classes_are_needed(files, complaint):
    with pytest.raises(ValueError, match=r"\.$") as refusal:
        describe_pictures(files).check_classes(2)
    assert complaint in str(refusal.value)


def test_bright_ink_is_noticed_and_can_be_said():
    pictures = describe_pictures(class_folders(2, 3, of=lambda seed: drawing(seed, ink=255, paper=0)))
    assert pictures.look.ink == "bright" and "bright ink on dark paper" in pictures.notes[0]
    assert pictures.with_ink("dark").look.ink == "dark"
    with pytest.raises(ValueError, match="`ink` must be one of bright, dark, got 'blue'"):
        pictures.with_ink("blue")


def test_drawings_of_both_inks_are_told_to_be_made_alike():
    def mixed(seed):
        return drawing(seed, ink=255, paper=0) if seed % 3 == 0 else drawing(seed)

    (note,) = describe_pictures(class_folders(2, 6, of=mixed)).notes
    assert note.startswith("About 33% of these drawings have bright ink where the others have dark") and "alike" in note
    assert describe_pictures(class_folders(2, 6)).notes == ()


def test_layouts_that_there_are_not_are_refused():
    files = class_folders(2, 1)
    with pytest.raises(ValueError, match="`layout` must be one of alphabets, classes, list, splits, unlabelled"):
        describe_pictures(files, layout="flat")
    with pytest.raises(ValueError, match="'list' needs a CSV file of pictures and their labels"):
        describe_pictures(files, layout="list")
    with pytest.raises(ValueError, match="`label` must be a column"):
        describe_pictures(files, label="breed")


def test_of_very_many_files_names_are_believed_until_they_are_opened(monkeypatch):
    monkeypatch.setattr("maml_engine.io.pictures.describing.MAX_HEADS", 5)
    pictures = describe_pictures(zipped(class_folders(3, 4) | {"a.txt": b"x"}))
    assert [len(one.paths) for one in pictures.classes] == [4, 4, 4]


def test_a_folder_of_more_files_than_allowed_is_refused(tmp_path):
    for number in range(4):
        (tmp_path / f"{number}.png").write_bytes(b"")
    with pytest.raises(ValueError, match="at most 3 files"):
        describe_pictures(tmp_path, limits=Limits(files=3))
    with pytest.raises(ValueError, match="at most 3 files, got 4"):
        describe_pictures({str(number): b"" for number in range(4)}, limits=Limits(files=3))
    with pytest.raises(ValueError, match="a picture that exists, got"):
        describe_pictures(tmp_path / "nowhere")
