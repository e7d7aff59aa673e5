"""The family of methods. Each file holds what its method does differently, and nothing else."""

from maml_engine.methods.alpaca import ALPaCA
from maml_engine.methods.base import Method
from maml_engine.methods.cavia import CAVIA
from maml_engine.methods.cnp import CNP
from maml_engine.methods.dkt import DKT
from maml_engine.methods.imaml import IMAML
from maml_engine.methods.inner_optimizers import INNER_OPTIMIZERS
from maml_engine.methods.maml import FOMAML, MAML
from maml_engine.methods.maml_plus_plus import MAMLPlusPlus
from maml_engine.methods.meta_curvature import MetaCurvature
from maml_engine.methods.meta_sgd import MetaSGD
from maml_engine.methods.pacoh import PACOH
from maml_engine.methods.partial import ANIL, BOIL
from maml_engine.methods.protomaml import ProtoMAML
from maml_engine.methods.protonet import ProtoNet
from maml_engine.methods.r2d2 import R2D2
from maml_engine.methods.reptile import Reptile
from maml_engine.methods.unicorn import UNICORN
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
        "r2d2": R2D2,
        "alpaca": ALPaCA,
        "dkt": DKT,
        "pacoh": PACOH,
        "cnp": CNP,
        "protonet": ProtoNet,
        "protomaml": ProtoMAML,
        "unicorn": UNICORN,
    },
)

__all__ = [
    "ANIL",
    "BOIL",
    "CAVIA",
    "CNP",
    "DKT",
    "FOMAML",
    "IMAML",
    "INNER_OPTIMIZERS",
    "MAML",
    "METHODS",
    "PACOH",
    "R2D2",
    "UNICORN",
    "ALPaCA",
    "MAMLPlusPlus",
    "MetaCurvature",
    "MetaSGD",
    "Method",
    "ProtoMAML",
    "ProtoNet",
    "Reptile",
]
