"""Where episodes come from. Anything with `sample` and `split` is a task distribution."""

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

__all__ = [
    "FAMILIES",
    "SPLITS",
    "FrequencySinusoid",
    "FunctionFamily",
    "GaussianProcess",
    "Harmonics",
    "Lines",
    "Mixture",
    "Polynomials",
    "Sawteeth",
    "Scaling",
    "Sinusoid",
    "Steps",
    "Table",
]
