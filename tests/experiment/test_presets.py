"""Protocol cards say what their papers say."""

import jax
import pytest

from maml_engine import Experiment
from maml_engine.experiment.presets import PRESETS
from maml_engine.learner import Learner


def test_finns_card_has_the_papers_table_and_the_codes_step_size():
    card = PRESETS["finn_sinusoid"]
    assert card.published == {1: 0.67, 5: 0.38, 10: 0.35}
    assert (card.experiment.num_iterations, card.experiment.inner_lr, card.judged["k_shot"]) == (70_000, 0.001, 5)


def test_the_tutorials_card_is_the_default():
    assert PRESETS["tutorial"].experiment == Experiment()


@pytest.mark.parametrize("name", PRESETS)
def test_every_card_can_be_run(name):
    card = PRESETS[name]
    learner = Learner.untrained(card.experiment)
    episode = learner.default_tasks.sample(jax.random.key(0), 2, card.experiment.k_shot, 3)
    predictions = learner.path_predictions(episode.support, episode.query.x, 1)
    assert predictions.shape == (2, 2, 3, 1)
    assert set(card.judged) <= {"k_shot", "k_query", "inner_steps", "num_tasks"}
    assert all(step <= card.judged["inner_steps"] for step in card.published)
