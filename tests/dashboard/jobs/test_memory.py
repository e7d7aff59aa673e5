"""How much memory there is: the machine's, its container's, or what the operator says."""

import pytest

from dashboard.jobs import memory


def test_the_machines_or_what_its_container_may_take(tmp_path, monkeypatch):
    monkeypatch.delenv(memory.MEMORY, raising=False)
    machine = memory.limit_mb(tmp_path)
    assert machine > 100
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.limit_mb(tmp_path) == machine
    (tmp_path / "memory.max").write_text("50000000\n")
    assert memory.limit_mb(tmp_path) == 50
    (tmp_path / "memory").mkdir()
    (tmp_path / "memory" / "memory.limit_in_bytes").write_text("40000000\n")
    assert memory.limit_mb(tmp_path) == 40


def test_what_the_operator_says_goes_first(tmp_path, monkeypatch):
    (tmp_path / "memory.max").write_text("50000000\n")
    monkeypatch.setenv(memory.MEMORY, "1000")
    assert memory.limit_mb(tmp_path) == 1000
    assert memory.is_small()
    monkeypatch.setenv(memory.MEMORY, str(memory.SMALL_MB))
    assert not memory.is_small()


@pytest.mark.parametrize("said", ["1 GB", "0", "-5", "1e3"])
def test_what_is_no_number_of_megabytes_is_refused(monkeypatch, said):
    monkeypatch.setenv(memory.MEMORY, said)
    with pytest.raises(ValueError, match=f"`MAML_LAB_MEMORY_MB` must be a number of megabytes, 1 or more, got '{said}'"):
        memory.limit_mb()
