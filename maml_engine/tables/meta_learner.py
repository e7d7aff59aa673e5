"""The third stage of a verdict: the meta-learner of every part is trained on what its pooled fit leaves, and predicts.

Beside the table's own tasks, networks see tasks that are drawn from the likeliest of the fitted processes.
"""

from collections.abc import Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine.models import Network
from maml_engine.tables.baselines import Pooled
from maml_engine.tables.ensemble import Trained, network_of, predict_population, train_population
from maml_engine.tables.fits import Fits
from maml_engine.tables.network_ensemble import NetworkEnsemble
from maml_engine.tables.outcomes import Limits, Outcome
from maml_engine.tables.plan import Plan
from maml_engine.tables.runs import padded, runs_of
from maml_engine.tables.steps import Stage, Step

MAX_VERSIONS, MAX_DRAWN_CELLS = 32, 20_000_000


class MetaLearner(NamedTuple):
    """The trained networks of all parts.

    network: without its parameters.
    trained: with leaves `[runs, ...]`, the members of a part side by side.
    left: `[runs, tasks, rows, outputs]`, what each predicts: what the pooled fit of its part leaves, over its unit.
    units: `[parts]`.
    pooled: fits, one a part.
    """

    network: Network
    trained: Trained
    left: np.ndarray
    units: np.ndarray
    pooled: tuple[Pooled, ...]


def train_meta_learner(plan: Plan, fits: Sequence[Fits]) -> Stage[MetaLearner]:
    """Trains the members of all parts side by side."""
    arrays, members = plan.tasks.arrays, plan.settings.members
    left = [(arrays.y - one.pooled(arrays.x)) * arrays.is_row[..., None] for one in fits]
    units = np.array(
        [float(np.std(own[part.fit][arrays.is_row[part.fit]])) or 1.0 for own, part in zip(left, plan.parts, strict=True)]
    )
    targets = np.repeat([own / unit for own, unit in zip(left, units, strict=True)], members, axis=0)
    network, start = network_of(plan.experiment, arrays.x.shape[-1], arrays.y.shape[-1], len(targets))
    runs = runs_of(plan.parts, targets, _drawn(plan, fits, units))
    trained = None
    for trained in train_population(plan.experiment, network, start, arrays, runs=runs):
        error = None if trained.validation is None else trained.validation * float(np.mean(units))
        yield Step("Training", trained.iteration / plan.experiment.num_iterations, trained.iteration, error)
    assert trained is not None
    return MetaLearner(network, trained, targets, units, tuple(one.pooled for one in fits))


def _drawn(plan: Plan, fits: Sequence[Fits], units: np.ndarray) -> np.ndarray:
    """`[runs, versions, tasks, rows, outputs]` targets drawn from each part's process, as the networks are to see them."""
    rng, x, y = np.random.default_rng(plan.settings.seed), plan.tasks.arrays.x, plan.tasks.arrays.y
    versions = int(np.clip(MAX_DRAWN_CELLS // (len(fits) * plan.settings.members * y.size), 1, MAX_VERSIONS))
    drawn = [
        ((one.drawn_from.draw(x, y.shape[-1], versions, rng) - one.pooled(x)) / unit).astype(np.float32)
        for one, unit in zip(fits, units, strict=True)
    ]
    return np.repeat(drawn, plan.settings.members, axis=0)


def predict_unseen(plan: Plan, learner: MetaLearner, limits: Sequence[Limits]) -> Stage[list[Outcome]]:
    """What the members of each part predict for the tasks that it judges; `limits` are those of the parts."""
    outcomes = []
    for place in range(len(plan.judging)):
        outcomes.append(_unseen(plan, learner, place, limits[place]))
        yield Step("Judging on tasks never seen", (place + 1) / len(plan.judging))
    return outcomes


def _unseen(plan: Plan, learner: MetaLearner, place: int, limits: Limits) -> Outcome:
    test, members, unit = plan.parts[place].test, plan.members_of(place), learner.units[place]
    # One size for all parts, so that one compiled program serves them.
    size = max(len(part.test) for part in plan.parts)
    chosen = np.broadcast_to(padded([test], size), (plan.settings.members, size))
    meta = jax.tree.map(lambda leaf: leaf[members], learner.trained.meta)
    tasks = plan.tasks.arrays.take(test)
    about = learner.pooled[place](tasks.x)
    given = {"y": learner.left[members], "chosen": chosen, "most": max(plan.shots)}
    means, variances = [], []
    for k in plan.shots:
        start, after = predict_population(plan.experiment, learner.network, meta, plan.tasks.arrays, k=max(k, 1), **given)
        after = after if k else np.broadcast_to(start[:, None], after.shape)
        after = after[:, :, : len(test)] * unit
        means.append(limits.kept(about + after.mean(axis=0), tasks, k).astype(np.float32))
        variances.append(after.var(axis=0).mean(axis=-1).astype(np.float32))
    return Outcome(np.stack(means), np.stack(variances), "")


def ensemble_for_use(plan: Plan, learner: MetaLearner) -> NetworkEnsemble:
    """The members that were trained on all tasks."""
    members, pooled = plan.members_of(len(plan.parts) - 1), learner.pooled[-1]
    return NetworkEnsemble(
        experiment=plan.experiment,
        network=learner.network,
        meta=jax.tree.map(lambda leaf: jnp.asarray(np.array(leaf[members])), learner.trained.meta),
        pooled=pooled,
        unit=float(learner.units[-1]),
        in_dim=plan.tasks.arrays.x.shape[-1],
        out_dim=plan.tasks.arrays.y.shape[-1],
    )
