"""Learners adapted to new tasks: the engine's answers as plain numbers, each computed once.

Support sets are padded to `MAX_SHOTS` and every call takes a fixed number of steps, so that no control compiles anything.
"""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from dashboard.engine_calls.cache import cached
from dashboard.results import CURVE_POINTS, MAX_SHOTS, MAX_STEPS, Fit, LossCurve
from maml_engine import Batch, Episode, Learner, Sinusoid
from maml_engine.core.keys import key_of
from maml_engine.evaluation import draw, evaluate_episode
from maml_engine.tasks import FunctionFamily
from maml_engine.tasks.sinusoid import Waves

# Longer steps blow up on some tasks, and a few validation tasks may not show it.
BASELINE_STEP_SIZES = (0.001, 0.003, 0.01)
NUM_TASKS, CURVE_TASKS, CURVE_STEPS, CURVE_QUERIES = 12, 200, 10, 100
CURVE_KEY = 2017  # of the held-out tasks


@cached
def drawn_points(tasks: FunctionFamily, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """x and y of `[MAX_SHOTS]` points of the first task of `seed`; as many as are wanted, from the first."""
    support = _draw(tasks.split("test"), seed, 1).support
    return np.asarray(support.x)[0, :, 0], np.asarray(support.y)[0, :, 0]


@cached
def drawn_waves(tasks: Sinusoid, seed: int) -> tuple[tuple[float, float], ...]:
    """Amplitude and phase of the twelve tasks of `seed`, task by task."""
    waves = waves_of(tasks.split("test"), seed, NUM_TASKS)
    return tuple(zip(np.asarray(waves.amplitude).tolist(), np.asarray(waves.phase).tolist(), strict=True))


@cached
def fits(learner: Learner, tasks: FunctionFamily, *, shots: int, inner_lr: float, seed: int) -> tuple[Fit, ...]:
    """`learner` on the twelve tasks of `seed`, after 0 .. `MAX_STEPS` steps.

    Args:
      learner: what adapts.
      tasks: a family; its test tasks are drawn.
      shots: support points, at most `MAX_SHOTS`; one more keeps those before it.
      inner_lr: step size of the inner loop, whatever the learner was trained with.
      seed: says which tasks, and nothing else does.
    """
    episode = padded(_draw(tasks.split("test"), seed, NUM_TASKS), shots)
    predictions = with_inner_lr(learner, inner_lr).path_predictions(episode.support, episode.query.x, MAX_STEPS)
    support, query, path = (np.asarray(a)[..., 0] for a in (episode.support.x, episode.query.x, predictions))
    support_y, truth = np.asarray(episode.support.y)[..., 0], np.asarray(episode.query.y)[..., 0]
    return tuple(Fit(query[i], truth[i], support[i, :shots], support_y[i, :shots], path[i]) for i in range(NUM_TASKS))


@cached
def held_out_curve(learner: Learner, tasks: FunctionFamily, shots: int, inner_lr: float) -> LossCurve:
    """Mean loss of `learner` after 0 .. 10 steps over 200 held-out tasks, always the same ones.

    Args:
      learner: what adapts.
      tasks: a family; its test tasks are drawn.
      shots: support points, at most `MAX_SHOTS`.
      inner_lr: step size of the inner loop, whatever the learner was trained with.
    """
    episode = padded(_held_out(tasks.split("test")), shots)
    with np.errstate(all="ignore"):  # some tasks may blow up
        curves = evaluate_episode(with_inner_lr(learner, inner_lr), episode, CURVE_STEPS)
        return LossCurve(curves.mean, *curves.interval())


@cached
def best_inner_lr(learner: Learner, tasks: FunctionFamily, shots: int) -> float:
    """The step size of `BASELINE_STEP_SIZES` with which `learner` is best after ten steps, on validation tasks."""
    episode = padded(_held_out(tasks.split("validation")), shots)

    def last_loss(inner_lr: float) -> float:
        loss = evaluate_episode(with_inner_lr(learner, inner_lr), episode, CURVE_STEPS).loss[:, -1].mean()
        return float(loss) if np.isfinite(loss) else np.inf

    return min(BASELINE_STEP_SIZES, key=last_loss)


@cached
def path_from(
    learner: Learner, points: tuple[tuple[float, float], ...], inner_lr: float, x_range: tuple[float, float]
) -> np.ndarray:
    """Predictions of `learner` after 0 .. `MAX_STEPS` steps from a few points, `[MAX_STEPS + 1, CURVE_POINTS]`.

    Args:
      learner: what adapts.
      points: x and y of each, at most `MAX_SHOTS`.
      inner_lr: step size of the inner loop, whatever the learner was trained with.
      x_range: ends of the inputs at which it predicts.
    """
    rows = np.zeros((3, 1, MAX_SHOTS), np.float32)  # x, y and weight, so that another number of points compiles nothing
    for place, (x, y) in enumerate(points):
        rows[:, 0, place] = x, y, 1
    support = Batch(rows[0, ..., None], rows[1, ..., None], rows[2])
    query = np.linspace(*x_range, CURVE_POINTS).astype(np.float32)[None, :, None]
    return np.asarray(with_inner_lr(learner, inner_lr).path_predictions(support, query, MAX_STEPS))[0, ..., 0]


def with_inner_lr(learner: Learner, inner_lr: float) -> Learner:
    """`learner`, adapting with another step size."""
    changes = {"inner_lr": inner_lr}
    if not jax.tree.leaves(learner.meta.rule):
        # Nothing learned is shaped by the steps taken in training, and learners that agree on them share one program.
        changes["inner_steps"] = 1
    return learner.replace(experiment=dataclasses.replace(learner.experiment, **changes))


def beyond(tasks: Sinusoid, what: str) -> Sinusoid:
    """The tasks next to those of training: waves of twice the "amplitude", or with the next stretch of "phase"."""
    (_, high), (first, last) = tasks.amplitude, tasks.phase
    if what == "amplitude":
        return tasks.replace(amplitude=(high, 2 * high))
    return tasks.replace(phase=(last, 2 * last - first))


@partial(jax.jit, static_argnames="num_tasks")
def _draw(tasks: FunctionFamily, seed: int, num_tasks: int) -> Episode:
    key = jax.random.key(seed)
    grid = jnp.broadcast_to(jnp.linspace(*tasks.x, CURVE_POINTS)[:, None], (num_tasks, CURVE_POINTS, 1))
    truth = tasks.draw_split(key, num_tasks)(grid)
    return Episode(tasks.sample(key, num_tasks, MAX_SHOTS, 1).support, Batch(grid, truth))


@partial(jax.jit, static_argnames="num_tasks")
def waves_of(tasks: Sinusoid, seed: int, num_tasks: int) -> Waves:
    """The waves that `sample` shows for the key of `seed`, `[num_tasks]` of each number."""
    return tasks.draw_split(jax.random.key(seed), num_tasks)


def _held_out(tasks: FunctionFamily) -> Episode:
    return draw(tasks, key_of(CURVE_KEY), CURVE_TASKS, k_shot=MAX_SHOTS, k_query=CURVE_QUERIES)


def padded(episode: Episode, shots: int) -> Episode:
    """The first `shots` support points count, the others are padding; host arrays, so that scaling compiles nothing."""
    support, query = jax.tree.map(np.asarray, episode)
    weight = np.broadcast_to(np.arange(support.x.shape[1]) < shots, support.x.shape[:2]).astype(np.float32)
    return Episode(support._replace(weight=weight), query)
