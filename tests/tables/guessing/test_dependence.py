"""Which column is predicted by which."""

import numpy as np

from maml_engine.tables import read_sheet, table_csv
from maml_engine.tables.guessing.dependence import explained, firsts_of, is_copy, is_mean_of, totals_among
from maml_engine.tables.guessing.profiles import profiles_of

RNG = np.random.default_rng(0)
GROUP = np.repeat(np.arange(20), 15)
X, Z = RNG.uniform(-1, 1, (2, 300))


def profiles(**columns):
    return profiles_of(read_sheet(table_csv({"task": GROUP, "x": X, "z": Z} | columns)))


def test_a_curve_is_predicted_by_its_input_and_not_the_reverse():
    found = profiles(y=X**2 + GROUP)
    told, tells = (explained(found[one], found[other], found["task"]) for one, other in (("y", "x"), ("x", "y")))
    assert told > 0.8
    assert tells < 0.3
    assert explained(found["x"], found["z"], found["task"]) < 0.1


def test_a_target_over_orders_of_magnitude_is_predicted_as_well_as_its_logarithm():
    found = profiles(growth=np.exp(4 * X + RNG.normal(0, 0.2, 300)))
    told, tells = (explained(found[one], found[other], found["task"]) for one, other in (("growth", "x"), ("x", "growth")))
    assert min(told, tells) > 0.9


def test_of_several_copies_the_first_stands_for_all():
    found = profiles(copy=3 * X - 1, another=Z / 7, own=X * Z)
    firsts = firsts_of([found[name] for name in ("x", "z", "copy", "own", "another")])
    assert firsts == {"x": "x", "z": "z", "copy": "x", "own": "own", "another": "z"}


def test_copies_means_and_totals_are_known():
    means = (np.bincount(GROUP, X) / 15)[GROUP]
    found = profiles(copy=3 * X - 1, mean=np.round(means, 3), total=X + Z, other=X + 2 * Z)
    assert is_copy(found["copy"], found["x"])
    assert not is_copy(found["z"], found["x"])
    assert is_mean_of(found["mean"], found["x"], found["task"])
    assert not is_mean_of(found["mean"], found["z"], found["task"])
    assert totals_among([found[name] for name in ("x", "z", "total")]) == {"total"}
    assert totals_among([found[name] for name in ("x", "z", "other")]) == set()
