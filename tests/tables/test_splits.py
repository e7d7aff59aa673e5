"""Parts: nothing is judged by what has seen it."""

import numpy as np
import pytest

from maml_engine.tables.splits import cross_validation, random_splits


def all_parts():
    return [*cross_validation(17, 5, members=3, seed=0), *random_splits(17, 4, members=3, seed=0)]


def test_cross_validation_judges_each_task_once():
    *judging, last = cross_validation(17, 5, members=3, seed=0)
    assert sorted(np.concatenate([part.test for part in judging])) == list(range(17))
    assert len(last.test) == 0


def test_random_splits_judge_three_in_ten_drawn_anew():
    *judging, last = random_splits(20, 4, members=2, seed=0)
    assert [len(part.test) for part in judging] == [6] * 4
    assert len({tuple(part.test) for part in judging}) == 4
    assert len(last.fit) == 20


@pytest.mark.parametrize("part", all_parts())
def test_a_part_fits_on_the_rest_and_its_members_leave_out_all_of_that_once(part):
    assert sorted([*part.fit, *part.test]) == list(range(17))
    assert sorted(np.concatenate(part.members)) == sorted(part.fit)


def test_the_seed_fixes_the_parts():
    tests = [[part.test.tolist() for part in cross_validation(17, 5, members=3, seed=seed)] for seed in (0, 0, 1)]
    assert tests[0] == tests[1] != tests[2]
