"""A Gaussian process whose mean and kernel are learned over the tasks.

Deep kernels are learned so by Patacchiola et al. (2020) and Rothfuss et al. (2021), linear heads by Harrison et al. (2018).
This one begins as the linear mixed model: a mean and a full covariance over the coefficients of polynomials. Beside these
stand the features of a small tanh network, and a squared exponential of the inputs with a length for each. All of it is
made likely on random subsets of the tasks' rows. How long is told by members that do without some of the tasks each, which
together are all: where there are few tasks that is not long, and what is left is the mixed model. Members that see all tasks
are used.
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from maml_engine.core.gaussian import masked, negative_log_likelihood, squared_distances
from maml_engine.runtime.compilation_cache import QUICKLY_COMPILED
from maml_engine.runtime.parallel import parallel_map, split_among_cores
from maml_engine.tables.blend import Blend
from maml_engine.tables.functions import Beside, Function, KernelSum, Linear, Rbf, TanhLayers, Total, Turned
from maml_engine.tables.gaussian_process import KernelPredictor
from maml_engine.tables.mixed_model import MixedModel, fit_coefficients
from maml_engine.tables.splits import Part
from maml_engine.tables.steps import Stage, Step
from maml_engine.tables.task_arrays import TaskArrays

DOING = "Learning a process over the tasks"
STOPPING, MEMBERS = 3, 2
STEPS = 1500
CHECKS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6, 0.8, 1.0)
# Where no part has become better for so many times as long as the longest took, none goes on; after so many steps at the least.
PATIENCE, MIN_STEPS = 3, 300
MAX_ROWS = 16  # of a task at once
MAX_BATCH = 12  # tasks a step
MAX_TASKS = 300
HIDDEN, FEATURES = 32, 12
RATE = 1e-2
AVERAGED = 0.99
MIN_NOISE = 1e-6
COEFFICIENT_STEPS = 60


class Parameters(NamedTuple):
    """What is learned, in units of what the pooled fit leaves.

    weights: of each tanh layer, `[n, m]`.
    biases: of each, `[m]`.
    mean: `[features, outputs]` of the coefficients: those of polynomials, then those of the network's features.
    factor: `[features, features]`, whose lower triangle times itself is their covariance.
    log_size: of the squared exponential's variance.
    log_lengths: `[in_dim]`.
    log_noise: of a row's variance.
    """

    weights: tuple[Any, ...]
    biases: tuple[Any, ...]
    mean: Any
    factor: Any
    log_size: Any
    log_lengths: Any
    log_noise: Any


class _Run(NamedTuple):
    """One member; all have the leading axis `[runs]`.

    part: whose polynomials and targets it sees.
    train: `[tasks]`, 1 where a task may be drawn.
    held: `[tasks]`, 1 where it says when to stop.
    key: of what is drawn.
    """

    part: Any
    train: Any
    held: Any
    key: Any


class _Rows(NamedTuple):
    """What all members look into.

    x: `[tasks, rows, in_dim]`.
    is_row: `[tasks, rows]`.
    fixed: `[parts, tasks, rows, n]`, polynomials.
    left: `[parts, tasks, rows, outputs]`, what the pooled fits leave, over its spread.
    """

    x: Any
    is_row: Any
    fixed: Any
    left: Any


def learned_processes(
    tasks: TaskArrays, parts: Sequence[Part], pooled: Sequence[Function], models: Sequence[MixedModel], *, seed: int
) -> Stage[list[Blend]]:
    """A process for each part, fitted to its tasks.

    Args:
      tasks: all of them.
      parts: in which they are fitted on and judged.
      pooled: fits, one a part.
      models: mixed models of what these leave, one a part.
      seed: of what is drawn.
    """
    rng = np.random.default_rng(seed)
    with jax.enable_x64(True):
        rows, units, runs, start = _begun(tasks, parts, pooled, models, rng=rng)
    best, stopped = start, np.zeros(len(parts), int)
    for now in _train(rows, runs, start):
        best, stopped = now.best, now.stopped
        yield Step(DOING, now.share)
    found = []
    for place, (fit, model) in enumerate(zip(pooled, models, strict=True)):
        used = np.flatnonzero((runs.part == place) & (runs.held.sum(axis=1) == 0))
        own = [_predictor(jax.tree.map(lambda leaf, run=run: leaf[run], best), fit, model, units[place]) for run in used]
        weights = np.full((1, len(own)), 1 / len(own))
        setting = f"from {model.shape}, {stopped[place]} steps"
        found.append(Blend(tuple(own), tuple(map(str, range(len(own)))), np.zeros(1, np.int32), weights, setting))
    return found


def _begun(
    tasks: TaskArrays,
    parts: Sequence[Part],
    pooled: Sequence[Function],
    models: Sequence[MixedModel],
    *,
    rng: np.random.Generator,
) -> tuple[_Rows, np.ndarray, _Run, Parameters]:
    """The rows as members see them, the units of their targets, the members, and where they begin."""
    outputs, in_dim = tasks.y.shape[-1], tasks.x.shape[-1]
    fixed = [model.features(tasks.x) * tasks.is_row[..., None] for model in models]
    most = max(own.shape[-1] for own in fixed)
    size = most + FEATURES
    lefts, units, runs, starts = [], [], [], []
    for place, (part, fit) in enumerate(zip(parts, pooled, strict=True)):
        left = (tasks.y - fit(tasks.x)) * tasks.is_row[..., None]
        unit = float(np.std(left[part.fit][tasks.is_row[part.fit]])) or 1.0
        lefts.append(left / unit)
        units.append(unit)
        stopping = np.array_split(rng.permutation(part.fit), min(STOPPING, len(part.fit)))
        for held in (*stopping, *[np.zeros(0, int)] * MEMBERS):
            rest = np.setdiff1d(part.fit, held)
            rest = rest if len(rest) <= MAX_TASKS else np.sort(rng.choice(rest, MAX_TASKS, replace=False))
            coefficients = fit_coefficients(fixed[place][rest], lefts[-1][rest], tasks.is_row[rest], COEFFICIENT_STEPS)
            own = fixed[place].shape[-1]
            mean, factor = np.zeros((size, outputs)), np.eye(size) * 0.3
            mean[:own] = coefficients.mean
            factor[:own, :own] = np.linalg.cholesky(coefficients.covariance + 1e-10 * np.eye(own))
            noise = max(coefficients.noise, 1e-5)
            sizes = (in_dim, HIDDEN, FEATURES)
            weights = tuple(rng.normal(0, 1.5 / np.sqrt(a), (a, b)) for a, b in zip(sizes[:-1], sizes[1:], strict=True))
            biases = tuple(rng.normal(0, 0.5, b) for b in sizes[1:])
            # What is beside the mixed model begins with little to say.
            factor[most:, most:] = np.eye(FEATURES) * np.sqrt(0.02 * noise)
            numbers = np.log(0.1 * noise), np.zeros(in_dim), np.log(0.9 * noise)
            starts.append(Parameters(weights, biases, mean, factor, *numbers))
            train, stop = np.zeros(len(tasks.x)), np.zeros(len(tasks.x))
            train[rest], stop[held] = 1.0, 1.0
            runs.append((place, train, stop))
    padded = [np.pad(own, [*[(0, 0)] * 2, (0, most - own.shape[-1])]) for own in fixed]
    rows = _Rows(tasks.x, tasks.is_row, np.stack(padded), np.stack(lefts))
    keys = jax.random.split(jax.random.key(int(rng.integers(1 << 31))), len(runs))
    part, train, held = (np.stack(column) for column in zip(*runs, strict=True))
    run = _Run(part, train, held, keys)
    return rows, np.array(units), run, jax.tree.map(lambda *leaves: jnp.stack(leaves), *starts)


class _Now(NamedTuple):
    """Best parameters so far `[runs, ...]`, after how many steps they were found `[parts]`, and the share of all steps done."""

    best: Parameters
    stopped: np.ndarray
    share: float


def _train(rows: _Rows, runs: _Run, start: Parameters) -> Iterator[_Now]:
    batch, num_parts = int(min(MAX_BATCH, runs.train.sum(axis=1).min())), int(runs.part.max()) + 1
    with jax.enable_x64(True):
        on_device = jax.tree.map(jnp.asarray, rows)
        begun = start, jax.vmap(_optimizer().init)(start), start
        places = split_among_cores(len(runs.part))
        parts = [jax.tree.map(lambda leaf, place=place: leaf[place], (begun, runs)) for place in places]
    best, least, stopped, begin = start, np.full(num_parts, np.inf), np.zeros(num_parts, int), 0
    for share in (0.0, *CHECKS):
        end = round(share * STEPS)

        def advanced(part: Any, begin: int = begin, end: int = end) -> Any:
            now, own = part
            now = _advance(on_device, now, own, (begin, end), batch=batch)
            return (now, own), np.asarray(_held_out(on_device, now[2], own))

        # 64 bits are left before each `yield`: they would be the consumer's, too.
        with jax.enable_x64(True):
            each = parallel_map(advanced, parts, is_compiled=end > 0)
            parts, errors = zip(*each, strict=True)
            error = np.nan_to_num(np.bincount(runs.part, np.concatenate(errors)), nan=np.inf)
            mean = jax.tree.map(lambda *leaves: jnp.concatenate(leaves), *(now[2] for now, _ in parts))
            best = jax.tree.map(partial(_where, jnp.asarray((error < least)[runs.part])), mean, best)
        stopped, least, begin = np.where(error < least, end, stopped), np.minimum(error, least), end
        yield _Now(jax.device_get(best), stopped, share)
        if end >= max(MIN_STEPS, PATIENCE * stopped.max()):
            return


def _where(chosen: jax.Array, new: jax.Array, old: jax.Array) -> jax.Array:
    return jnp.where(chosen.reshape(-1, *[1] * (new.ndim - 1)), new, old)


def _optimizer() -> optax.GradientTransformation:
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adam(optax.cosine_decay_schedule(RATE, STEPS, 0.02)))


def _features(params: Parameters, x: jax.Array, fixed: jax.Array) -> jax.Array:
    own = x
    for weight, bias in zip(params.weights, params.biases, strict=True):
        own = jnp.tanh(own @ weight + bias)
    return jnp.concatenate([fixed, own], axis=-1)


class _Task(NamedTuple):
    """Rows of one task: `x`, polynomials `fixed`, targets `left`, and where there `is_row`, each `[rows, ...]`."""

    x: Any
    fixed: Any
    left: Any
    is_row: Any


def _unlikely(params: Parameters, task: _Task) -> jax.Array:
    """Negative log likelihood of one task's rows."""
    x, fixed, left, is_row = task
    features = _features(params, x, fixed)
    turned = features @ jnp.tril(params.factor)
    scaled = x / jnp.exp(params.log_lengths)
    covariance = turned @ turned.T + jnp.exp(params.log_size) * jnp.exp(-0.5 * squared_distances(scaled, scaled))
    covariance = covariance + (jnp.exp(params.log_noise) + MIN_NOISE) * jnp.eye(len(x), dtype=x.dtype)
    covariance = masked(covariance, is_row)
    return negative_log_likelihood(covariance, (left - features @ params.mean) * is_row[:, None])


