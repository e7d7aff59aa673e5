"""Tables come to be, and go from one version to the next: whole, once, and forward only."""

import os
import sqlite3
import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import NullPool, create_engine, inspect, text

from benchmarks.database import die_at, in_process
from dashboard.runs import LibraryAway, RunLibrary, schema
from dashboard.runs.tables import metadata
from tests.dashboard.runs.examples import a_run

needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="starts processes by fork")


def test_the_migrations_make_the_tables_that_the_code_has(library):
    assert library.trouble() == ""
    with library.database.reading() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_libraries_that_begin_at_once_make_the_tables_once(database_url):
    libraries, troubles = [RunLibrary(database_url) for _ in range(6)], []
    threads = [threading.Thread(target=lambda each=each: troubles.append(each.trouble())) for each in libraries]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == [""] * 6
    for number, each in enumerate(libraries):
        each.save(a_run(f"run{number}"))
    assert libraries[0].count("me") == 6
    for each in libraries:
        each.close()


def killed_at(statement, database_url):
    """A process makes the tables and dies before its statement of that number; whether it did die."""
    return os.WIFSIGNALED(os.waitpid(in_process(lambda: die_at(database_url, statement)), 0)[1])


def tables_of(database_url):
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        return set(inspect(connection).get_table_names())


@needs_fork
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning", "ignore:.*fork:RuntimeWarning")
def test_a_kill_on_the_way_leaves_nothing_half_made(database_url):
    statement = 1
    while killed_at(statement, database_url):
        found = tables_of(database_url)
        assert found in (set(), {*metadata.tables, "alembic_version"}), (statement, found)
        statement += 5
    assert statement > 6
    library = RunLibrary(database_url)
    library.save(a_run("one"))
    assert library.trouble() == "" and library.get("one") is not None
    library.close()


def test_a_newer_schema_is_refused_by_name_and_left_alone(library, database_url):
    library.save(a_run("one"))
    with library.database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0999'"))
    older = RunLibrary(database_url)
    for question in (lambda: older.get("one"), lambda: older.save(a_run("two")), lambda: older.list("me")):
        with pytest.raises(LibraryAway, match="schema '0999' of a newer MAML Lab"):
            question()
    assert "0999" in older.trouble()
    older.close()
    assert library.count("me") == 1  # it knew the tables before


def test_revisions_are_one_line_and_each_says_what_it_brings():
    revisions = list(schema.script().walk_revisions())
    assert len(schema.script().get_heads()) == 1
    assert [revision.revision for revision in reversed(revisions)] == [
        f"{number:04}" for number in range(1, len(revisions) + 1)
    ]
    assert all(revision.doc for revision in revisions)


def test_a_database_of_the_first_schema_opens(tmp_path):
    """As it was written by the first version that had a library."""
    path = tmp_path / "runs.db"
    with sqlite3.connect(path) as file:
        file.executescript((schema.MIGRATIONS.parents[2] / "tests" / "compatibility" / "runs_0001.sql").read_text())
    file.close()
    library = RunLibrary(f"sqlite:///{path}")
    assert library.trouble() == ""
    run = library.list("me")[0]
    assert (run.name, run.experiment.seed, library.get(run.id).history.shape) == ("of before", 3, (5, 3))
    assert library.doctor().problems == ()
