import pytest

from tests.training.runs import SHORT, run_to_end


@pytest.fixture(scope="package")
def uninterrupted():
    return run_to_end(SHORT)
