"""Predictors as arrays and JSON: what they are made of is a dataclass of `KINDS`, an array, a tuple, or a plain value."""

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from maml_engine.tables.baselines import Pooled, PooledAlone
from maml_engine.tables.blend import Blend
from maml_engine.tables.functions import (
    Beside,
    Constant,
    KernelSum,
    Linear,
    NoKernel,
    Powers,
    Rbf,
    TanhLayers,
    Total,
    Trees,
    Turned,
)
from maml_engine.tables.gaussian_process import KernelPredictor
from maml_engine.tables.network_ensemble import NetworkEnsemble
from maml_engine.tables.outcomes import Bounded
from maml_engine.tables.task_mixture import TaskMixture

# Nothing else is ever made from a file.
KINDS: dict[str, type] = {
    "beside": Beside,
    "blend": Blend,
    "bounded": Bounded,
    "constant": Constant,
    "kernel_sum": KernelSum,
    "linear": Linear,
    "networks": NetworkEnsemble,
    "no_kernel": NoKernel,
    "pooled": Pooled,
    "pooled_alone": PooledAlone,
    "powers": Powers,
    "process": KernelPredictor,
    "rbf": Rbf,
    "tanh_layers": TanhLayers,
    "task_mixture": TaskMixture,
    "total": Total,
    "trees": Trees,
    "turned": Turned,
}
NAMES = {kind: name for name, kind in KINDS.items()}


def described(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """Plain values for JSON; what they refer to is put into `arrays`, `[...]` by name."""
    if type(value) in NAMES:
        if isinstance(value, NetworkEnsemble):
            facts, own = value.to_values()
            where = {name: _kept(array, arrays) for name, array in own.items()}
            return {"kind": "networks", "facts": facts, "where": where, "pooled": described(value.pooled, arrays)}
        fields = {field.name: described(getattr(value, field.name), arrays) for field in dataclasses.fields(value)}
        return {"kind": NAMES[type(value)], "fields": fields}
    if isinstance(value, np.ndarray):
        return {"array": _kept(value, arrays)}
    if isinstance(value, tuple):
        return [described(part, arrays) for part in value]
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return {"float": repr(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{type(value).__name__} cannot be part of a saved learner.")


def restored(value: Any, arrays: dict[str, np.ndarray], source: Path) -> Any:
    """The inverse of `described`.

    Args:
      value: what it gave.
      arrays: `[...]` by name, as it filled them.
      source: is named where something is refused.

    Raises:
      KeyError: an array, a field or a kind that is not there.
      TypeError: likewise.
    """
    if isinstance(value, list):
        return tuple(restored(part, arrays, source) for part in value)
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return arrays[value["array"]]
    if "float" in value:
        return float(value["float"])
    kind = KINDS[value["kind"]]
    if kind is NetworkEnsemble:
        own = {name: arrays[kept] for name, kept in value["where"].items()}
        return NetworkEnsemble.from_values(value["facts"], own, restored(value["pooled"], arrays, source), source)
    return kind(**{name: restored(part, arrays, source) for name, part in value["fields"].items()})


def _kept(array: np.ndarray, arrays: dict[str, np.ndarray]) -> str:
    """The name under which an array is kept; the same array is kept once."""
    for name, other in arrays.items():
        if other is array:
            return name
    name = f"array.{len(arrays)}"
    arrays[name] = array
    return name