@partial(jax.jit, static_argnames="batch", compiler_options=QUICKLY_COMPILED)
def _advance(rows: _Rows, now: Any, runs: _Run, stretch: tuple[int, int], *, batch: int) -> Any:
    most = min(MAX_ROWS, rows.x.shape[1])

    def loss(params: Parameters, run: _Run, key: jax.Array) -> jax.Array:
        key_tasks, key_rows, key_size = jax.random.split(key, 3)
        tasks = jax.lax.top_k(jnp.where(run.train > 0, jax.random.uniform(key_tasks, run.train.shape), -1.0), batch)[1]
        chance = jnp.where(rows.is_row[tasks], jax.random.uniform(key_rows, (batch, rows.x.shape[1])), -1.0)
        chosen = jax.lax.top_k(chance, most)[1]
        size = jax.random.randint(key_size, (batch, 1), min(3, most), most + 1)
        is_row = rows.is_row[tasks[:, None], chosen] & (jnp.arange(most) < size)
        drawn = _Task(
            rows.x[tasks[:, None], chosen],
            rows.fixed[run.part, tasks[:, None], chosen],
            rows.left[run.part, tasks[:, None], chosen],
            is_row,
        )
        each = jax.vmap(_unlikely, (None, 0))(params, drawn)
        return each.sum() / jnp.maximum(is_row.sum(), 1)

    def one(now: Any, run: _Run, step: jax.Array) -> Any:
        params, state, mean = now
        gradient = jax.grad(loss)(params, run, jax.random.fold_in(run.key, step))
        gradient = jax.tree.map(lambda leaf: jnp.where(jnp.isfinite(leaf), leaf, 0.0), gradient)
        updates, state = _optimizer().update(gradient, state, params)
        params: Any = optax.apply_updates(params, updates)
        kept = jnp.minimum(AVERAGED, (1 + step) / (10 + step))
        return params, state, jax.tree.map(lambda old, new: kept * old + (1 - kept) * new, mean, params)

    def step(place: jax.Array, now: Any) -> Any:
        return jax.vmap(one, (0, 0, None))(now, runs, place)

    return jax.lax.fori_loop(*stretch, step, now)


