"""A database that goes away is said within seconds, and found again without a restart."""

import sqlite3
import threading
import time
from contextlib import closing

import pytest

from benchmarks.troubles import Postgres
from dashboard.runs import LibraryAway, RunLibrary, database, sqlite
from dashboard.runs.database import configured_url
from tests.dashboard.runs.examples import a_run


@pytest.fixture
def unrested(monkeypatch):
    monkeypatch.setattr(database, "REST_SECONDS", 0.0)


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        ("stopped", "does not answer"),
        ("crashed", "does not answer"),
        ("hangs", "does not answer"),
        ("read-only", "its database is read-only"),
        ("locked", "is locked by another program"),
    ],
)
def test_a_server_that_goes_away_is_said_and_found_again(postgres, trouble, sentence, unrested):
    place = Postgres(postgres)
    library = RunLibrary(url := place.new())
    library.save(a_run("before"))
    with place.troubles(url)[trouble]():
        began = time.monotonic()
        with pytest.raises(LibraryAway, match=f"^The library of runs .*{sentence}.*[.]$"):
            library.save(a_run("one"), b"learner")
        assert time.monotonic() - began < 5.5
    deadline = time.monotonic() + 20
    while True:
        try:
            library.save(a_run("one"), b"learner")
            break
        except LibraryAway:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    assert library.get("before") is not None and library.learner("one") == b"learner"
    library.close()


def test_nobody_waits_for_what_has_just_not_answered(monkeypatch):
    monkeypatch.setattr(database, "REST_SECONDS", 60.0)
    library = RunLibrary("postgresql://lab:secret@127.0.0.1:1/lab")
    with pytest.raises(LibraryAway, match="does not answer") as first:
        library.list("me")
    monkeypatch.setattr(library.database, "_engine", None)  # whoever reaches for it would be seen
    with pytest.raises(LibraryAway) as second:
        library.list("me")
    assert str(first.value) == str(second.value) and "secret" not in str(first.value)
    assert "secret" not in library.database.name
    library.close()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "runs.db"


def test_a_locked_file_is_said_and_nothing_is_lost(file, monkeypatch):
    monkeypatch.setattr(sqlite, "WAIT_SECONDS", 0.2)
    library = RunLibrary(f"sqlite:///{file}")
    library.save(a_run("before"))
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(LibraryAway, match="is locked by another program"):
            library.save(a_run("one"))
        with pytest.raises(LibraryAway, match="is locked by another program"):
            library.list("me")
        other.execute("ROLLBACK")
    library.save(a_run("one"))
    assert library.count("me") == 2


def test_who_waits_in_line_is_not_refused_while_others_get_on(file, monkeypatch):
    """The lock is never free when it is looked at, but the file changes: others write."""
    monkeypatch.setattr(sqlite, "WAIT_SECONDS", 0.2)
    times = iter(range(10**6))
    monkeypatch.setattr(sqlite, "_last_written", lambda path: next(times))
    library = RunLibrary(f"sqlite:///{file}")
    library.save(a_run("before"))
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.8, lambda: other.execute("ROLLBACK")).start()
        library.save(a_run("one"))
    assert library.count("me") == 2


def test_a_file_that_is_removed_or_damaged_is_said_and_what_comes_in_its_place_is_used(file, unrested):
    library = RunLibrary(f"sqlite:///{file}")
    library.save(a_run("one"))
    file.write_bytes(b"no database at all" * 1000)
    with pytest.raises(LibraryAway, match="is damaged"):
        library.get("one")
    file.unlink()
    assert library.get("one") is None  # an empty one was made
    library.save(a_run("two"))
    assert library.count("me") == 1


def test_a_full_disk_is_said(file):
    library = RunLibrary(f"sqlite:///{file}")
    library.save(a_run("one"))
    with pytest.raises(LibraryAway, match="is full"), library.database.writing() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")
        connection.exec_driver_sql("CREATE TABLE more (content BLOB)")
        connection.exec_driver_sql("INSERT INTO more VALUES (zeroblob(1000000))")
    library.save(a_run("two"))
    assert library.count("me") == 2


def test_a_home_that_cannot_be_written_is_said_at_once(tmp_path, monkeypatch):
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("MAML_LAB_HOME", str(tmp_path / "a file" / "home"))
    assert "cannot be written: the folder MAML_LAB_HOME does not allow it" in RunLibrary().trouble()


def test_what_may_only_be_read_is_read(file):
    library = RunLibrary(f"sqlite:///{file}")
    library.save(a_run("one"))
    reader = RunLibrary(f"sqlite:///file:{file}?mode=ro&uri=true")
    assert reader.get("one") is not None
    assert "is read-only" in reader.trouble()
    with pytest.raises(LibraryAway, match="is read-only"):
        reader.save(a_run("two"))


def test_a_transaction_is_whole_or_nothing(library):
    library.save(a_run("one"))
    with pytest.raises(RuntimeError), library.database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM runs")
        raise RuntimeError
    assert library.count("me") == 1


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:secret@h/d",
        "no address",
        "sqlite://",
        "sqlite:///:memory:",
        "oracle://secret",
        "postgresql://secret@h:port/d",
    ],
)
def test_other_databases_are_refused_in_a_sentence(url):
    with pytest.raises(LibraryAway, match=r"^The library of runs .*[.]$") as refused:
        RunLibrary(url).list("me")
    assert "secret" not in str(refused.value)


def test_the_address_comes_from_the_environment_then_from_streamlits_secrets_then_from_the_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("MAML_LAB_HOME", "/somewhere/home")
    monkeypatch.delenv("MAML_LAB_DATABASE", raising=False)
    assert configured_url() == "sqlite:////somewhere/home/runs.db"
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "secrets.toml").write_text('[runs]\nurl = "postgresql://host/one"\n')
    assert configured_url() == "postgresql://host/one"
    monkeypatch.setenv("MAML_LAB_DATABASE", "postgresql://host/two")
    assert configured_url() == "postgresql://host/two"


def test_a_file_in_wal_mode_is_brought_back(file):
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
        other.execute("CREATE TABLE beside (x)")
    library = RunLibrary(f"sqlite:///{file}")
    library.save(a_run("one"))
    with closing(sqlite3.connect(file)) as other:
        assert other.execute("PRAGMA journal_mode").fetchone() == ("delete",)
