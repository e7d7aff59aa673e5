"""The second stage of a verdict: networks without meta-learning, from scratch and pretrained on all rows, are fine-tuned.

Fine-tuning is by Adam, under which no task runs away as under plain steps; its step size is chosen on validation tasks.
"""

import dataclasses
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine.core.adapter import MetaParams
from maml_engine.experiment import Experiment
from maml_engine.models import Network
from maml_engine.tables.baselines import PRETRAINED, SCRATCH
from maml_engine.tables.ensemble import network_of, predict_population, train_population
from maml_engine.tables.functions import Constant
from maml_engine.tables.network_ensemble import NetworkEnsemble
from maml_engine.tables.outcomes import Limits, Outcome
from maml_engine.tables.plan import Plan
from maml_engine.tables.runs import padded, runs_of
from maml_engine.tables.splits import Part
from maml_engine.tables.steps import Stage, Step
from maml_engine.tables.task_arrays import Predictor

STEPS, RATES = 30, (1e-3, 3e-3, 1e-2, 3e-2, 0.1)


class _Targets(NamedTuple):
    """What the networks of the parts predict, each standardised by the rows that it is fitted on.

    y: `[parts, tasks, rows, outputs]`. means: `[parts, outputs]`. spreads: one a part.
    """

    y: np.ndarray
    means: np.ndarray
    spreads: list[float]


class Networks(NamedTuple):
    """What became of the networks.

    outcomes: how each did, by name and part that judges.
    predictors: for use, by name.
    """

    outcomes: dict[str, list[Outcome]]
    predictors: dict[str, Predictor]


def judge_networks(plan: Plan) -> Stage[Networks]:
    """Trains one network a part and judges it on the part's other tasks; those of the last part are for use."""
    names = [name for name in (SCRATCH, PRETRAINED) if name in plan.settings.baselines]
    found = Networks({}, {})
    if not names:
        return found
    arrays, targets = plan.tasks.arrays, _standardised(plan)
    parts = [Part(part.fit, part.test, part.members[:1]) for part in plan.parts]
    experiment = dataclasses.replace(plan.experiment, method="maml", model="mlp", inner_steps=0)
    network, start = network_of(experiment, arrays.x.shape[-1], arrays.y.shape[-1], len(parts))
    for name in names:
        meta = start
        if name == PRETRAINED:
            runs = runs_of(parts, targets.y)
            for trained in train_population(experiment, network, start, arrays, runs=runs):
                meta = trained.meta
                yield Step("Pretraining networks", 0.5)
        found.outcomes[name], found.predictors[name] = _fine_tuned(plan, network, meta, targets)
        yield Step("Fine-tuning networks", 0.5)
    return found


def _standardised(plan: Plan) -> _Targets:
    arrays = plan.tasks.arrays
    rows = [arrays.take(part.fit).rows()[1] for part in plan.parts]
    means, spreads = np.stack([y.mean(axis=0) for y in rows]), [float(y.std()) or 1.0 for y in rows]
    return _Targets(np.stack([(arrays.y - mean) / spread for mean, spread in zip(means, spreads, strict=True)]), means, spreads)


def _fine_tuned(plan: Plan, network: Network, meta: MetaParams, targets: _Targets) -> tuple[list[Outcome], NetworkEnsemble]:
    """How the network of each part does on the part's other tasks, `meta` being leaves `[parts, ...]`, and the last part's."""
    tuned = dataclasses.replace(plan.experiment, method="maml", model="mlp", inner_optimizer="adam", inner_steps=STEPS)
    arrays, room = plan.tasks.arrays, plan.tasks.encoding.room
    rates = _chosen_rates(plan, tuned, network, meta, targets=targets)
    settings = [f"{STEPS} Adam steps of {rate:g}" for rate in rates]
    judging = range(len(plan.judging))
    own_meta = jax.tree.map(lambda leaf: leaf[: len(judging)], meta)
    given = {"y": targets.y[:-1], "chosen": padded([part.test for part in plan.judging]), "rates": rates[:-1]}
    means: list[list[np.ndarray]] = [[] for _ in judging]
    for k in plan.shots:
        before, after = predict_population(tuned, network, own_meta, arrays, k=max(k, 1), most=max(plan.shots), **given)
        for place in judging:
            test = arrays.take(plan.parts[place].test)
            own = after[place] if k else np.broadcast_to(before[place], after[place].shape)
            own = own[:, : len(test.x)] * targets.spreads[place] + targets.means[place]
            limits = Limits.of(arrays.take(plan.parts[place].fit), room)
            means[place].append(limits.kept(own, test, k).astype(np.float32))
    outcomes = []
    for own, setting in zip(means, settings[:-1], strict=True):
        mean = np.stack(own)
        outcomes.append(Outcome(mean, np.zeros(mean.shape[:-1], np.float32), setting))
    last = NetworkEnsemble(
        experiment=dataclasses.replace(tuned, inner_lr=float(rates[-1])),
        network=network,
        meta=jax.tree.map(lambda leaf: jnp.asarray(np.array(leaf[-1:])), meta),
        pooled=Constant(np.asarray(targets.means[-1], np.float64)),
        unit=targets.spreads[-1],
        in_dim=arrays.x.shape[-1],
        out_dim=arrays.y.shape[-1],
        setting=settings[-1],
    )
    return outcomes, last


def _chosen_rates(plan: Plan, tuned: Experiment, network: Network, meta: MetaParams, *, targets: _Targets) -> np.ndarray:
    """`[parts]`, the step size that predicts each part's validation tasks best."""
    k, few = plan.settings.k_shot, plan.tasks.arrays._replace(orders=plan.tasks.arrays.orders[:2])
    validation = padded([part.members[0] for part in plan.parts])
    true = targets.y[np.arange(len(validation))[:, None], validation][:, None]
    query = few.query(k)[:, validation].swapaxes(0, 1)[..., None]

    def wrong(rate: float) -> np.ndarray:
        given = {"y": targets.y, "chosen": validation, "k": k, "most": max(plan.shots)}
        _, after = predict_population(tuned, network, meta, few, **given, rates=np.full(len(validation), rate))
        return np.where(query, (after - true) ** 2, 0.0).sum(axis=(1, 2, 3, 4))

    best = np.argmin(np.nan_to_num([wrong(rate) for rate in RATES], nan=np.inf), axis=0)
    return np.array(RATES)[best]