@partial(jax.jit, compiler_options=QUICKLY_COMPILED)
def _held_out(rows: _Rows, params: Parameters, runs: _Run) -> jax.Array:
    """`[runs]`, how unlikely a member finds the tasks that it does without, by their first rows."""
    most = min(2 * MAX_ROWS, rows.x.shape[1])

    def one(params: Parameters, run: _Run) -> jax.Array:
        own = rows.x[:, :most], rows.fixed[run.part, :, :most], rows.left[run.part, :, :most], rows.is_row[:, :most]
        return jnp.sum(jax.vmap(_unlikely, (None, 0))(params, _Task(*own)) * run.held)

    return jax.lax.map(lambda pair: one(*pair), (params, runs))


def _predictor(params: Parameters, pooled: Function, model: MixedModel, unit: float) -> KernelPredictor:
    """One member in the target's units, in 64 bits of NumPy."""
    params = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), params)
    own = model.features.axes.shape[1]
    used = np.r_[:own, len(params.mean) - FEATURES : len(params.mean)]  # what is between is padding
    features = Beside((model.features, TanhLayers(params.weights, params.biases)))
    factor = np.tril(params.factor)
    covariance = (factor @ factor.T)[np.ix_(used, used)] * unit**2
    kernel = KernelSum(
        (Linear(features, covariance), Rbf(float(np.exp(params.log_size)) * unit**2, np.exp(params.log_lengths)))
    )
    noise = float(np.exp(params.log_noise) + MIN_NOISE) * unit**2
    return KernelPredictor(kernel, noise, 0.0, Total((pooled, Turned(features, params.mean[used] * unit))), "")
