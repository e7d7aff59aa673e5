"""Sine waves (Finn et al., 2017, sec. 5.1)."""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp

from maml_engine.checks import check_range
from maml_engine.pytrees import pytree
from maml_engine.tasks.family import FunctionFamily


class Waves(NamedTuple):
    """Sine waves as one function.

    amplitude: `[tasks]`, in units of y.
    phase: `[tasks]`, radians.
    """

    amplitude: jax.Array
    phase: jax.Array

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[tasks, n, 1] -> [tasks, n, 1]`."""
        return self.amplitude[:, None, None] * jnp.sin(x + self.phase[:, None, None])


@pytree
class Sinusoid(FunctionFamily):
    """y = A sin(x + phase). The paper writes sin(x - phase); (x, y) -> (-x, -y) maps one onto the other.

    amplitude: A is uniform in this interval.
    phase: radians, uniform in this interval.
    x: inputs are uniform in this interval.

    Predicting 0 costs 4.252 on average over the paper's ranges, and no prediction made before seeing a task's points costs
    less than 3.006 on average.
    """

    amplitude: tuple[float, float] = (0.1, 5.0)
    phase: tuple[float, float] = (0.0, math.pi)
    x: tuple[float, float] = (-5.0, 5.0)

    def __post_init__(self):
        super().__post_init__()
        check_range("amplitude", self.amplitude)
        check_range("phase", self.phase)

    def draw(self, key: jax.Array, num_tasks: int) -> Waves:
        """Amplitudes and phases of the waves, `[num_tasks]` each."""
        key_amplitude, key_phase = jax.random.split(key)
        return Waves(
            amplitude=jax.random.uniform(key_amplitude, (num_tasks,), minval=self.amplitude[0], maxval=self.amplitude[1]),
            phase=jax.random.uniform(key_phase, (num_tasks,), minval=self.phase[0], maxval=self.phase[1]),
        )
