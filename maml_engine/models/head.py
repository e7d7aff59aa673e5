"""The last layer apart from the body: what it is given (the features), and what may stand in its place."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple, Protocol

import jax
from flax import nnx

from maml_engine.pytrees import Replaceable, pytree

PyTree = Any
_CALLS: ContextVar[list[tuple[nnx.Module, jax.Array, jax.Array]]] = ContextVar("calls of dense layers")


class Features(NamedTuple):
    """What a network's last layer is given.

    values: `[examples, features]`.
    path: of that layer within the network.
    """

    values: jax.Array
    path: tuple


class Head(Protocol):
    """What a support gives in place of the last layer: features to predictions, and how sure these are. A pytree."""

    def __call__(self, features: jax.Array) -> jax.Array:
        """`[examples, features] -> [examples, out_dim]`."""
        ...

    def spread(self, features: jax.Array) -> jax.Array:
        """Standard deviations of what is predicted, the noise included: `[examples, features] -> [examples, out_dim]`."""
        ...


@pytree
class Solved(Replaceable):
    """Parameters whose last layer is answered for by another head; a `Network` takes them wherever it takes parameters.

    params: shaped like `nnx.state(model, nnx.Param)`.
    head: in place of the last layer.
    """

    params: PyTree
    head: Any


class SolvedModule(nnx.Module):
    """A network with another head, as a module of its own.

    Args:
      body: the network.
      head: in place of its last layer.
    """

    def __init__(self, body: nnx.Module, head: Head):
        self.body, self.head = body, nnx.Variable(head)

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[examples, ...] -> [examples, out_dim]`."""
        return self.head.get_value()(features(self.body, x).values)

    def spread(self, x: jax.Array) -> jax.Array:
        """Standard deviations, `[examples, ...] -> [examples, out_dim]`."""
        return self.head.get_value().spread(features(self.body, x).values)


class _Noting(nnx.Linear):
    """Notes what it is given, and what it makes of it."""

    def __call__(self, inputs: jax.Array, *args: Any, **options: Any) -> jax.Array:
        result = super().__call__(inputs, *args, **options)
        _CALLS.get().append((self, inputs, result))
        return result


def features(model: Any, x: jax.Array) -> Features:
    """What the last layer of `model` is given where the network's input is `x` `[examples, ...]`.

    The last layer is the one whose result is the network's, whatever it is called; it must be an `nnx.Linear`.

    Raises:
      ValueError: the network ends in something else, or calls that layer more than once.
    """
    with _noting(model) as (paths, calls):
        prediction = model(x)
    last = [(layer, inputs) for layer, inputs, result in calls if result is prediction]
    if len(last) != 1 or prediction.ndim != 2:
        raise ValueError(
            "A method that solves for the head needs a network whose last layer is an nnx.Linear giving [examples, outputs]; "
            f"{type(model).__name__} ends in something else: take a method that makes steps (MAML, ANIL), or let the network "
            "return its last nnx.Linear's result as it is."
        )
    ((layer, inputs),) = last
    if sum(one is layer for one, _, _ in calls) > 1:
        raise ValueError(
            f"A method that solves for the head needs a last layer of its own; {type(model).__name__} calls its last layer "
            "more than once: take a method that makes steps (MAML, ANIL)."
        )
    return Features(inputs.astype(prediction.dtype), paths[id(layer)])


@contextmanager
def _noting(model: nnx.Module) -> Iterator[tuple[dict[int, tuple], list]]:
    """While `model` sees its rows: its dense layers by identity, and their calls."""
    layers = [(path, module) for path, module in nnx.iter_modules(model) if type(module) is nnx.Linear]
    calls: list[tuple[nnx.Module, jax.Array, jax.Array]] = []
    before = _CALLS.set(calls)
    for _, layer in layers:
        layer.__class__ = _Noting
    try:
        yield {id(layer): tuple(path) for path, layer in layers}, calls
    finally:
        _CALLS.reset(before)
        for _, layer in layers:
            layer.__class__ = nnx.Linear


def head_of(params: PyTree, path: tuple) -> tuple[jax.Array, jax.Array | None]:
    """The last layer's kernel `[features, out_dim]`, and its bias `[out_dim]` where it has one.

    Args:
      params: the network's.
      path: of the layer, as `features` gives it.
    """
    flat = {tuple(where): leaf for where, leaf in nnx.to_flat_state(params)}
    bias = flat.get((*path, "bias"))
    return flat[*path, "kernel"].get_value(), None if bias is None else bias.get_value()


def with_head(params: PyTree, path: tuple, kernel: jax.Array, bias: jax.Array | None = None) -> PyTree:
    """The parameters with another last layer.

    Args:
      params: the network's.
      path: of the layer, as `features` gives it.
      kernel: `[features, out_dim]`.
      bias: `[out_dim]`; None where the layer has none.
    """
    new = {(*path, "kernel"): kernel} | ({} if bias is None else {(*path, "bias"): bias})
    flat = nnx.to_flat_state(params)

    def kept(where: tuple, leaf: Any) -> Any:
        return leaf.replace(new[where].astype(leaf.get_value().dtype)) if tuple(where) in new else leaf

    return nnx.from_flat_state([(where, kept(where, leaf)) for where, leaf in flat])
