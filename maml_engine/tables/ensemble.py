"""All networks of a verdict, trained side by side as one program, and what they predict for tasks they have not seen."""

import dataclasses
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine.core.adapter import Adapter, MetaParams
from maml_engine.core.episode import Batch, Episode
from maml_engine.core.inner_loop import adapted_params
from maml_engine.core.losses import mean_squared_error
from maml_engine.experiment import Experiment
from maml_engine.models import Network
from maml_engine.runtime.compilation_cache import QUICKLY_COMPILED
from maml_engine.runtime.parallel import parallel_map, split_among_cores
from maml_engine.tables.task_arrays import TaskArrays

PyTree = Any
# When the validation tasks are looked at, as shares of a run: early too, where a small table is soon learned by heart.
CHECKS = (0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
AT_ONCE = 20  # iterations between two signs of life
MAX_QUERY = 16
DRAWN_WEIGHT = 12.0
CHECKED_DRAWS = 2
AVERAGED = 0.99  # of the running mean of the meta-parameters, how much a meta-step keeps


_seen: set[Any] = set()  # programs that were compiled in this process


class Runs(NamedTuple):
    """Networks to be trained; all have the leading axis `[runs]`.

    groups: `[runs]`, runs of one number stop together, on all their validation tasks: a run's own are few.
    train: `[runs, tasks]`, 1 where a task may be drawn.
    validation: `[runs, n]` tasks to stop on.
    counts: `[runs]`, how many of these are real.
    y: `[runs, tasks, rows, outputs]` what a run is to predict, in the units of its network.
    drawn: `[runs, versions, tasks, rows, outputs]` targets that were drawn in their stead; no versions trains on `y` alone.
    """

    groups: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    counts: np.ndarray
    y: np.ndarray
    drawn: np.ndarray


class Trained(NamedTuple):
    """A population at one moment.

    iteration: meta-iterations behind it.
    meta: the best on validation so far, leaves `[runs, ...]`.
    validation: error on validation tasks now, the mean over groups, in the networks' units; None between two looks at them.
    stopped: `[groups]`, the iteration of the best.
    """

    iteration: int
    meta: MetaParams
    validation: float | None
    stopped: np.ndarray


class _Rows(NamedTuple):
    """x: `[tasks, rows, in_dim]`. is_row: `[tasks, rows]`."""

    x: jax.Array
    is_row: jax.Array


class _Now(NamedTuple):
    """Runs under way, leaves `[runs, ...]`; `mean` is the running mean of `meta`."""

    meta: MetaParams
    state: Any
    mean: MetaParams


class _Setting(NamedTuple):
    """What all runs have in common."""

    method: Any
    optimizer: Any
    network: Network
    rows: _Rows


def network_of(experiment: Experiment, in_dim: int, out_dim: int, runs: int) -> tuple[Network, MetaParams]:
    """The experiment's network at random starts, stacked.

    Args:
      experiment: the run that each is; its seed is the first one's.
      in_dim: inputs of a row.
      out_dim: outputs.
      runs: how many.

    Returns:
      The network without its parameters, and these with the method's rule, leaves `[runs, ...]`.
    """
    method = experiment.build_method()
    starts = []
    for run in range(runs):
        seeded = dataclasses.replace(experiment, seed=experiment.seed + run)
        network, params = Network.split(seeded.build_model(in_dim, out_dim))
        starts.append(MetaParams(params, method.init_rule(params)))
    return network, jax.tree.map(lambda *leaves: jnp.stack(leaves), *starts)


def train_population(
    experiment: Experiment, network: Network, start: MetaParams, tasks: TaskArrays, *, runs: Runs
) -> Iterator[Trained]:
    """Trains all runs; at each of `CHECKS` every group keeps the best that it had on its validation tasks.

    Some tasks have drawn targets (`Runs.drawn`): all of them at the start, then ever fewer, until drawn tasks weigh as much as
    `DRAWN_WEIGHT` tasks beside the table's own. A few tasks are soon learned by heart; what is drawn from a fit of them is not.
    What is judged and kept is the running mean of the meta-parameters (Polyak & Juditsky, 1992): a few tasks make a noisy
    meta-gradient, and the mean allows long steps through it.

    Args:
      experiment: the run that each network is.
      network: without its parameters.
      start: where they begin, leaves `[runs, ...]`.
      tasks: that `runs` speaks of.
      runs: which tasks each may see, and what it is to predict.
    """
    optimizer = experiment.build_meta_optimizer()
    setting = _Setting(experiment.build_method(), optimizer, network, _rows(tasks))
    runs_on_device = jax.tree.map(lambda part: jnp.asarray(part, jnp.float32 if part.dtype.kind == "f" else None), runs)
    batch = int(min(experiment.meta_batch_size, runs.train.sum(axis=1).min()))
    most_query = int(min(MAX_QUERY, max(1, tasks.x.shape[1] - experiment.k_shot)))
    sizes = {"batch": batch, "k_shot": experiment.k_shot, "k_query": most_query}
    keys = jax.vmap(jax.random.fold_in, (None, 0))(jax.random.key(experiment.seed), jnp.arange(len(runs.train)))
    begun = _Now(start, jax.jit(jax.vmap(optimizer.build().init))(start), start)
    parts = [_part((begun, (keys, runs_on_device)), part) for part in split_among_cores(len(runs.train))]
    checked = tasks._replace(orders=tasks.orders[:CHECKED_DRAWS])
    num_groups = int(runs.groups.max()) + 1
    best, best_error, stopped, begin = start, np.full(num_groups, np.inf), np.zeros(num_groups, int), 0
    for share in CHECKS:
        end = max(begin + 1, round(share * experiment.num_iterations))
        for first in range(begin, end, AT_ONCE):
            if first > begin:
                yield Trained(first, best, None, stopped)
            stretch = first, min(end, first + AT_ONCE), experiment.num_iterations
            advance = partial(_advance, setting, stretch, **sizes)
            advanced = parallel_map(
                lambda part, advance=advance: jax.block_until_ready(advance(*part)), parts, is_compiled=first > 0
            )
            parts = [(now, given) for now, (_, given) in zip(advanced, parts, strict=True)]
        mean = jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *(now.mean for now, _ in parts))
        total, count = _validation_errors(experiment, network, mean, checked, runs=runs)
        error = np.bincount(runs.groups, total) / np.maximum(np.bincount(runs.groups, count), 1)
        is_better = error < best_error
        best = jax.tree.map(partial(_where_better, jnp.asarray(is_better[runs.groups])), mean, best)
        best_error, stopped, begin = np.where(is_better, error, best_error), np.where(is_better, end, stopped), end
        yield Trained(end, best, float(np.mean(np.sqrt(error))), stopped)


