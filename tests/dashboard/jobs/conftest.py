"""What the tests of this folder share: processes, of which starting one takes a second or two, and registries."""

import pytest

from dashboard.jobs import JobRegistry, Pool
from tests.dashboard.jobs.held_trainer import HeldTrainer


@pytest.fixture(scope="package")
def pool():
    """A process for calls and one for jobs, each started when a test first needs it."""
    pool = Pool(2)
    yield pool
    pool.close()


@pytest.fixture
def trainer():
    return HeldTrainer()


@pytest.fixture
def make(trainer):
    registries = []

    def make_(**options):
        registries.append(JobRegistry(train=trainer, **options))
        return registries[-1]

    yield make_
    for registry in registries:
        trainer.allowed.release(100)
        registry.close()
