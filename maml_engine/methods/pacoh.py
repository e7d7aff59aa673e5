"""PACOH-MAP for Gaussian processes (Rothfuss, Fortuin, Josifoski & Krause, 2021): deep kernel and deep mean, held back."""

from typing import Any

import jax

from maml_engine.checks import check_number
from maml_engine.core.adapter import MetaParams
from maml_engine.core.closed_form import HeadRows
from maml_engine.core.episode import Episode
from maml_engine.methods.dkt import DKT
from maml_engine.pytrees import pytree

PyTree = Any


@pytree
class PACOH(DKT):
    """DKT whose prior mean is the network itself, and whose parameters have a Gaussian hyper-prior, against too few tasks.

    The outer loop minimises minus the log marginal likelihood a row, plus `hyper_prior`/2 |theta|^2: the most probable prior
    (Rothfuss et al., 2021, sec. 5, PACOH-MAP). Mean and kernel share all layers but the last, where the authors have a network
    for each.

    hyper_prior: precision of the hyper-prior over the number of rows that it weighs against; >= 0.
    """

    hyper_prior: float = 1e-4

    def __post_init__(self):
        super().__post_init__()
        check_number("hyper_prior", self.hyper_prior, low=0)

    def prior_mean(self, rows: HeadRows) -> jax.Array:
        """The last layer, `[features, out_dim]`."""
        return rows.kernel

    def meta_gradient(
        self, meta: MetaParams, episode: Episode, *, key: jax.Array | None = None, mode: str | None = None, **setting
    ) -> tuple[jax.Array, MetaParams]:
        """As DKT's, and the hyper-prior's pull towards 0 on the network's parameters.

        Args:
          meta: the meta-parameters.
          episode: tasks on a leading axis `[tasks]`.
          key: for networks that draw; one for all tasks, or one for each, `[tasks]`.
          mode: as in DKT.
          setting: `network`, `loss_fn` and `iteration`, as an `Adapter` has them.

        Returns:
          The meta-loss `[]`, and the gradient, shaped like `meta`.
        """
        loss, gradient = super().meta_gradient(meta, episode, key=key, mode=mode, **setting)
        pulled = jax.tree.map(lambda slope, param: slope + self.hyper_prior * param, gradient.init, meta.init)
        return loss, gradient._replace(init=pulled)
