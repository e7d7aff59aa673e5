"""The pitfalls' pairs of runs."""

import jax
import numpy as np
import pytest

from dashboard.page_parts.pitfalls.cards import CARDS, SupportAsQuery
from dashboard.widgets import links
from maml_engine import Sinusoid


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
