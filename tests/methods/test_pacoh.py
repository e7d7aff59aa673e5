"""PACOH's own part: a hyper-prior that pulls, and refusals; test_dkt.py has the process that both are."""

import numpy as np
import pytest

from maml_engine import meta_value_and_grad
from maml_engine.methods import PACOH
from tests.methods import twins
from tests.methods.twins import network, params_of


def test_the_hyper_prior_pulls_in_proportion_to_the_parameters(x64):
    model, tasks = network(), twins.episode()
    free, held = (meta_value_and_grad(PACOH(hyper_prior=size), model, tasks)[1] for size in (0.0, 0.5))
    for name, param in params_of(model).items():
        got = twins.named(held.init)[name] - twins.named(free.init)[name]
        np.testing.assert_allclose(got, 0.5 * param, rtol=1e-9)


def test_a_hyper_prior_below_zero_is_refused():
    with pytest.raises(ValueError, match="`hyper_prior` must be"):
        PACOH(hyper_prior=-1)
