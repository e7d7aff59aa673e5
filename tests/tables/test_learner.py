"""A table's learner in use, whichever family what it predicts with is of."""

import dataclasses
import json

import jax
import numpy as np
import pandas as pd
import pytest

from maml_engine import Learner
from maml_engine.io.arrays import save_arrays, to_arrays, write_whole
from maml_engine.tables import Roles, Settings, TableLearner, read_sheet
from maml_engine.tables.baselines import GAUSSIAN, MIXED, Pooled, fit_predictors
from maml_engine.tables.blend import Blend
from maml_engine.tables.ensemble import network_of
from maml_engine.tables.gaussian_process import gaussian_process
from maml_engine.tables.learner import ENSEMBLE_FILE, TABLE_FILE, KnownTasks
from maml_engine.tables.mixed_model import mixed_model
from maml_engine.tables.network_ensemble import NetworkEnsemble
from maml_engine.tables.outcomes import Bounded, Limits
from maml_engine.tables.taskset import TaskSet

ROLES = Roles("machine", ("speed", "mode"), "load")
NAMES = ("pooled", "support_mean", "pooled_offset", "ridge_support", "ridge_prior", MIXED, GAUSSIAN, "boosted_trees")


def machines(count=20, rows=8, seed=0):
    rng = np.random.default_rng(seed)
    tasks = np.repeat(np.arange(count), rows)
    speed = rng.uniform(100, 200, len(tasks)).round(1)
    mode = rng.choice(["slow", "fast"], len(tasks))
    load = rng.normal(1, 0.5, count)[tasks] + rng.normal(0.01, 0.003, count)[tasks] * speed + 0.3 * (mode == "fast")
    return pd.DataFrame({"machine": [f"m{task}" for task in tasks], "speed": speed, "mode": mode, "load": load.round(4)})


@pytest.fixture(scope="module")
def tasks():
    return TaskSet.of(read_sheet(machines().to_csv(index=False).encode()), ROLES, 3)


@pytest.fixture(scope="module")
def ways(tasks):
    """One predictor of each family."""
    arrays = tasks.arrays
    pooled = Pooled.fit(arrays, 0)
    processes = {GAUSSIAN: gaussian_process(arrays, pooled, 0), MIXED: mixed_model(arrays, pooled, 3, 0).predictor()}
    found = fit_predictors(arrays, 3, NAMES, pooled=pooled, processes=processes, seed=0)
    experiment = dataclasses.replace(
        Settings(k_shot=3, hidden_dim=6).experiment(read_sheet(b"machine,speed,load\na,1,2\n"), ROLES)
    )
    network, meta = network_of(experiment, tasks.encoding.in_dim, 1, 3)
    return found | {"meta": NetworkEnsemble(experiment, network, meta, pooled, 0.5, tasks.encoding.in_dim, 1)}


def learner_of(tasks, predictor, *, known=True):
    shots, widths = np.array([0, 3], np.int32), np.array([3.0, 2.0])
    seen = KnownTasks.of("machine", tasks.names, tasks.arrays) if known else None
    return TableLearner(tasks.encoding, predictor, shots, widths, np.full(len(shots), 0.01), 0.9, seen)


def blend_of(tasks, ways):
    """All of them, bounded."""
    weights = np.full((2, len(ways)), 1 / len(ways))
    return Bounded(Blend(tuple(ways.values()), tuple(ways), np.array([0, 3], np.int32), weights), *Limits.of(tasks.arrays))


@pytest.mark.parametrize("name", [*NAMES, "meta", "all of them"])
def test_every_family_is_saved_and_opened_and_predicts_the_same(tasks, ways, name, tmp_path):
    learner = learner_of(tasks, blend_of(tasks, ways) if name == "all of them" else ways[name])
    learner.save(tmp_path)
    again = Learner.load(tmp_path)
    frame = machines(count=1, seed=5).assign(machine="")
    for known in (frame[:0], frame[:3], frame[:6]):
        mine, theirs = (one.adapt_rows(known).predict_rows(frame[6:]) for one in (learner, again))
        for a, b in zip(mine, theirs, strict=True):
            np.testing.assert_array_equal(a, b)
            assert np.isfinite(a).all()
        assert (mine.low < mine.mean).all()
        assert (mine.mean < mine.high).all()


