"""Frozen dataclasses that go through JAX's transformations, told apart by their class.

`flax.struct.dataclass` and `jax.tree_util.register_dataclass` cannot be used: in jaxlib 0.10.2 the structures of two classes
compare equal where their static fields are equal, although the hashes differ. A compiled function looks its programs up by
structure, so now and then, by chance of the hashes, one method's gradient would be answered with another's. Nodes that are
registered with functions of their own compare by class.
"""

import dataclasses
from collections.abc import Iterable
from typing import Any, Self, TypeVar, dataclass_transform

import jax

from maml_engine.checks import NamedFields

Class = TypeVar("Class", bound=type)

_STATIC = "static"


def static_field(default: Any = dataclasses.MISSING) -> Any:
    """A field that shapes the compiled program: no leaf of the pytree, but part of its structure; hashable."""
    return dataclasses.field(default=default, metadata={_STATIC: True})


class Replaceable(NamedFields):
    """Declares the `replace` of every pytree where type checkers look for it: what a decorator adds, they do not see."""

    def replace(self, **changes: Any) -> Self:
        """A copy with some fields changed."""
        return dataclasses.replace(self, **changes)  # pyright: ignore[reportArgumentType]  # a dataclass, once decorated


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field, static_field))
def pytree(cls: Class) -> Class:
    """Makes of a class a frozen dataclass that is a pytree, with a method `replace`; fields are leaves unless static.

    Use it, and not Flax's decorator, for a `Method` of your own.
    """
    cls = dataclasses.dataclass(frozen=True)(cls)
    leaves, static = [], []
    for field in dataclasses.fields(cls):
        (static if field.metadata.get(_STATIC, False) else leaves).append(field.name)
    keys = [jax.tree_util.GetAttrKey(name) for name in leaves]

    def flatten(tree: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        return tuple(getattr(tree, name) for name in leaves), tuple(getattr(tree, name) for name in static)

    def flatten_with_keys(tree: Any) -> tuple[tuple[tuple[Any, Any], ...], tuple[Any, ...]]:
        values, structure = flatten(tree)
        return tuple(zip(keys, values, strict=True)), structure

    def unflatten(structure: tuple[Any, ...], values: Iterable[Any]) -> Any:
        return cls(**dict(zip(leaves, values, strict=True)), **dict(zip(static, structure, strict=True)))

    jax.tree_util.register_pytree_with_keys(cls, flatten_with_keys, unflatten, flatten)
    cls.replace = dataclasses.replace
    return cls
