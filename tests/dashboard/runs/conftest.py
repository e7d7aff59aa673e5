"""A library in an empty database, on SQLite and on PostgreSQL."""

import pytest

from dashboard.runs import RunLibrary


@pytest.fixture
def library(database_url):
    library = RunLibrary(database_url)
    yield library
    library.close()
