"""Families of functions beyond the sine wave; each is a distribution, and draws callables."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from maml_engine.checks import check_number, check_range
from maml_engine.pytrees import pytree, static_field
from maml_engine.tasks.family import FunctionFamily
from maml_engine.tasks.sinusoid import Sinusoid

# Draws of a Gaussian process are sums of this many random cosines (Rahimi & Recht, 2007).
RANDOM_FEATURES = 128


class Drawn(NamedTuple):
    """Functions given by numbers of their own and one formula for all.

    values: arrays with a leading axis `[tasks]`.
    formula: `(x [n, 1], *values of one task) -> [n, 1]`; part of the structure.
    """

    values: tuple[jax.Array, ...]
    formula: Callable[..., jax.Array]

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[tasks, n, 1] -> [tasks, n, 1]`."""
        return jax.vmap(self.formula)(x, *self.values)


jax.tree_util.register_pytree_node(
    Drawn, lambda drawn: ((drawn.values,), drawn.formula), lambda formula, values: Drawn(values[0], formula)
)


def uniform(key: jax.Array, num_tasks: int, interval: tuple[float, float]) -> jax.Array:
    """`[num_tasks]`, uniform in an interval."""
    return jax.random.uniform(key, (num_tasks,), minval=interval[0], maxval=interval[1])


@pytree
class FrequencySinusoid(Sinusoid):
    """y = A sin(frequency x + phase): the task of Meta-SGD (Li et al., 2017, sec. 4.1).

    frequency: radians per unit of x, uniform in this interval.
    """

    frequency: tuple[float, float] = (0.8, 1.2)

    def __post_init__(self):
        super().__post_init__()
        check_range("frequency", self.frequency)

    def draw(self, key: jax.Array, num_tasks: int) -> Drawn:
        """Amplitudes, frequencies and phases, `[num_tasks]` each."""
        keys = jax.random.split(key, 3)
        intervals = (self.amplitude, self.frequency, self.phase)
        values = tuple(uniform(key, num_tasks, interval) for key, interval in zip(keys, intervals, strict=True))
        return Drawn(values, _wave)


def _wave(x: jax.Array, amplitude: jax.Array, frequency: jax.Array, phase: jax.Array) -> jax.Array:
    return amplitude * jnp.sin(frequency * x + phase)


@pytree
class Harmonics(Sinusoid):
    """A wave and its first overtone at half the amplitude, each with a phase of its own."""

    def draw(self, key: jax.Array, num_tasks: int) -> Drawn:
        """Amplitudes and two phases, `[num_tasks]` each."""
        keys = jax.random.split(key, 3)
        intervals = (self.amplitude, self.phase, self.phase)
        return Drawn(tuple(uniform(k, num_tasks, i) for k, i in zip(keys, intervals, strict=True)), _harmonics)


def _harmonics(x: jax.Array, amplitude: jax.Array, phase: jax.Array, overtone: jax.Array) -> jax.Array:
    return amplitude * (jnp.sin(x + phase) + 0.5 * jnp.sin(2 * x + overtone))


@pytree
class Polynomials(FunctionFamily):
    """Polynomials of x over the half width of its interval, with standard normal coefficients shrunk by their order.

    degree: 1 draws lines.
    """

    degree: int = static_field(default=3)

    def __post_init__(self):
        super().__post_init__()
        check_number("degree", self.degree, low=0, high=20, integer=True)

    def draw(self, key: jax.Array, num_tasks: int) -> Drawn:
        """Coefficients `[num_tasks, degree + 1]`, lowest order first, and the interval's half width."""
        coefficients = jax.random.normal(key, (num_tasks, self.degree + 1)) * 2.0
        half_width = jnp.full(num_tasks, (self.x[1] - self.x[0]) / 2)
        return Drawn((coefficients, half_width), _polynomial)


def _polynomial(x: jax.Array, coefficients: jax.Array, half_width: jax.Array) -> jax.Array:
    return (x / half_width) ** jnp.arange(coefficients.shape[0]) @ coefficients[:, None]


@pytree
class Lines(Polynomials):
    """Straight lines.

    degree: 1.
    """

    degree: int = static_field(default=1)


