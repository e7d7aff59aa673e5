"""Meta-SGD: the gradient of its step sizes."""

import numpy as np

from maml_engine import meta_value_and_grad
from maml_engine.methods import MetaSGD
from tests.quadratics import ALPHA, relative_error


def test_meta_sgds_step_size_gradient_is_the_closed_form(x64, quadratics):
    path, _ = quadratics.path(1)
    at_query = quadratics.query_gradient(path[-1])
    at_support = np.einsum("tij,tj->ti", quadratics.support_hessian, quadratics.theta - quadratics.support_optimum)
    _, gradient = meta_value_and_grad(MetaSGD(ALPHA, 1), quadratics.model(float), quadratics.episode(float))
    assert relative_error(gradient.rule, np.mean(-at_support * at_query, axis=0)) < 1e-12
