"""A process that has compiled very much lets go of it before it trains on."""

import numpy as np
import pytest

from maml_engine import Experiment, train
from maml_engine.runtime import mappings

RUN = Experiment(num_iterations=2, hidden_dim=4, meta_batch_size=2)


def losses(experiment):
    """Of all meta-steps."""
    return np.concatenate([report.meta_loss for report in train(experiment)])


@pytest.fixture
def many(monkeypatch, tmp_path):
    """The process may have a few pieces only, all of which are taken."""
    monkeypatch.setattr(mappings, "MOST", tmp_path / "max_map_count")
    mappings.MOST.write_text("64\n")


def test_programs_go_where_they_have_taken_much(many):
    losses(RUN)
    before = len(mappings.MINE.read_bytes().splitlines())
    assert mappings.make_room()
    assert len(mappings.MINE.read_bytes().splitlines()) < before - 100


def test_nothing_goes_where_there_is_room():
    assert not mappings.make_room()


@pytest.mark.parametrize("said", [None, "", "unlimited"])
def test_a_system_that_does_not_say_is_left_alone(many, said):
    mappings.MOST.unlink() if said is None else mappings.MOST.write_text(said)
    assert not mappings.make_room()


def test_a_run_that_begins_makes_room_and_gives_what_it_gave(many, monkeypatch):
    cleared = []
    monkeypatch.setattr(mappings.jax, "clear_caches", lambda: cleared.append(True))
    cramped = losses(RUN)
    mappings.MOST.write_text("1000000")
    assert cleared == [True]
    np.testing.assert_array_equal(losses(RUN), cramped)
    assert cleared == [True]
