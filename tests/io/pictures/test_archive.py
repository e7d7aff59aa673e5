"""Archives of strangers: one sentence for each that is not opened, and memory that does not hang on what they say."""

import io
import struct
import time
import tracemalloc
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maml_engine.io.pictures.archive import Archive, clean_path, is_hidden
from maml_engine.io.pictures.files import open_files
from maml_engine.io.pictures.limits import Limits, UnusableFile
from tests.io.pictures.drawn import class_folders, drawing, saved
from tests.zips import zipped

PICTURE = saved(drawing(0))
GOOD = zipped({"a/1.png": PICTURE, "b/1.png": PICTURE})


def entry(name, mode=0):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    return info


def encrypted():
    """The flag of a password, in both places where an archive has it."""
    content = bytearray(zipped({"secret.png": PICTURE}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def bomb(times):
    """Entries of 100 MB of zeros, which take 100 kB each."""
    return zipped({f"{number}.png": b"\0" * 100_000_000 for number in range(times)}, zipfile.ZIP_DEFLATED)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "got an empty file"),
        (b"hello, world", "got text ('hello, world')"),
        (b"\x1f\x8b\x08\0\0", "got a gzip archive: unpack it"),
        (b"Rar!\x1a\x07", "got a RAR archive: unpack it"),
        (GOOD[:200], "cut off: its end, which lists its files, is missing"),
        (GOOD[:-30], "cut off"),
        (encrypted(), "must not be encrypted, got 'secret.png' under a password"),
        (zipped({"../x.png": PICTURE}), "paths within its own folder, got '../x.png'"),
        (zipped({"a/../../x.png": PICTURE}), "paths within its own folder"),
        (zipped({"..\\x.png": PICTURE}), "paths within its own folder"),
        (zipped({"/etc/x.png": PICTURE}), "paths within its own folder, got '/etc/x.png'"),
        (zipped({"C:\\x.png": PICTURE}), "paths within its own folder"),
        (zipped({entry("a/link.png", 0o120777): "/etc/passwd"}), "got 'a/link.png', a link to elsewhere"),
        (zipped({entry("a/pipe.png", 0o010644): ""}), "a device or the like"),
        (zipped({f"{number}": b"" for number in range(1001)}), "at most 1,000 files, got 1,001"),
        (b"\0" * 20_000_001, "at most 20 MB, got 20 MB"),
    ],
)
def test_an_archive_that_is_not_opened_is_refused_in_one_sentence(content, complaint):
    with pytest.raises(ValueError, match=r"\.$") as refusal:
        Archive(content, Limits(archive_bytes=20_000_000, files=1000))
    assert complaint in str(refusal.value)
    assert str(refusal.value).count(". ") == 0 and str(refusal.value).endswith(".")


def test_gigabytes_are_refused_at_once_and_without_unpacking():
    content = bomb(3)
    tracemalloc.start()
    begin = time.process_time()
    with pytest.raises(ValueError, match=r"at most 250 MB when it is unpacked, got 300 MB in 3 files"):
        Archive(content, Limits(unpacked_bytes=250_000_000))
    assert time.process_time() - begin < 1.0
    assert tracemalloc.get_traced_memory()[1] < 10e6
    tracemalloc.stop()


def test_a_size_that_an_archive_lies_about_is_counted_as_it_is_unpacked():
    content = bytearray(zipped({"a.png": b"\0" * 5_000_000}, zipfile.ZIP_DEFLATED))
    at = content.index(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 1000)  # it says a kilobyte
    archive = Archive(bytes(content))
    with pytest.raises(UnusableFile, match=r"'a\.png' is damaged in the archive"):
        archive.read("a.png")
    large = Archive(zipped({"a.png": b"\0" * 5_000_000}, zipfile.ZIP_DEFLATED), Limits(file_bytes=1_000_000))
    tracemalloc.start()
    with pytest.raises(UnusableFile, match="a file of at most 1 MB"):
        large.read("a.png")
    assert tracemalloc.get_traced_memory()[1] < 3e6
    tracemalloc.stop()


def test_a_list_of_files_that_says_too_few_is_counted_all_the_same():
    content = bytearray(zipped({f"{number}": b"" for number in range(2000)}))
    end = content.rindex(b"PK\x05\x06")
    content[end + 8 : end + 12] = struct.pack("<HH", 5, 5)
    with pytest.raises(ValueError, match="at most 1,000 files, got 2,000"):
        Archive(bytes(content), Limits(files=1000))


