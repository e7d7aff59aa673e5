"""Processes that the tests of this folder share: starting one takes a second or two."""

import pytest

from dashboard.jobs import Pool


@pytest.fixture(scope="package")
def pool():
    """A process for calls and one for jobs, each started when a test first needs it."""
    pool = Pool(2)
    yield pool
    pool.close()
