"""What makes skewed numbers less so, and back."""

import numpy as np
import pytest

from maml_engine.tables.shapes import shape_of, shaped, skewness, target_shape_of, unshaped

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("values", "shape"),
    [
        (RNG.normal(0, 1, 200), ""),
        (RNG.lognormal(3, 1.5, 200), "log"),
        (RNG.standard_t(1, 200), "asinh"),
        (RNG.lognormal(3, 1.5, 200) * (RNG.random(200) < 0.7), "asinh"),  # zeros have no logarithm
    ],
)
def test_skewed_numbers_lean_less_and_come_back(values, shape):
    found = shape_of(values)
    assert found.get("shape", "") == shape
    how = {"shape": "", "middle": 0.0, "width": 1.0} | found
    np.testing.assert_allclose(unshaped(shaped(values, **how), **how), values, rtol=1e-9, atol=1e-9)
    assert shape == "" or abs(skewness(shaped(values, **how))) < abs(skewness(values)) / 2


def test_a_positive_target_over_orders_of_magnitude_is_tried_by_its_logarithm():
    decay = np.exp(-np.linspace(0, 4, 60)) * RNG.uniform(0.8, 1.2, 60)
    assert shape_of(decay) == {}
    assert target_shape_of(decay)["shape"] == "log"
    assert target_shape_of(decay - 1) == {}
    assert target_shape_of(RNG.uniform(1, 50, 60)) == {}


def test_what_is_far_beyond_a_table_is_a_number_all_the_same():
    for shape in ("log", "asinh"):
        assert np.isfinite(unshaped(np.array([-1e5, 1e5]), shape, 1.0, 1.0)).all()
