"""A server is waited for until it says that it is well, and no longer than asked."""

import pytest

from benchmarks.places import free_port, wait_until_well


def test_where_nobody_answers_the_wait_ends():
    with pytest.raises(TimeoutError, match=r"did not answer within 0\.2 s"):
        wait_until_well(f"http://127.0.0.1:{free_port()}/healthz", 0.2)
