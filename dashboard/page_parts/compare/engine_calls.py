"""What a closer look asks of the engine; no streamlit, since the engine's own processes import it."""

import dataclasses
from functools import lru_cache
from typing import NamedTuple

import jax
import numpy as np

from dashboard.engine_calls.adaptation import waves_of
from dashboard.engine_calls.cache import cached
from dashboard.jobs import POOL
from dashboard.page_parts.compare.contest import JUDGED_KEY, JUDGED_TASKS, judging_tasks, recipe
from maml_engine import Episode, Experiment, Learner
from maml_engine.analysis import method_diagnostics
from maml_engine.core.adapter import MetaParams

# Short enough to solve iMAML's inner problem on any task, as far as a ReLU's kinks let it.
SOLVING_STEP_SIZE = 0.0005
PATH_STEPS = 10
FEW_POINTS = 5


@cached
def step_field(learner: Learner) -> method_diagnostics.StepField:
    """Meta-SGD's learned step sizes."""
    return method_diagnostics.step_field(learner)


@cached
def paths(learner: Learner, base: Experiment) -> method_diagnostics.PathAgainstChord:
    """Six inner paths of Reptile."""
    return method_diagnostics.path_against_chord(learner.adapter(), _tasks(base, 6).support, PATH_STEPS)


@cached
def plus_plus(learner: Learner) -> method_diagnostics.PlusPlusSchedule:
    """Weights over twice the time that they are annealed in, and learned step sizes."""
    annealed = learner.experiment.multi_step_iterations
    return method_diagnostics.plus_plus_schedule(learner, 2 * annealed if annealed else 1000)


@cached
def change(learner: Learner, base: Experiment, k: int) -> method_diagnostics.LayerChange:
    """How far each layer moves in `k` steps."""
    return method_diagnostics.layer_change(learner.adapter(), judging_tasks(base).support, max(1, k))


@cached
def implicit(learner: Learner, base: Experiment) -> method_diagnostics.ImplicitError:
    """iMAML's two ways to its gradient, on five tasks."""
    return method_diagnostics.implicit_error(learner.adapter(inner_lr=SOLVING_STEP_SIZE), _tasks(base, 5))


@cached
def contexts(learner: Learner, base: Experiment, k: int) -> method_diagnostics.ContextMap:
    """The contexts of the 200 tasks after `k` steps."""
    return method_diagnostics.context_map(learner, judging_tasks(base).support, max(1, k))


@cached
def angles(learner: Learner, base: Experiment, num_tasks: int = 60) -> np.ndarray:
    """Angles between the exact and the first-order gradient, `[num_tasks]`."""
    return method_diagnostics.task_angles(learner.adapter(), _tasks(base, num_tasks), learner.experiment.inner_steps)


@cached
def amplitude_and_phase(base: Experiment) -> tuple[np.ndarray, np.ndarray] | None:
    """Of the judging tasks, `[tasks]` each, where they are plain sine waves."""
    if base.tasks != "sinusoid":
        return None
    waves = waves_of(base.build_tasks().split("test"), JUDGED_KEY, JUDGED_TASKS)
    return np.asarray(waves.amplitude), np.asarray(waves.phase)


class SamePoints(NamedTuple):
    """One task, adapted to by steps and by solving.

    x: `[n]`, in order.
    truth: `[n]`.
    points: `[2, shots]`, x and y of the support.
    steps: `[PATH_STEPS + 1, n]`, what the method with steps predicts after each.
    solved: `[n]`, what the method that solves predicts.
    """

    x: np.ndarray
    truth: np.ndarray
    points: np.ndarray
    steps: np.ndarray
    solved: np.ndarray


@cached
def same_points(stepping: Learner, solving: Learner, base: Experiment) -> SamePoints:
    """The widest of the first twelve judging tasks from at most `FEW_POINTS` points, by steps and by solving."""
    tasks = _tasks(base, 12)
    widest = int(np.argmax(np.ptp(tasks.query.y[..., 0], axis=1)))
    support, query = (jax.tree.map(lambda leaf: np.asarray(leaf)[widest : widest + 1], part) for part in tasks)
    order, shots = np.argsort(query.x[0, :, 0]), min(FEW_POINTS, base.k_shot)
    support = support._replace(weight=(np.arange(support.x.shape[1]) < shots).astype(np.float32)[None])
    x = query.x[:, order]
    with np.errstate(all="ignore"):
        steps = np.asarray(stepping.path_predictions(support, x, PATH_STEPS))[0, ..., 0]
        solved = np.asarray(solving.path_predictions(support, x, 1))[0, -1, :, 0]
    points = np.stack([support.x[0, :shots, 0], support.y[0, :shots, 0]])
    return SamePoints(x[0, :, 0], query.y[0, order, 0], points, steps, solved)


@lru_cache(maxsize=16)
def stand_in(name: str, base: Experiment, start: Learner) -> Learner:
    """A method that was not trained here: `start` with its inner loop where the network is the same, else untrained."""
    return POOL.call(stand_in_here, name, base, start)


def stand_in_here(name: str, base: Experiment, start: Learner) -> Learner:
    """Makes what `stand_in` gives.

    Args:
      name: of the method.
      base: on whose tasks it is looked at.
      start: whose width its network has, too, so that the width of what is to be trained compiles nothing here.
    """
    experiment = recipe(name, dataclasses.replace(base, hidden_dim=start.experiment.hidden_dim))
    network, template = experiment.build_template(start.in_dim, start.out_dim)
    ours, theirs = (dict(jax.tree_util.tree_leaves_with_path(meta.init)) for meta in (template, start.meta))
    if {path: np.shape(leaf) for path, leaf in ours.items()} != {path: np.shape(leaf) for path, leaf in theirs.items()}:
        return Learner.untrained(experiment)
    # With steps of the size that this start was trained for: it has no use for others.
    experiment = dataclasses.replace(experiment, inner_lr=start.experiment.inner_lr)
    meta = MetaParams(start.meta.init, experiment.build_method().init_rule(start.meta.init))
    return start.replace(experiment=experiment, network=network, meta=meta, iteration=0)


def _tasks(base: Experiment, count: int) -> Episode:
    return jax.tree.map(lambda leaf: leaf[:count], judging_tasks(base))
