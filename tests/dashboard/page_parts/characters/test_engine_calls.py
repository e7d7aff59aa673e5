"""Tasks of pictures, and learners for more or fewer classes than they were trained for."""

import numpy as np
import pytest

from dashboard.page_parts.characters.engine_calls import FEW, STEPS, by_statistics, for_ways, own_steps, picture_task, why_not
from maml_engine import Experiment, Learner
from tests.drawn import drawings, pad_learner


@pytest.mark.parametrize("method", ["protonet", "protomaml", "unicorn"])
@pytest.mark.parametrize("ways", [2, 7])
def test_another_number_of_classes_is_as_if_the_network_had_been_made_for_it(method, ways):
    drawn = drawings(ways, 2)
    x, y = drawn.support()
    found = for_ways(pad_learner(method, ways=5), ways).adapt(x, y)(x)
    made_for_it = pad_learner(method, ways=ways)
    body = pad_learner(method, ways=5).meta.init["blocks"]
    init = made_for_it.meta.init
    init["blocks"] = body
    expected = made_for_it.replace(meta=made_for_it.meta._replace(init=init)).adapt(x, y)(x)
    assert found.shape == (2 * ways, ways)
    found, expected = (logits - logits.mean(-1, keepdims=True) for logits in (found, expected))  # what a softmax sees
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert np.ptp(found) > 1e-4


def test_a_learned_head_is_for_as_many_classes_as_it_has():
    learner = pad_learner("maml")
    assert for_ways(learner, 5) is learner
    with pytest.raises(ValueError, match="5 classes apart, no more and no fewer; got 4"):
        for_ways(learner, 4)


def test_a_task_has_its_questions_in_an_order_that_says_nothing_and_is_always_the_same():
    learner = pad_learner("protonet")
    task, again = (picture_task(learner, "glyphs", ways=5, shots=1, seed=3) for _ in range(2))
    assert task.support.shape == (5, 1, 28, 28) and task.support.dtype == np.uint8 and task.support.max() > 200
    assert sorted(task.truth) == sorted(list(range(5)) * FEW) and (np.diff(task.truth) < 0).any()
    np.testing.assert_allclose(task.shares.sum(-1), 1, rtol=1e-5)
    np.testing.assert_allclose(task.shares[0], 0.2, atol=1e-6)
    np.testing.assert_array_equal(task.query, again.query)
    other = picture_task(learner, "glyphs", ways=5, shots=1, seed=4)
    assert (other.query != task.query).any()


def test_a_learner_that_steps_is_followed_beyond_its_training():
    learner = pad_learner("unicorn", inner_steps=2, inner_lr=0.1)
    task = picture_task(learner, "glyphs", ways=5, shots=1, seed=3)
    assert own_steps(learner) == 2 and len(task.shares) == STEPS + 1
    assert own_steps(pad_learner("protonet")) == 1


def test_who_normalises_over_pictures_answers_in_both_ways_its_own_first():
    run = {"tasks": "glyphs", "model": "conv4", "filters": 2, "loss": "softmax_cross_entropy", "method": "protonet", "n_way": 2}
    learner = Learner.untrained(Experiment(norm="batch", **run))
    both = by_statistics(learner)
    assert list(both) == ["batch", "support"] and both["batch"] is learner and both["support"].statistics == "support"
    assert list(by_statistics(Learner.untrained(Experiment(norm="support", **run)))) == ["support", "batch"]
    alone = pad_learner("protonet")
    assert by_statistics(alone) == {"": alone}


def test_who_cannot_be_asked_says_why():
    assert why_not(pad_learner("unicorn"), 7) == "" == why_not(pad_learner("maml"), 5)
    assert "5 classes apart" in why_not(pad_learner("maml"), 7)
