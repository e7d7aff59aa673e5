"""The family of methods. Each file holds what its method does differently, and nothing else."""

from maml_engine.methods.base import Method
from maml_engine.methods.cavia import CAVIA
from maml_engine.methods.imaml import IMAML
from maml_engine.methods.inner_optimizers import INNER_OPTIMIZERS
from maml_engine.methods.maml import FOMAML, MAML
from maml_engine.methods.maml_plus_plus import MAMLPlusPlus
from maml_engine.methods.meta_curvature import MetaCurvature
from maml_engine.methods.meta_sgd import MetaSGD
from maml_engine.methods.partial import ANIL, BOIL
from maml_engine.methods.reptile import Reptile
from maml_engine.runtime.registry import Registry

METHODS: Registry[type[Method]] = Registry(
    "method",
    {
        "maml": MAML,
        "fomaml": FOMAML,
        "reptile": Reptile,
        "metasgd": MetaSGD,
        "mamlplusplus": MAMLPlusPlus,
        "anil": ANIL,
        "boil": BOIL,
        "imaml": IMAML,
        "cavia": CAVIA,
        "metacurvature": MetaCurvature,
    },
)

__all__ = [
    "ANIL",
    "BOIL",
    "CAVIA",
    "FOMAML",
    "IMAML",
    "INNER_OPTIMIZERS",
    "MAML",
    "METHODS",
    "MAMLPlusPlus",
    "MetaCurvature",
    "MetaSGD",
    "Method",
    "Reptile",
]
