"""Names for what is a caller's own, so that an experiment, a flag and a saved learner can say them."""

import re
from typing import Any

import jax

from maml_engine.checks import check_choice, shown
from maml_engine.core.losses import LOSSES
from maml_engine.methods import METHODS, Method
from maml_engine.models import MODELS
from maml_engine.runtime.registry import Registry, parameters_of
from maml_engine.tasks import FAMILIES

KINDS: dict[str, Registry[Any]] = {registry.kind: registry for registry in (METHODS, MODELS, FAMILIES, LOSSES)}


def register(kind: str, name: str, thing: Any) -> None:
    """Gives a method, network, tasks or loss of one's own a name.

    `Experiment(method=name)` and `maml train --method name` then take it, and what it trained is opened by `Learner.load` and
    `maml evaluate` wherever the same name is registered: by this call (`maml --import MODULE` imports a file that makes it), or
    by an installed package's entry point of the group "maml_engine.method" (.model, .tasks, .loss).

    Args:
      kind: "method", "model", "tasks" or "loss".
      name: lower-case letters, digits and underscores.
      thing: a subclass of `Method` under `@pytree`; a class or function that makes an NNX module from `rngs`; tasks, or a
        class that makes them; a function `(prediction, y) -> ` one number an example. What makes a method, network or tasks is
        handed those fields of the experiment (a network `in_dim`, `out_dim` and `in_shape` too) that it has parameters for.

    Raises:
      ValueError: an unknown kind, a name that is not allowed or the engine's own, or a thing that is not what it must be.
    """
    check_choice("kind", kind, KINDS)
    if not isinstance(name, str) or not re.fullmatch("[a-z][a-z0-9_]*", name):
        raise ValueError(
            f"`name` must be of lower-case letters, digits and underscores, such as 'my_{kind}', got {shown(name)}."
        )
    if name in KINDS[kind].built_in or (kind, name) == ("tasks", "table"):
        raise ValueError(f"`name` must be a new one, such as 'my_{name}': the engine has a {kind} called {name!r}.")
    if wanted := _lacks(kind, thing):
        raise ValueError(f"`thing` must be {wanted}, got {shown(thing)}.")
    KINDS[kind][name] = thing


def _lacks(kind: str, thing: Any) -> str:
    """What a thing of this kind must be, where it is not; else empty."""
    if kind == "method":
        if not isinstance(thing, type) or not issubclass(thing, Method):
            return "a subclass of maml_engine.Method"
        return "" if not jax.tree_util.all_leaves([thing()]) else "under the decorator @maml_engine.pytree"
    if kind == "model" and (not callable(thing) or "rngs" not in parameters_of(thing)):
        return "a class or function that makes an NNX module and takes `rngs`"
    if kind == "tasks" and not (callable(thing) or (hasattr(thing, "sample") and hasattr(thing, "split"))):
        return "tasks with `sample` and `split`, or a class that makes them"
    return "" if kind != "loss" or callable(thing) else "a function (prediction, y) -> one number an example"
