"""The pitfalls' pairs of runs."""

import jax
import numpy as np
import pytest

from dashboard.engine_calls import gradients, resources
from dashboard.page_parts.pitfalls import step_sizes
from dashboard.page_parts.pitfalls.cards import CARDS, SupportAsQuery
from dashboard.widgets import links
from maml_engine import Sinusoid


def test_the_words_about_too_many_steps_are_those_of_its_picture():
    """One to five steps, it says, since the query loss rises after them while the support loss goes on falling."""
    path = step_sizes.long_path(resources.shipped_learners()["sinusoid_maml"], 5, 1.0, 0.001)
    query, support = path.summary()[0], path.summary(of_support=True)[0]
    assert 1 <= query.argmin() <= 5
    assert query[-1] > 1.2 * query.min()
    assert support[-1] < 0.5 * support[5]


def test_twenty_five_tasks_cost_less_than_twenty_five_times_one():
    """Five times as many tasks, five and twenty-five of them, in what `python -m benchmarks.costs` has measured."""
    costs = {(cost.way, cost.num_tasks): cost.seconds for cost in gradients.shipped_costs().costs if cost.inner_steps == 5}
    for way in {way for way, _ in costs}:
        assert costs[way, 25] < 4 * costs[way, 5], way


def test_support_as_query_shows_the_support_in_every_split():
    tasks = SupportAsQuery(Sinusoid())
    for split in ("train", "validation", "test"):
        episode = tasks.split(split).sample(jax.random.key(0), 3, 5, 9)
        np.testing.assert_array_equal(episode.query.x, episode.support.x)
        np.testing.assert_array_equal(episode.query.y, episode.support.y)
        real = Sinusoid().split(split).sample(jax.random.key(0), 3, 5, 1).support
        np.testing.assert_array_equal(episode.support.x, real.x)


@pytest.mark.parametrize("name", CARDS)
def test_a_cards_pair_differs_in_one_thing_and_survives_its_link(name):
    card = CARDS[name]
    broken, mended = card.broken.changes(), card.mended.changes()
    differing = {field for field in {**broken, **mended} if broken.get(field) != mended.get(field)}
    assert len(differing) == {"no_diversity": 2, "support_as_query": 0}.get(name, 1)
    for run in (card.broken, card.mended):
        assert links.read(links.write(run.changes())).values == {**run.changes()}
    assert (card.tasks_of("broken") is None) != card.leaks
    assert card.tasks_of("mended") is None
