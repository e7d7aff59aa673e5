"""What sessions lay aside is bounded by bytes, all together; a session's end gives its room back."""

import gc

import numpy as np
import pytest

from dashboard.server.shelves import Shelves


def test_what_was_used_longest_ago_makes_room_whoever_s_it_is():
    shelves = Shelves(max_bytes=3_000)
    mine, yours = shelves.shelf(), shelves.shelf()
    mine["a"], mine["b"] = np.zeros(125), np.zeros(125)  # a thousand bytes each, and what an array is beside
    assert len(mine["a"])  # looked at: "b" is the older now
    yours["c"] = np.zeros(125)
    assert list(mine) == ["a"] and list(yours) == ["c"]
    assert shelves.num_bytes <= 3_000 and len(shelves) == 2


def test_taking_with_a_default_is_looking_too():
    shelves = Shelves(max_bytes=3_000)
    mine, yours = shelves.shelf(), shelves.shelf()
    mine["a"], mine["b"] = np.zeros(125), np.zeros(125)
    assert mine.get("a") is not None and mine.get("no") is None
    yours["c"] = np.zeros(125)
    assert list(mine) == ["a"] and list(yours) == ["c"]


def test_what_is_larger_than_all_room_lies_alone():
    shelves = Shelves(max_bytes=3_000)
    mine, yours = shelves.shelf(), shelves.shelf()
    mine["a"] = np.zeros(125)
    yours["large"] = np.zeros(10_000)
    assert not mine and list(yours) == ["large"]


@pytest.mark.parametrize("leave", ["del", "clear", "end"])
def test_what_goes_gives_its_room_back(leave):
    shelves = Shelves(max_bytes=10_000)
    shelf = shelves.shelf()
    shelf["a"] = np.zeros(125)
    shelf["a"] = np.zeros(250)  # in its place
    assert 2_000 < shelves.num_bytes < 2_500
    if leave == "del":
        del shelf["a"]
    elif leave == "clear":
        shelf.clear()
    else:
        del shelf
        gc.collect()
    assert (shelves.num_bytes, len(shelves)) == (0, 0)
