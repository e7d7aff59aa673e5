import jax
import numpy as np
import pytest
from flax import nnx

from maml_engine import MAML, MAMLRegressor, Sinusoid
from maml_engine.analysis import default_sizes, growth, measure_costs
from maml_engine.analysis.cost import WAYS
from maml_engine.core.adapter import Adapter


@pytest.fixture(scope="module")
def costs():
    adapter = Adapter.of_model(MAML(0.01, 1), MAMLRegressor(rngs=nnx.Rngs(0)))
    episode = Sinusoid().sample(jax.random.key(0), 4, 10, 10)
    return list(measure_costs(adapter, episode, [(2, 6), (8, 6)], repeats=3))


def test_every_way_is_measured_at_every_size(costs):
    assert [(cost.way, cost.inner_steps, cost.num_tasks) for cost in costs] == [
        (way, steps, 6) for steps in (2, 8) for way in WAYS
    ]
    assert all(cost.seconds > 0 and cost.compile_seconds > 0 and cost.temp_bytes > 0 for cost in costs)


def test_first_order_memory_is_flat_in_the_steps_and_mixed_stores_less_than_plain(costs):
    few, many = ({cost.way: cost.temp_bytes for cost in costs if cost.inner_steps == steps} for steps in (2, 8))
    assert many["first-order"] <= 1.1 * few["first-order"]
    assert many["exact, plain"] > 1.5 * few["exact, plain"]
    assert many["first-order"] < many["exact, mixed"] < many["exact, plain"]


def test_growth_finds_the_power():
    sizes = np.array([1, 2, 5, 20])
    np.testing.assert_allclose(growth(sizes, 3e-4 * sizes**1.7), 1.7)
    assert np.isnan(growth([5, 5], [1.0, 2.0]))


def test_default_sizes_hold_none_twice():
    assert len(default_sizes()) == len(set(default_sizes()))


def test_repeats_must_be_a_number():
    adapter = Adapter.of_model(MAML(0.01, 1), MAMLRegressor(rngs=nnx.Rngs(0)))
    with pytest.raises(ValueError, match="`repeats` must be"):
        next(measure_costs(adapter, Sinusoid().sample(jax.random.key(0), 1, 1, 1), repeats=0))
