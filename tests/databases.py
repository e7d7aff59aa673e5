"""Databases for tests, each empty: a file of SQLite, and one in a PostgreSQL that is started for the session."""

import pytest

from benchmarks.postgres import MISSING, Cluster, is_here

DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres():
    """A throw-away PostgreSQL server, started when the first test asks for it."""
    if not is_here():
        pytest.skip(MISSING)
    with Cluster() as cluster:
        yield cluster


@pytest.fixture(params=DATABASES)
def database_url(request, tmp_path):
    """The address of an empty database; each test that asks runs on both."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/runs.db"
        return
    cluster = request.getfixturevalue("postgres")
    name = cluster.new_database()
    yield cluster.url(name)
    cluster.execute(f"DROP DATABASE {name} WITH (FORCE)")
