"""Where episodes come from. Anything with `sample` and `split` is a task distribution."""

from typing import Any

from maml_engine.runtime.registry import Registry
from maml_engine.tasks.curves import (
    FrequencySinusoid,
    GaussianProcess,
    Harmonics,
    Lines,
    Mixture,
    Polynomials,
    Sawteeth,
    Steps,
)
from maml_engine.tasks.family import SPLITS, FunctionFamily
from maml_engine.tasks.images import CLASS_SPLITS, Glyphs, ImageFolder, ImagePool, Omniglot, OmniglotRuns
from maml_engine.tasks.scaling import Scaling
from maml_engine.tasks.sinusoid import Sinusoid
from maml_engine.tasks.table import Table

FAMILIES: Registry[type[FunctionFamily]] = Registry(
    "tasks",
    {
        "sinusoid": Sinusoid,
        "frequency_sinusoid": FrequencySinusoid,
        "harmonics": Harmonics,
        "lines": Lines,
        "polynomials": Polynomials,
        "steps": Steps,
        "sawteeth": Sawteeth,
        "gaussian_process": GaussianProcess,
        "mixture": Mixture,
    },
)

# Tasks of pictures that an experiment names, `n_way` classes each.
PICTURES: dict[str, type[Any]] = {"glyphs": Glyphs, "omniglot": Omniglot, "images": ImageFolder}

__all__ = [
    "CLASS_SPLITS",
    "FAMILIES",
    "PICTURES",
    "SPLITS",
    "FrequencySinusoid",
    "FunctionFamily",
    "GaussianProcess",
    "Glyphs",
    "Harmonics",
    "ImageFolder",
    "ImagePool",
    "Lines",
    "Mixture",
    "Omniglot",
    "OmniglotRuns",
    "Polynomials",
    "Sawteeth",
    "Scaling",
    "Sinusoid",
    "Steps",
    "Table",
]
