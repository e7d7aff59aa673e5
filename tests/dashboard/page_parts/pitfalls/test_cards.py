"""The numbers behind the Pitfalls page."""

import jax
import numpy as np
import pytest

from dashboard.engine_calls import resources
from dashboard.page_parts.pitfalls import cards
from dashboard.page_parts.pitfalls.cards import CARDS, INNER_LRS, STEPS, SupportAsQuery
from dashboard.widgets import links
from maml_engine import Learner, Sinusoid
from maml_engine.analysis import divergence as engine


@pytest.fixture(scope="module")
def learner():
    return resources.shipped_learners()["sinusoid_maml"]


@pytest.fixture(scope="module")
def found(learner):
    return cards.frontier(learner, 10)


def test_the_map_holds_every_cell(found):
    assert found.query_loss.shape == (len(INNER_LRS), cards.TASKS, STEPS + 1)
    assert (found.summary()[:, 0] == found.summary()[0, 0]).all()  # before adapting the step size does not matter
    assert found.first_diverged()[0] == len(INNER_LRS)
    assert 0 < found.first_diverged()[STEPS] < len(INNER_LRS)


def test_the_claim_of_the_tutorial_is_measured(found):
    """The shipped learner was trained with steps of 0.001: ten times that is too large for it, whatever the rule says."""
    rows = {row["inner_lr"]: row for row in cards.claims(found, "mean")}
    assert rows[0.001][10] < rows[0.001][1] < rows[0.001][0]
    assert rows[0.01]["claim"] == "good"
    assert rows[0.01][10] > rows[0.01][0]


def test_moving_a_control_compiles_nothing(learner, found):
    cards.cell_fits(learner, 10, 0.001, 1)
    cards.frontier(learner, 5)  # what came before may have been forgotten
    compiled = engine._losses._cache_size()
    cards.frontier(learner, 3)
    cards.frontier(learner, 17)
    assert engine._losses._cache_size() == compiled


def test_a_cell_shows_the_tasks_that_its_loss_says(learner, found):
    typical, worst = cards.cell_fits(learner, 10, 0.001, 5)
    assert len(typical.support_x) == 10
    assert typical.loss[5] < typical.loss[0]
    assert worst.loss[5] > typical.loss[5]
    assert np.isfinite(typical.path).all()


def test_with_noise_the_support_loss_falls_and_the_query_loss_rises(learner):
    path = cards.long_path(learner, 5, 1.0, 0.001)
    query, support = path.summary()[0], path.summary(of_support=True)[0]
    least = int(query.argmin())
    assert 0 < least < 20
    assert query[-1] > 1.2 * query[least]
    assert support[-1] < support[least]


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
    assert (cards.tasks_of(card, "broken") is None) != card.leaks
    assert cards.tasks_of(card, "mended") is None


def test_learners_are_judged_on_the_mended_runs_tasks():
    """A narrow learner before training is judged on the wide range, as the wide one is: the same number."""
    card = CARDS["no_diversity"]
    broken, mended = (cards.judged(Learner.untrained(run), card.mended) for run in (card.broken, card.mended))
    np.testing.assert_array_equal(broken.mean, mended.mean)
    assert len(broken.mean) == STEPS + 1
