"""Which tasks each network may see."""

import numpy as np

from maml_engine.tables.runs import padded, runs_of
from maml_engine.tables.splits import cross_validation


def test_a_member_is_drawn_from_what_its_part_fits_on_without_its_validation_tasks():
    parts = cross_validation(11, 3, members=2, seed=0)
    y = np.arange(8 * 11 * 2.0).reshape(8, 11, 2, 1)
    runs = runs_of(parts, y)
    assert runs.groups.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    pairs = [(part, member) for part in parts for member in part.members]
    for run, (part, member) in enumerate(pairs):
        assert set(np.flatnonzero(runs.train[run])) == set(part.fit) - set(member)
        assert runs.validation[run, : runs.counts[run]].tolist() == member.tolist()
    assert runs.drawn.shape == (8, 0, 11, 2, 1)


def test_short_ones_are_filled_up_with_their_first_task():
    assert padded([np.array([4, 5, 6]), np.array([7])]).tolist() == [[4, 5, 6], [7, 7, 7]]
    assert padded([np.array([7])], 2).tolist() == [[7, 7]]
