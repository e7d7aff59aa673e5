"""NNX at the edge: a module is taken apart once on the way in, and a copy put together on the way out."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from maml_engine.models.head import Features, Solved, SolvedModule, features
from maml_engine.models.normalisation import BatchStatisticsNorm
from maml_engine.pytrees import pytree, static_field

PyTree = Any


@pytree
class Network:
    """A module without its parameters: what turns parameters and inputs into predictions.

    graphdef: the module's structure; static.
    rest: whatever else the module holds (statistics, random streams); handed along, never differentiated.
    """

    graphdef: nnx.GraphDef = static_field()
    rest: PyTree

    @classmethod
    def split(cls, model: nnx.Module) -> tuple["Network", PyTree]:
        """Takes `model` apart; the parameters are shaped like `nnx.state(model, nnx.Param)`. `model` stays as it is."""
        graphdef, params, rest = nnx.split(model, nnx.Param, ...)
        return cls(graphdef, rest), params

    def merge(self, params: PyTree) -> nnx.Module:
        """A new module with these parameters, sharing no variable with any other."""
        if isinstance(params, Solved):
            return SolvedModule(self.merge(params.params), params.head)
        return nnx.merge(self.graphdef, params, self.rest, copy=True)

    def predict(self, params: PyTree, x: jax.Array | np.ndarray) -> jax.Array:
        """`[examples, ...] -> [examples, out_dim]`: a pure function, safe inside any JAX transformation.

        Raises:
          ValueError: the module gives something else than one array.
        """
        prediction = self.merge(params)(x)
        if not hasattr(prediction, "shape"):
            raise ValueError(
                f"The network must give one array, [examples, ...], got {type(prediction).__name__}: join several outputs "
                "along the last axis, and take them apart in a loss of your own."
            )
        return prediction

    def features(self, params: PyTree, x: jax.Array | np.ndarray) -> Features:
        """What the last layer is given, `[examples, features]`, where the input is `x` `[examples, ...]`, and where it lies.

        Raises:
          ValueError: the network does not end in an `nnx.Linear`.
        """
        return features(self.merge(_network_s(params)), jnp.asarray(x))

    # What random streams and normalisation layers ask for. A network that has none is itself in all of these.

    @property
    def is_random(self) -> bool:
        """Whether the module holds random streams (dropout)."""
        return self._holds(nnx.RngState)

    def drawing(self, key: jax.Array | None) -> "Network":
        """The network with its random streams started from `key` `[]`; None leaves them as they are."""
        if key is None or not self.is_random:
            return self
        flat = [
            (path, variable.replace(_like(jax.random.fold_in(key, place), variable.get_value())))
            if isinstance(variable, nnx.RngKey)
            else (path, variable)
            for place, (path, variable) in enumerate(nnx.to_flat_state(self.rest))
        ]
        return Network(self.graphdef, nnx.from_flat_state(flat))

    def quiet(self, params: PyTree) -> "Network":
        """The network in use: dropout is off. Parameters are shaped like `params`."""
        if not self.is_random:
            return self
        model = self.merge(params)
        model.set_attributes(deterministic=True, raise_if_not_found=False)
        return Network.split(model)[0]

    def statistics(self, params: PyTree) -> str:
        """What normalisation layers (`nnx.BatchNorm`) go by once adapted: "support" or "running".

        Or "" where there are none, or all are normalised by the rows that are predicted together.
        """
        if not self._holds(nnx.BatchStat):
            return ""
        norms = _norms(self.merge(params))
        return "running" if not norms else "support" if any(map(_is_settled_by_support, norms)) else ""

    def has_choice(self, params: PyTree) -> bool:
        """Whether it has layers that `normalised_by` tells what to go by. Parameters are shaped like `params`."""
        return bool(_norms(self.merge(_network_s(params))))

    def normalised_by(self, statistics: str, params: PyTree) -> "Network":
        """The network whose normalisation layers take the statistics of rows from others than in training.

        Those that bring running statistics, and those that look at one picture alone, stay as they are.

        Args:
          statistics: "support", or "batch" for the rows that are predicted together (transductive).
          params: of its shapes.
        """
        model = self.merge(_network_s(params))
        for norm in _norms(model):
            if isinstance(norm, BatchStatisticsNorm):
                norm.go_by(transductive=statistics == "batch")
            else:
                norm.transductive = statistics == "batch"
        return Network.split(model)[0]

    def settled(self, params: PyTree, support_x: jax.Array | np.ndarray) -> "Network":
        """The network whose normalisation layers go by the statistics of the support rows, whatever is predicted beside a row.

        Args:
          params: the adapted parameters.
          support_x: `[k_shot, ...]`, in the network's units.
        """
        if not self._holds(nnx.BatchStat):
            return self
        model = self.merge(_network_s(params))
        norms = [norm for norm in _norms(model) if _is_settled_by_support(norm)]
        if norms:
            with _settling(norms):
                model(support_x)
        return Network.split(model)[0]

    @property
    def state(self) -> PyTree:
        """What the module holds beside its parameters and its random streams: what a saved learner keeps of it."""
        return nnx.filter_state(self.rest, nnx.Not(nnx.RngState))

    def with_state(self, state: PyTree) -> "Network":
        """The network with another `state`."""
        return Network(self.graphdef, nnx.merge_state(self.rest, state))

    def _holds(self, kind: type) -> bool:
        return bool(jax.tree.leaves(nnx.filter_state(self.rest, kind)))


def _norms(model: nnx.Module) -> list[Any]:
    """Layers that take their statistics from the rows at hand: Flax's, and `normalisation.BatchStatisticsNorm`."""
    modules = (module for _, module in nnx.iter_modules(model))
    return [one for one in modules if getattr(one, "use_running_average", None) is False and hasattr(one, "momentum")]


def _is_settled_by_support(norm: Any) -> bool:
    return not getattr(norm, "transductive", False)


def _network_s(params: PyTree) -> PyTree:
    """The network's own parameters, where another head goes with them."""
    return params.params if isinstance(params, Solved) else params


class _Settling(nnx.BatchNorm):
    """Takes the statistics of the rows at hand whole, and lets gradients through, which running statistics stop."""

    def __call__(self, x: jax.Array, *args, **options) -> jax.Array:
        """`x` `[..., features]`, normalised."""
        normalised = super().__call__(x, *args, **options)
        axes = tuple(axis for axis in range(x.ndim) if axis != self.axis % x.ndim)
        self.mean.set_value(jnp.mean(x, axes))
        self.var.set_value(jnp.var(x, axes))
        return normalised


@contextmanager
def _settling(norms: list[Any]) -> Iterator[None]:
    """While a module sees its support rows; afterwards its layers go by what they saw."""
    before = [(norm, type(norm), norm.momentum) for norm in norms]
    for norm in norms:
        norm.momentum = 0.0  # of the old statistics nothing is kept
        norm.__class__ = _Settling if type(norm) is nnx.BatchNorm else type(norm)
    yield
    for norm, kind, momentum in before:
        norm.__class__, norm.momentum, norm.use_running_average = kind, momentum, True


def _like(key: jax.Array, keys: jax.Array) -> jax.Array:
    """A key for each of `keys` `[...]`."""
    return key if keys.shape == () else jax.random.split(key, keys.shape)