def predict_population(
    experiment: Experiment,
    network: Network,
    meta: MetaParams,
    tasks: TaskArrays,
    *,
    y: np.ndarray,
    chosen: np.ndarray,
    k: int,
    most: int,
    rates: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """What each run predicts for some tasks, each run for its own.

    Args:
      experiment: the run that each network is.
      network: without its parameters.
      meta: leaves `[runs, ...]`.
      tasks: all of them; their own `y` is not used.
      y: `[runs, tasks, rows, outputs]` in the units of the networks.
      chosen: `[runs, n]` places of the tasks.
      k: support rows.
      most: one compiled program serves all `k` up to so many.
      rates: `[runs]` inner step sizes, each run's own; None takes the experiment's.

    Returns:
      Before adapting `[runs, n, rows, outputs]`, after `[runs, draws, n, rows, outputs]`; a network that blew up predicts 0.
    """
    method = experiment.build_method()
    orders = jnp.asarray(_padded_orders(tasks.orders, most))
    if rates is not None:
        method = dataclasses.replace(method, inner_lr=jnp.asarray(rates, jnp.float32))
    methods = jax.tree.map(lambda leaf: jnp.broadcast_to(leaf, (len(chosen),)), method)
    each_run = methods, meta, jnp.asarray(y, jnp.float32), jnp.asarray(chosen)
    shared, steps = (network, _rows(tasks), orders), max(1, method.inner_steps)

    def predict(part: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        own = _part(each_run, part)
        return jax.device_get(_predict(own, shared, k, experiment.num_iterations, inner_steps=steps))

    program = steps, jax.tree.structure((methods, network)), *(leaf.shape for leaf in jax.tree.leaves((each_run, shared)))
    found = parallel_map(predict, split_among_cores(len(chosen)), is_compiled=program in _seen)
    _seen.add(program)
    before, after = (np.concatenate(own) for own in zip(*found, strict=True))
    return np.nan_to_num(before), np.nan_to_num(after, posinf=0.0, neginf=0.0)


def _rows(tasks: TaskArrays) -> _Rows:
    return _Rows(jnp.asarray(tasks.x, jnp.float32), jnp.asarray(tasks.is_row))


def _validation_errors(
    experiment: Experiment, network: Network, meta: MetaParams, tasks: TaskArrays, *, runs: Runs
) -> tuple[np.ndarray, np.ndarray]:
    """Summed squared error on each run's validation tasks, and of how many rows: `[runs]` each."""
    k = experiment.k_shot
    given = {"y": runs.y, "chosen": runs.validation, "k": k, "most": k}
    before, after = predict_population(experiment, network, meta, tasks, **given)
    prediction = after if experiment.inner_steps else before[:, None]
    run = np.arange(len(runs.train))[:, None]
    wrong = (prediction - runs.y[run, runs.validation][:, None]) ** 2
    query = tasks.query(k)[:, runs.validation].swapaxes(0, 1)  # [runs, draws, n, rows]
    query = query & (np.arange(runs.validation.shape[1]) < runs.counts[:, None])[:, None, :, None]
    total = np.sum(np.where(query[..., None], wrong, 0.0), axis=(1, 2, 3, 4))
    return np.nan_to_num(total, nan=np.inf), query.sum(axis=(1, 2, 3))


def _part(each_run: PyTree, part: np.ndarray) -> PyTree:
    """Of what has an axis `[runs]`, some of these."""
    return jax.tree.map(lambda leaf: leaf[part], each_run)


def _where_better(is_better: jax.Array, new: jax.Array, old: jax.Array) -> jax.Array:
    return jnp.where(is_better.reshape(-1, *[1] * (new.ndim - 1)), new, old)


def _padded_orders(orders: np.ndarray, most: int) -> np.ndarray:
    """The first `most` rows of each order; where a task has fewer places, the last one again (its weight is 0)."""
    places = np.minimum(np.arange(most), orders.shape[-1] - 1)
    return orders[..., places]


@partial(jax.jit, static_argnames=("batch", "k_shot", "k_query"), compiler_options=QUICKLY_COMPILED)
def _advance(setting, stretch, now, given, *, batch, k_shot, k_query):
    """All runs from the first to the second iteration of `stretch`, whose third is how many there are in all.

    `given` is `(keys [runs], Runs)`; the result is the next `_Now`.
    """
    method, optimizer, network, rows = setting
    (begin, end, total), (keys, runs) = stretch, given

    def episode(key: jax.Array, run: Runs, share: jax.Array) -> Episode:
        key_tasks, key_rows, key_drawn, key_version = jax.random.split(key, 4)
        chance = jnp.where(run.train > 0, jax.random.uniform(key_tasks, run.train.shape), -1.0)
        tasks = jax.lax.top_k(chance, batch)[1]
        chance = jnp.where(rows.is_row[tasks], jax.random.uniform(key_rows, (batch, rows.x.shape[1])), -1.0)
        chosen = jax.lax.top_k(chance, min(k_shot + k_query, rows.x.shape[1]))[1]
        x, own_y = rows.x[tasks[:, None], chosen], run.y[tasks[:, None], chosen]
        if len(run.drawn):
            version = jax.random.randint(key_version, (batch, 1), 0, len(run.drawn))
            is_own = jax.random.uniform(key_drawn, (batch, 1, 1)) < share
            own_y = jnp.where(is_own, own_y, run.drawn[version, tasks[:, None], chosen])
        weight = rows.is_row[tasks[:, None], chosen].astype(jnp.float32)
        halves = slice(None, k_shot), slice(k_shot, None)
        return Episode(*(Batch(x[:, half], own_y[:, half], weight[:, half]) for half in halves))

    def one_run(now: _Now, key: jax.Array, run: Runs, iteration: jax.Array) -> tuple[MetaParams, Any]:
        key_episode, key_method = jax.random.split(jax.random.fold_in(key, iteration))
        options = {"network": network, "loss_fn": mean_squared_error, "iteration": iteration, "key": key_method}
        own = run.train.sum() / (run.train.sum() + DRAWN_WEIGHT)
        share = own * jnp.minimum(1.0, iteration / (total * (1 - own)))
        _, gradient = method.meta_gradient(now.meta, episode(key_episode, run, share), **options)
        updates, state = optimizer.build().update(gradient, now.state, now.meta)
        return jax.tree.map(jnp.add, now.meta, updates), state

    def step(iteration: jax.Array, now: _Now) -> _Now:
        meta, state = jax.vmap(one_run, (0, 0, 0, None))(now, keys, runs, iteration)
        kept = jnp.minimum(AVERAGED, (1 + iteration) / (10 + iteration))
        return _Now(meta, state, jax.tree.map(lambda mean, new: kept * mean + (1 - kept) * new, now.mean, meta))

    return jax.lax.fori_loop(begin, end, step, now)


@partial(jax.jit, static_argnames="inner_steps", compiler_options=QUICKLY_COMPILED)
def _predict(each_run, shared, k, iteration, *, inner_steps):
    """`each_run` is `(methods, meta, y, chosen)`, `shared` is `(network, rows, orders)`, as in `predict_population`."""
    network, rows, orders = shared
    most = orders.shape[-1]

    def one_task(method, meta, task, order):
        x, is_row, y = task
        weight = ((jnp.arange(most) < k) & (jnp.arange(most) < is_row.sum())).astype(jnp.float32)
        support = Batch(x[order], y[order], weight)
        adapter = Adapter(method, meta, network, mean_squared_error, iteration)
        return network.predict(adapted_params(adapter, support, inner_steps=inner_steps), x)

    def one_run(run):
        method, meta, y, chosen = run
        tasks = rows.x[chosen], rows.is_row[chosen], y[chosen]
        draws = jax.vmap(jax.vmap(one_task, (None, None, 0, 0)), (None, None, None, 0))
        return jax.vmap(network.predict, (None, 0))(meta.init, rows.x[chosen]), draws(method, meta, tasks, orders[:, chosen])

    return jax.lax.map(one_run, each_run)