def test_one_damaged_file_leaves_the_others():
    content = bytearray(zipped({"a.png": PICTURE, "b.png": PICTURE}))
    content[60] ^= 0xFF  # in the content of the first
    archive = Archive(bytes(content))
    with pytest.raises(UnusableFile, match=r"'a\.png' is damaged"):
        archive.read("a.png")
    assert archive.read("b.png") == PICTURE


def test_methods_that_take_gigabytes_to_unpack_are_not_read():
    archive = Archive(zipped({"a.png": PICTURE}, zipfile.ZIP_LZMA))
    with pytest.raises(UnusableFile, match="pack it again as a plain zip"):
        archive.read("a.png")


def test_what_systems_put_beside_pictures_is_passed_over():
    files = {"a/1.png": PICTURE, "__MACOSX/a/._1.png": b"x", "a/.DS_Store": b"x", "a/Thumbs.db": b"x", ".git/x.png": PICTURE}
    assert Archive(zipped(files)).names == ("a/1.png",)


@pytest.mark.parametrize(
    ("raw", "meant"),
    [
        ("Käse/1.png".encode("cp437"), "Käse/1.png"),
        ("Käse/größe.png".encode("cp850"), "Käse/größe.png"),
        ("élève/œuvre.png".encode("cp1252"), "élève/œuvre.png"),
        ("日本語の文字/ひらがな.png".encode("cp932"), "日本語の文字/ひらがな.png"),
        ("汉字/拼音.png".encode("gbk"), "汉字/拼音.png"),
        ("Käse/1.png".encode(), "Käse/1.png"),  # UTF-8 that is not said to be, as Macs write it
        ("Ka\u0308se/1.png".encode(), "Käse/1.png"),
        (b"a\\b\\1.png", "a/b/1.png"),
    ],
)
def test_names_are_read_as_they_were_meant(raw, meant):
    plain = zipped({"x" * len(raw): PICTURE})
    assert Archive(plain.replace(b"x" * len(raw), raw)).names == (meant,)


def test_the_last_of_two_files_of_one_path_counts():
    with pytest.warns(UserWarning, match="Duplicate"):
        content = zipped({entry("a.png"): b"first", entry("a.png", 0o100644): b"second"})
    archive = Archive(content)
    assert archive.read("a.png") == b"second"
    assert archive.notes == ["1 paths come more than once in the archive: the last of each counts."]


def test_a_folder_links_and_pipes(tmp_path):
    import os

    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "1.png").write_bytes(PICTURE)
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)  # a circle
    (tmp_path / "a" / "2.png").symlink_to(tmp_path / "a" / "1.png")
    (tmp_path / "a" / "gone.png").symlink_to(tmp_path / "nowhere")
    os.mkfifo(tmp_path / "a" / "pipe.png")
    files = open_files(tmp_path)
    assert files.names == ("a/1.png", "a/2.png")
    assert files.read("a/2.png") == PICTURE


@settings(max_examples=150)
@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30), min_size=1, max_size=5, unique=True))
def test_any_names_are_opened_or_refused_in_one_sentence(names):
    try:
        content = zipped({zipfile.ZipInfo(name): PICTURE for name in names})
    except (UserWarning, ValueError):
        return
    try:
        archive = Archive(content)
    except ValueError as refusal:
        assert len(str(refusal).splitlines()) == 1
        return
    for name in archive.names:
        assert archive.read(name) == PICTURE
        assert ".." not in name.split("/") and not name.startswith("/") and "\\" not in name
        assert name.isprintable() or "\u200c" in name or "\u200d" in name or any(mark.isspace() for mark in name)
        name.encode()


@settings(max_examples=150)
@given(st.integers(0, len(GOOD) - 1), st.integers(1, 255), st.integers(0, len(GOOD)))
def test_archives_altered_or_cut_anywhere_end_in_one_sentence(place, change, end):
    content = bytearray(GOOD)
    content[place] ^= change
    for altered in (bytes(content), GOOD[:end]):
        try:
            archive = Archive(altered)
            for name in archive.names:
                archive.read(name)
        except ValueError as refusal:
            assert len(str(refusal).splitlines()) == 1


@given(st.text(max_size=40))
def test_a_clean_path_stays_as_it_is(name):
    assert clean_path(clean_path(name)) == clean_path(name)
    assert isinstance(is_hidden(clean_path(name)), bool)


def test_an_archive_travels_to_another_process_as_its_bytes():
    import copy

    archive = copy.deepcopy(Archive(zipped(class_folders(2, 1))))
    assert archive.read(archive.names[0]) == saved(drawing(0))


def test_an_open_file_is_read_as_its_bytes():
    assert open_files(io.BytesIO(GOOD)).names == ("a/1.png", "b/1.png")
    assert open_files(PICTURE).names == ("picture",)
