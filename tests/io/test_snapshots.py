"""Snapshots by Orbax: whole, the newest, and nothing of what a kill has left."""

import numpy as np
import pytest

from maml_engine.io.arrays import StorageError
from maml_engine.io.snapshots import newest_snapshot, read_snapshot, write_snapshot

ARRAYS = {
    "state/meta/kernel": np.arange(12.0).reshape(3, 4),
    "state/count": np.array(7, np.int32),
    "key": np.ones(2, np.uint32),
}
FACTS = {"iteration": 3, "best_loss": float("inf"), "experiment": "{}"}


def test_what_is_written_is_read_and_replaces_the_one_before(tmp_path):
    write_snapshot(tmp_path, {"old": np.ones(1)}, {})
    write_snapshot(tmp_path, ARRAYS, FACTS)
    arrays, facts = read_snapshot(tmp_path)
    assert facts == FACTS
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)
    assert [path.name for path in tmp_path.iterdir()] == ["1"]


def test_what_a_kill_left_half_written_is_passed_over_and_cleared(tmp_path):
    write_snapshot(tmp_path, ARRAYS, FACTS)
    half = tmp_path / "1.orbax-checkpoint-tmp"
    half.mkdir()
    assert newest_snapshot(tmp_path).name == "0"
    assert read_snapshot(tmp_path)[1] == FACTS
    write_snapshot(tmp_path, ARRAYS, FACTS)
    assert [path.name for path in tmp_path.iterdir()] == ["1"]


def test_a_save_that_fails_leaves_the_snapshot_before(tmp_path, monkeypatch):
    import orbax.checkpoint as ocp

    write_snapshot(tmp_path, ARRAYS, FACTS)

    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ocp.Checkpointer, "save", full)
    with pytest.raises(StorageError, match=r"No space left on device\. What was there before is unchanged\."):
        write_snapshot(tmp_path, ARRAYS, FACTS)
    assert read_snapshot(tmp_path)[1] == FACTS


def test_a_disk_that_takes_no_more_is_told_and_nothing_goes_on_in_the_background(tmp_path):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    write_snapshot(tmp_path, ARRAYS, FACTS)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))  # bytes a file; a test's own output is less
    try:
        for _ in range(3):
            with pytest.raises(StorageError, match="What was there before is unchanged"):
                write_snapshot(tmp_path, {f"many/{number}": np.random.rand(300, 40) for number in range(30)}, FACTS)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert read_snapshot(tmp_path)[1] == FACTS


def test_an_altered_or_cut_off_snapshot_is_refused_and_nothing_goes_on_in_the_background(tmp_path):
    """An answer of the storage library to nobody is an error that nobody can catch, and a warning that fails a later test."""
    many = ARRAYS | {f"more/{number}": np.full((50, 40), float(number)) for number in range(20)}
    write_snapshot(tmp_path, many, FACTS)
    files = [path for path in (tmp_path / "0").rglob("*") if path.is_file() and path.stat().st_size]
    refused = 0
    for path in files:
        content = path.read_bytes()
        for changed in (content[: len(content) // 2], content[:-1] + bytes([content[-1] ^ 1])):
            path.write_bytes(changed)
            try:
                arrays, facts = read_snapshot(tmp_path)
            except StorageError as error:
                refused += 1
                assert len(str(error).splitlines()) == 1
            else:  # what was changed is not part of what is read
                assert facts == FACTS
                assert all((arrays[name] == array).all() for name, array in many.items())
            path.write_bytes(content)
    assert refused >= 4


def test_where_there_is_none_it_is_said(tmp_path):
    with pytest.raises(StorageError, match=f"Could not read {tmp_path}/none: there is no snapshot"):
        read_snapshot(tmp_path / "none")
