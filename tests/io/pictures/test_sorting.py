"""Pictures sorted into folders of their classes."""

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from maml_engine.io.arrays import StorageError
from maml_engine.io.pictures.archive import Archive
from maml_engine.io.pictures.files import open_files
from maml_engine.io.pictures.sorting import sorted_folder, sorted_paths, sorted_zip


def test_each_picture_goes_to_its_class_under_a_name_of_its_own():
    went = sorted_paths(["a/1.png", "b/1.png", "c/1.png", "2.png"], ["cat", "cat", "dog", "Greek/alpha"])
    assert went == {"a/1.png": "cat/1.png", "b/1.png": "cat/b_1.png", "c/1.png": "dog/1.png", "2.png": "Greek/alpha/2.png"}


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("..", "_"),
        ("../x", "_/x"),
        ("/etc", "_/etc"),
        ("con", "_con"),
        ("a:b?", "a_b_"),
        (" x. ", "x"),
        ("C:\\x", "C__x"),
        ("", "_"),
    ],
)
def test_class_names_become_folders_and_nothing_else(name, folder):
    assert sorted_paths(["1.png"], [name]) == {"1.png": f"{folder}/1.png"}


@given(st.lists(st.tuples(st.text(min_size=1), st.text()), unique_by=lambda pair: pair[0]))
def test_no_picture_goes_to_where_another_is_or_out_of_the_folder(pairs):
    went = sorted_paths([path for path, _ in pairs], [name for _, name in pairs])
    assert len({target.lower() for target in went.values()}) == len(pairs)
    for target in went.values():
        assert ".." not in target.split("/") and not target.startswith("/") and "\\" not in target and ":" not in target


def test_a_folder_and_a_zip_hold_the_pictures_as_they_are(tmp_path):
    files = open_files({"a/1.png": b"one", "a/2.png": b"two"})
    went = sorted_paths(files.names, ["cat", "dog"])
    sorted_folder(files, went, tmp_path / "sorted")
    assert (tmp_path / "sorted" / "cat" / "1.png").read_bytes() == b"one"
    archive = Archive(sorted_zip(files, went))
    assert archive.names == ("cat/1.png", "dog/2.png") and archive.read("dog/2.png") == b"two"
    assert zipfile.ZipFile(io.BytesIO(sorted_zip(files, went))).testzip() is None
    with pytest.raises(StorageError, match="to a new or an empty folder"):
        sorted_folder(files, went, tmp_path / "sorted")
