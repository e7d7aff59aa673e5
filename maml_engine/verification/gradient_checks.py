"""Checks of gradients, against closed forms on quadratic tasks and against central differences.

Each function gives the error of one check of `board`.
"""

from typing import Any

import jax
import numpy as np

from maml_engine.analysis.finite_differences import finite_difference_check
from maml_engine.core.adapter import Adapter
from maml_engine.core.meta_gradient import meta_value_and_grad
from maml_engine.methods import FOMAML, IMAML, MAML, MetaSGD, Method, Reptile
from maml_engine.verification.closed_forms import DIM, INNER_LR, Quadratics
from maml_engine.verification.problems import relative_error, small_network, small_waves

PyTree = Any


def maml_closed_form() -> float:
    """MAML's gradient against its closed form, in 64 bits; the larger error of 1 and 5 steps."""
    with jax.enable_x64(True):
        quadratics = Quadratics.draw()
        return max(relative_error(_gradient(quadratics, MAML(INNER_LR, k)), quadratics.exact(k)) for k in (1, 5))


def maml_32_bits() -> float:
    """MAML's gradient in 32 bits against its closed form, 5 steps."""
    quadratics = Quadratics.draw()
    return relative_error(_gradient(quadratics, MAML(INNER_LR, 5), np.float32), quadratics.exact(5))


def fomaml_closed_form() -> float:
    """First-order MAML's gradient against its closed form; the larger error of 1 and 5 steps."""
    with jax.enable_x64(True):
        quadratics = Quadratics.draw()
        return max(relative_error(_gradient(quadratics, FOMAML(INNER_LR, k)), quadratics.first_order(k)) for k in (1, 5))


def reptile_closed_form() -> float:
    """Reptile's direction against its closed form, 5 steps."""
    with jax.enable_x64(True):
        quadratics = Quadratics.draw()
        return relative_error(_gradient(quadratics, Reptile(INNER_LR, 5)), quadratics.chord(5))


def imaml_closed_form() -> float:
    """Implicit MAML's gradient against its closed form."""
    proximal = 2.0
    with jax.enable_x64(True):
        quadratics = Quadratics.draw()
        method = IMAML(1 / (3 + proximal), 500, proximal=proximal, inner_tolerance=1e-12, cg_steps=DIM)
        return relative_error(_gradient(quadratics, method), quadratics.implicit(proximal))


def meta_sgd_closed_form() -> float:
    """Meta-SGD's gradient by its step sizes against its closed form, 1 step."""
    with jax.enable_x64(True):
        quadratics = Quadratics.draw()
        _, gradient = meta_value_and_grad(MetaSGD(INNER_LR, 1), quadratics.model(float), quadratics.episode(float))
        return relative_error(gradient.rule, quadratics.of_step_sizes())


def finite_differences() -> float:
    """MAML's gradient through a network against central differences, 5 steps."""
    with jax.enable_x64(True):
        adapter, episode = Adapter.of_model(MAML(0.1, 5), small_network(np.float64)), small_waves(np.float64)
    return finite_difference_check(adapter, episode).error


def _gradient(quadratics: Quadratics, method: Method, dtype: type = np.float64) -> PyTree:
    return meta_value_and_grad(method, quadratics.model(dtype), quadratics.episode(dtype))[1].init