@pytree
class Steps(FunctionFamily):
    """A jump from 0 to a height, at a place in the middle half of the interval.

    amplitude: the height is uniform in this interval, of either sign.
    """

    amplitude: tuple[float, float] = (0.1, 5.0)

    def draw(self, key: jax.Array, num_tasks: int) -> Drawn:
        """Heights with sign, and places, `[num_tasks]` each."""
        key_height, key_sign, key_place = jax.random.split(key, 3)
        height = uniform(key_height, num_tasks, self.amplitude) * jax.random.rademacher(key_sign, (num_tasks,))
        low, high = self.x
        quarter = (high - low) / 4
        return Drawn((height, uniform(key_place, num_tasks, (low + quarter, high - quarter))), _step)


def _step(x: jax.Array, height: jax.Array, place: jax.Array) -> jax.Array:
    return jnp.where(x < place, 0.0, height)


@pytree
class Sawteeth(Sinusoid):
    """A sawtooth with the period of the sine wave, 2 pi."""

    def draw(self, key: jax.Array, num_tasks: int) -> Drawn:
        """Amplitudes and phases, `[num_tasks]` each."""
        keys = jax.random.split(key)
        return Drawn((uniform(keys[0], num_tasks, self.amplitude), uniform(keys[1], num_tasks, self.phase)), _sawtooth)


def _sawtooth(x: jax.Array, amplitude: jax.Array, phase: jax.Array) -> jax.Array:
    return amplitude * (2 * jnp.mod((x + phase) / (2 * jnp.pi), 1.0) - 1)


@pytree
class GaussianProcess(FunctionFamily):
    """Draws of a Gaussian process with unit variance and a squared-exponential kernel, by random cosines.

    length_scale: of the kernel, in units of x.
    """

    length_scale: float = 1.0

    def __post_init__(self):
        super().__post_init__()
        check_number("length_scale", self.length_scale, above=0)

    def draw(self, key: jax.Array, num_tasks: int) -> Drawn:
        """Frequencies, phases and weights, `[num_tasks, RANDOM_FEATURES]` each."""
        key_frequency, key_phase, key_weight = jax.random.split(key, 3)
        shape = (num_tasks, RANDOM_FEATURES)
        frequency = jax.random.normal(key_frequency, shape) / self.length_scale
        phase = jax.random.uniform(key_phase, shape, maxval=2 * jnp.pi)
        weight = jax.random.normal(key_weight, shape) * jnp.sqrt(2 / RANDOM_FEATURES)
        return Drawn((frequency, phase, weight), _cosines)


def _cosines(x: jax.Array, frequency: jax.Array, phase: jax.Array, weight: jax.Array) -> jax.Array:
    return jnp.cos(x * frequency + phase) @ weight[:, None]


@pytree
class Mixture(FunctionFamily):
    """Each task from one of several families, all alike likely.

    amplitude: of sine waves and sawteeth, uniform in this interval.
    phase: of sine waves and sawteeth, radians, uniform in this interval.
    """

    amplitude: tuple[float, float] = (0.1, 5.0)
    phase: tuple[float, float] = (0.0, 3.141592653589793)

    def families(self) -> tuple[FunctionFamily, ...]:
        """What is mixed."""
        waves = [kind(amplitude=self.amplitude, phase=self.phase, x=self.x) for kind in (Sinusoid, Sawteeth)]
        return *waves, Lines(x=self.x), Polynomials(x=self.x)

    def draw(self, key: jax.Array, num_tasks: int) -> Any:
        """Every family's draws, and which one counts, `[num_tasks]`."""
        key_which, key_draw = jax.random.split(key)
        families = self.families()
        which = jax.random.randint(key_which, (num_tasks,), 0, len(families))
        keys = jax.random.split(key_draw, len(families))
        return Mixed(which, tuple(family.draw(key, num_tasks) for family, key in zip(families, keys, strict=True)))


class Mixed(NamedTuple):
    """Functions of several families, of which each task has one.

    which: `[tasks]`, the index of each task's family.
    drawn: functions of every family, each `[tasks, n, 1] -> [tasks, n, 1]`.
    """

    which: jax.Array
    drawn: tuple[Callable[[jax.Array], jax.Array], ...]

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[tasks, n, 1] -> [tasks, n, 1]`."""
        return jnp.choose(self.which[:, None, None], [functions(x) for functions in self.drawn], mode="clip")
