"""A run can be taken up anywhere, bit for bit; what is no checkpoint of it is refused."""

import dataclasses

import numpy as np
import pytest

from maml_engine import Checkpoint, train
from maml_engine.io.arrays import StorageError
from maml_engine.io.snapshots import write_snapshot
from tests.training.runs import SHORT, assert_same_checkpoint, assert_same_learner, losses_of, run_to_end


def test_going_on_from_any_checkpoint_ends_bit_for_bit_the_same(uninterrupted, tmp_path):
    for report in uninterrupted[:-1:12]:
        report.checkpoint.save(tmp_path / "checkpoint")
        rest = run_to_end(SHORT, start=Checkpoint.load(tmp_path / "checkpoint"))
        np.testing.assert_array_equal(losses_of(rest), losses_of(uninterrupted)[report.iteration :])
        assert_same_checkpoint(rest[-1].checkpoint, uninterrupted[-1].checkpoint)
        assert_same_learner(rest[-1].best, uninterrupted[-1].best)


@pytest.mark.parametrize(
    "changes", [{"meta_schedule": "cosine", "clip_norm": 1.0}, {"meta_optimizer": "momentum", "keep": "best"}]
)
def test_other_optimisers_resume_bit_for_bit_too(changes):
    experiment = dataclasses.replace(SHORT, num_iterations=30, **changes)
    whole = run_to_end(experiment)
    rest = run_to_end(experiment, start=whole[len(whole) // 2].checkpoint)
    assert_same_checkpoint(rest[-1].checkpoint, whole[-1].checkpoint)
    assert_same_learner(rest[-1].result, whole[-1].result)


def test_a_run_may_go_on_for_longer(uninterrupted):
    longer = dataclasses.replace(SHORT, num_iterations=80)
    rest = run_to_end(longer, start=uninterrupted[-1].checkpoint)
    assert_same_learner(rest[-1].learner, run_to_end(longer)[-1].learner)


def test_a_finished_run_goes_on_for_nothing(uninterrupted):
    (report,) = run_to_end(SHORT, start=uninterrupted[-1].checkpoint)
    assert len(report.meta_loss) == 0
    assert_same_learner(report.learner, uninterrupted[-1].learner)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"inner_lr": 0.02}, "`inner_lr` is 0.01, this one's is 0.02"),
        ({"seed": 1}, "`seed`"),
        ({"num_iterations": 10}, "`num_iterations` must be a whole number >= "),
    ],
)
def test_a_checkpoint_of_another_run_is_refused(uninterrupted, changes, complaint):
    with pytest.raises(ValueError, match=complaint):
        train(dataclasses.replace(SHORT, **changes), start=uninterrupted[-1].checkpoint)


def test_with_a_schedule_the_length_belongs_to_the_run(uninterrupted):
    experiment = dataclasses.replace(SHORT, meta_schedule="cosine")
    checkpoint = dataclasses.replace(uninterrupted[0].checkpoint, experiment=experiment)
    with pytest.raises(ValueError, match="`num_iterations` is 60, this one's is 80"):
        train(dataclasses.replace(experiment, num_iterations=80), start=checkpoint)


def test_snapshots_of_other_things_are_refused(tmp_path):
    with pytest.raises(StorageError, match="there is no snapshot"):
        Checkpoint.load(tmp_path)
    write_snapshot(tmp_path, {"a": np.ones(3)}, {"something": 1})
    with pytest.raises(StorageError, match="is not a checkpoint: it holds something"):
        Checkpoint.load(tmp_path)
