"""A laboratory for gradient-based meta-learning, on JAX, Flax NNX and Optax."""

from maml_engine.runtime.plain_loops import prefer_plain_loops
from maml_engine.runtime.xla_guard import ensure_correct_reductions

ensure_correct_reductions()  # before anything computes
prefer_plain_loops()

from maml_engine.core.adapter import MetaParams  # noqa: E402
from maml_engine.core.episode import Batch, Episode  # noqa: E402
from maml_engine.core.inner_loop import adapt  # noqa: E402
from maml_engine.core.losses import mean_squared_error, softmax_cross_entropy  # noqa: E402
from maml_engine.core.meta_gradient import meta_value_and_grad  # noqa: E402
from maml_engine.evaluation import AdaptationCurves, evaluate  # noqa: E402
from maml_engine.experiment import Experiment, register  # noqa: E402
from maml_engine.learner import Learner  # noqa: E402
from maml_engine.methods import (  # noqa: E402
    ANIL,
    BOIL,
    CAVIA,
    CNP,
    DKT,
    FOMAML,
    IMAML,
    MAML,
    METHODS,
    PACOH,
    R2D2,
    UNICORN,
    ALPaCA,
    MAMLPlusPlus,
    MetaCurvature,
    MetaSGD,
    Method,
    ProtoMAML,
    ProtoNet,
    Reptile,
)
from maml_engine.models import MLP, Conv4, MAMLRegressor  # noqa: E402
from maml_engine.pytrees import pytree, static_field  # noqa: E402
from maml_engine.tables import TableLearner  # noqa: E402
from maml_engine.tasks import Sinusoid, Table  # noqa: E402
from maml_engine.training import Checkpoint, Diverged, Report, train  # noqa: E402

__all__ = [
    "ANIL",
    "BOIL",
    "CAVIA",
    "CNP",
    "DKT",
    "FOMAML",
    "IMAML",
    "MAML",
    "METHODS",
    "MLP",
    "PACOH",
    "R2D2",
    "UNICORN",
    "ALPaCA",
    "AdaptationCurves",
    "Batch",
    "Checkpoint",
    "Conv4",
    "Diverged",
    "Episode",
    "Experiment",
    "Learner",
    "MAMLPlusPlus",
    "MAMLRegressor",
    "MetaCurvature",
    "MetaParams",
    "MetaSGD",
    "Method",
    "ProtoMAML",
    "ProtoNet",
    "Report",
    "Reptile",
    "Sinusoid",
    "Table",
    "TableLearner",
    "adapt",
    "evaluate",
    "mean_squared_error",
    "meta_value_and_grad",
    "pytree",
    "register",
    "softmax_cross_entropy",
    "static_field",
    "train",
]