def test_in_use_a_way_predicts_what_it_was_judged_by(tasks, ways):
    """The rows of a task as it is judged, and the same rows as they come in use."""
    arrays, frame = tasks.arrays, machines()
    own = frame[frame.machine == tasks.names[4]].reset_index(drop=True)
    order = arrays.orders[0, 4]
    for way in ways.values():
        learner = learner_of(tasks, way, known=False)
        found = learner.adapt_rows(own.iloc[order[:3]]).predict_rows(own.iloc[order[3:]]).mean[:, 0]
        judged = tasks.encoding.decode_target(way.predict(arrays.take(np.array([4])), 3)[0, 0, order[3:], 0])
        np.testing.assert_allclose(found, judged, rtol=1e-4)


def test_with_no_known_row_there_is_the_pooled_answer_and_a_wider_interval(tasks, ways):
    learner, frame = learner_of(tasks, ways[MIXED]), machines(count=1, seed=5).assign(machine="")
    none, some = (learner.adapt_rows(frame[:k]).predict_rows(frame[3:]) for k in (0, 3))
    assert ((none.high - none.low) > (some.high - some.low)).all()
    assert abs(none.mean.mean() - machines().load.mean()) < 0.5
    empty = learner.adapt_rows({"speed": [], "mode": [], "load": []}).predict_rows(frame[3:])
    np.testing.assert_array_equal(empty.mean, none.mean)


def test_a_task_that_training_has_seen_is_known(tasks, ways):
    learner, frame = learner_of(tasks, ways[MIXED]), machines()
    own = frame[frame.machine == "m7"]
    named = learner.adapt_rows(own[:1])
    assert named.k == len(own)
    unnamed, unheard = (learner.adapt_rows(own[:1].assign(machine=name)) for name in ("", "m99"))
    assert (unnamed.k, unheard.k) == (1, 1)
    missed = [np.abs(one.predict_rows(own).mean[:, 0] - own.load).mean() for one in (named, unnamed)]
    assert missed[0] < missed[1]
    with pytest.raises(ValueError, match="of one task, but column 'machine' names 2: 'm0', 'm1'"):
        learner.adapt_rows(frame[:10])


def test_rows_with_holes_are_filled_and_rows_without_a_target_left_out(tasks, ways):
    learner, frame = learner_of(tasks, ways[MIXED]), machines(count=1, seed=5).assign(machine="")
    holes = frame.assign(speed=[np.nan, *frame.speed[1:4], *[np.nan] * 4])
    adapted = learner.adapt_rows(holes[:4].assign(load=[*frame.load[:3], np.nan]))
    assert adapted.k == 3
    prediction = adapted.predict_rows(holes[4:])
    assert all(np.isfinite(part).all() for part in prediction)


def test_a_learner_of_before_opens_and_predicts_as_it_did(tasks, ways, tmp_path):
    """Version 1: networks about a pooled fit, by the files that it was written in."""
    networks = ways["meta"]
    members = len(jax.tree.leaves(networks.meta)[0])
    own = {"powers": networks.pooled.powers.exponents, "coefficients": networks.pooled.coefficients}
    own |= {"shots": np.array([1, 3], np.int32), "widths": np.array([2.5, 2.0])}
    values = {"version": 1, "experiment": dataclasses.asdict(networks.experiment)}
    encoding = tasks.encoding.to_values()
    new = ("shape", "middle", "width", "may_miss", "own_rows")
    encoding["inputs"] = [{name: code[name] for name in code if name not in new} for code in encoding["inputs"]]
    content = json.dumps(values | {"encoding": encoding}, indent=1, default=list)
    facts = {"unit": networks.unit, "floor": 0.01, "nominal": 0.9, "members": members, "description": content}
    save_arrays(tmp_path / ENSEMBLE_FILE, to_arrays({"meta": networks.meta}) | own, facts)
    write_whole(tmp_path / TABLE_FILE, content.encode())
    frame = machines(count=1, seed=5)
    old, new = (
        one.adapt_rows(frame[:3]).predict_rows(frame[3:])
        for one in (Learner.load(tmp_path), learner_of(tasks, networks, known=False))
    )
    for a, b in zip(old, new, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)
