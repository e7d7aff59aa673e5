"""R2-D2 (Bertinetto, Henriques, Torr & Vedaldi, 2019): the head is a ridge regression on the support's features."""

import math
from typing import Any, NamedTuple

import jax

from maml_engine.checks import check_number
from maml_engine.core.adapter import Adapter
from maml_engine.core.closed_form import HeadRows, to_be_learned
from maml_engine.core.episode import Batch
from maml_engine.core.gaussian import ridge
from maml_engine.methods.solved_head import LOGIT_SCALE, SolvedHead, from_log
from maml_engine.pytrees import pytree

PyTree = Any


class RidgeRule(NamedTuple):
    """What is learned beside the features.

    log_penalty: `[]`, logarithm of the ridge penalty lambda.
    log_scale: `[]`, logarithm of what one-hot rows are multiplied by, where the loss is of classes (alpha in eq. 7).
    """

    log_penalty: jax.Array
    log_scale: jax.Array


@pytree
class R2D2(SolvedHead):
    """Adapts by solving: W = (X'X + lambda I)^-1 X'Y on the support's features (Bertinetto et al., 2019, eq. 4 and 6).

    The exact gradient goes through the solution to the features and to lambda. The last layer's own numbers play no part. The
    paper's shift beta is left out: it changes no softmax.

    ridge: lambda, where its learning begins; > 0.
    `inner_lr` plays no part; with `inner_steps` 0 nothing is solved, and the prediction is 0.
    """

    ridge: float = 1.0

    def __post_init__(self):
        super().__post_init__()
        check_number("ridge", self.ridge, above=0)

    def init_rule(self, params: PyTree) -> RidgeRule:
        """Where their learning begins."""
        return RidgeRule(to_be_learned(math.log(self.ridge), params), to_be_learned(math.log(LOGIT_SCALE), params))

    def from_support(self, adapter: Adapter, support: Batch) -> PyTree:
        """The parameters with the ridge regression as their last layer, its bias included in the penalty.

        Args:
          adapter: this method with its meta-parameters, the network and the loss.
          support: one task's examples, `x` `[k_shot, ...]`.
        """
        penalty, scale = map(from_log, adapter.meta.rule)
        rows = HeadRows.of(adapter, support, scale)
        return rows.params(adapter.meta.init, ridge(rows.features, rows.targets, penalty))
