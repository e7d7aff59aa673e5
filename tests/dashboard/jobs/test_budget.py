"""What a hosted demo refuses of a whole run, and what it says would fit does."""

import dataclasses
import re

import pytest

from dashboard.jobs.budget import BUDGETS, MAX_SECONDS, check_fields, check_whole
from dashboard.jobs.estimates import Estimates
from dashboard.widgets.control_tables import PICTURE_START
from maml_engine import Experiment

LARGE = {name: BUDGETS[name] for name in ("meta_batch_size", "inner_steps", "k_shot", "k_query", "hidden_dim")}


@pytest.mark.parametrize(
    ("experiment", "name"),
    [
        (Experiment(**LARGE), "meta_batch_size"),
        (Experiment(num_iterations=BUDGETS["num_iterations"], k_shot=200, k_query=200, hidden_dim=256), "num_iterations"),
        (Experiment(num_iterations=100_000, meta_batch_size=200, inner_steps=20), "num_iterations"),
    ],
)
def test_what_is_too_much_in_all_is_refused_with_what_would_fit(experiment, name):
    check_fields(experiment)
    with pytest.raises(ValueError, match=f"`{name}` \\d+ would fit") as refused:
        check_whole(experiment, Estimates())
    fits = int(re.search(r"` (\d+) would fit", str(refused.value))[1])
    assert 0 < fits < getattr(experiment, name)
    smaller = dataclasses.replace(experiment, **{name: fits})
    if name == "num_iterations":
        check_whole(smaller, Estimates())
        assert Estimates().seconds_of(smaller) > MAX_SECONDS / 2
    else:
        with pytest.raises(ValueError, match="minutes here"):  # and now it is the time
            check_whole(smaller, Estimates())


@pytest.mark.parametrize("method", ["maml", "fomaml", "reptile", "imaml"])
def test_what_pages_offer_by_default_is_allowed(method):
    for iterations in (10_000, BUDGETS["num_iterations"]):
        experiment = Experiment(method=method, num_iterations=iterations)
        check_fields(experiment)
        check_whole(experiment, Estimates())


def test_pictures_are_allowed_as_the_page_begins_and_refused_in_their_own_words():
    start = Experiment(**PICTURE_START)
    check_fields(start)
    check_whole(start, Estimates())
    assert Estimates().seconds_of(start) < 90
    large = dataclasses.replace(start, filters=64, n_way=20, meta_batch_size=16)
    with pytest.raises(ValueError, match=r"`meta_batch_size` 1 would fit.*`n_way` or `filters`"):
        check_whole(large, Estimates())
    with pytest.raises(ValueError, match=r"`num_iterations` \d+ would fit"):
        check_whole(dataclasses.replace(start, num_iterations=100_000), Estimates())
    with pytest.raises(ValueError, match="`filters` must be at most 64"):
        check_fields(dataclasses.replace(start, filters=65))
