"""What the tests of training share: a short run, and when two of its results are the same."""

import jax
import numpy as np

from maml_engine import Experiment, train

SHORT = Experiment(num_iterations=60, meta_batch_size=4, hidden_dim=8)


def run_to_end(experiment, **options):
    return list(train(experiment, **options))


def losses_of(reports):
    return np.concatenate([report.meta_loss for report in reports])


def assert_same_learner(one, other):
    assert one.iteration == other.iteration
    jax.tree.map(np.testing.assert_array_equal, one.meta, other.meta)


def assert_same_checkpoint(one, other):
    assert one.iteration == other.iteration
    assert (one.best_iteration, one.best_loss) == (other.best_iteration, other.best_loss)
    assert one.arrays.keys() == other.arrays.keys()
    for name, array in one.arrays.items():
        np.testing.assert_array_equal(array, other.arrays[name], err_msg=name)
