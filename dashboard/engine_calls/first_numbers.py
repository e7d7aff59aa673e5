"""Numbers that come with the app: the answers to what every page asks before its visitor has changed anything.

A file beside this one holds them by the keys of `cache`, which looks here before anything is computed, so that no first picture
waits for a compiler. `python -m tools.first_numbers` makes them anew; a test says when they are stale.
"""

import dataclasses
import importlib
import json
import zipfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).with_name("first_numbers.zip")
# What may be built from the file, beside plain values, collections and arrays: frozen values without any code in making them.
TYPES = frozenset(
    {
        "dashboard.components.sine_bench.Answer",
        "dashboard.engine_calls.plane.Optima",
        "dashboard.page_parts.learn.engine_calls.OneStep",
        "dashboard.page_parts.train.held_out_tasks.Family",
        "dashboard.results.AccuracyCurve",
        "dashboard.results.Fit",
        "dashboard.results.LossCurve",
        "dashboard.results.PictureTask",
        "dashboard.page_parts.your_tasks.engine_calls.Predictions",
        "maml_engine.analysis.divergence.Frontier",
        "maml_engine.analysis.finite_differences.FiniteDifferenceCheck",
        "maml_engine.analysis.gradients.Agreement",
        "maml_engine.analysis.gradients.GradientComparison",
        "maml_engine.analysis.gradients.GradientSweep",
        "maml_engine.analysis.method_diagnostics.inner_paths.PathAgainstChord",
        "maml_engine.analysis.toy_landscape.optima.Optimum",
        "maml_engine.analysis.toy_landscape.views.Direction",
        "maml_engine.analysis.toy_landscape.views.View",
    }
)
_ALIGNED = 8  # bytes: where an array may begin


@cache
def names() -> frozenset[str]:
    """The keys of the answers that are here, in hexadecimal."""
    if not FILE.is_file():
        return frozenset()
    with zipfile.ZipFile(FILE) as file:
        return frozenset(Path(name).stem for name in file.namelist())


def load(key: str) -> Any:
    """The answer of one of `names`."""
    with zipfile.ZipFile(FILE) as file:
        return _built(json.loads(file.read(f"{key}.json")), file.read(f"{key}.arrays"))


def save(answers: Mapping[str, Any], file: Path) -> None:
    """Writes what `load` reads.

    Raises:
      TypeError: an answer holds something that is neither plain nor one of `TYPES`.
    """
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for key, answer in sorted(answers.items()):
            arrays = bytearray()
            described = json.dumps(_described(answer, arrays), separators=(",", ":"))
            for name, content in ((f"{key}.json", described), (f"{key}.arrays", bytes(arrays))):
                entry = zipfile.ZipInfo(name)  # without a date: made anew it is the same
                archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    names.cache_clear()


def _described(value: Any, arrays: bytearray) -> Any:
    """A value as JSON: plain values as they are, all else as `{kind: content}`; arrays go into `arrays`."""
    kind, name = type(value), f"{type(value).__module__}.{type(value).__qualname__}"
    if value is None or kind in (bool, int, float, str):
        return value
    if kind in (tuple, list):
        return {kind.__name__: [_described(inner, arrays) for inner in value]}
    if kind is dict:
        return {"dict": [[_described(inner, arrays) for inner in pair] for pair in value.items()]}
    if name in TYPES:
        names = value._fields if isinstance(value, tuple) else [field.name for field in dataclasses.fields(value)]
        return {name: {each: _described(getattr(value, each), arrays) for each in names}}
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{name} is not among what comes with the app; add it to `TYPES` if it is nothing but numbers.")
    arrays += b"\0" * (-len(arrays) % _ALIGNED)
    arrays += array.tobytes()
    return {"array": [array.dtype.str, array.shape, len(arrays) - array.nbytes]}


def _built(described: Any, arrays: bytes) -> Any:
    if not isinstance(described, dict):
        return described
    ((kind, content),) = described.items()
    if kind == "array":
        dtype, shape, offset = content
        count = int(np.prod(shape))
        return np.frombuffer(arrays, np.dtype(dtype), count, offset).reshape(shape)[()]
    if kind in ("tuple", "list"):
        inner = [_built(each, arrays) for each in content]
        return tuple(inner) if kind == "tuple" else inner
    if kind == "dict":
        return {_built(key, arrays): _built(value, arrays) for key, value in content}
    if kind not in TYPES:
        raise TypeError(f"{kind} is not among what comes with the app.")
    module, _, name = kind.rpartition(".")
    return getattr(importlib.import_module(module), name)(**{each: _built(value, arrays) for each, value in content.items()})
