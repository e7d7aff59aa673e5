"""The exact meta-gradient beside the first-order one: the engine's answers, each computed once.

Tasks are drawn all at once and looked at so many together, points padded and steps masked, so that no control compiles anything
but more points than `FEW_POINTS`.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import jax
import numpy as np

from dashboard.engine_calls.adaptation import padded
from dashboard.engine_calls.cache import cached
from maml_engine import Batch, Episode, Learner
from maml_engine.analysis import (
    MAX_STEPS,
    Cost,
    FiniteDifferenceCheck,
    GradientComparison,
    GradientSweep,
    compare_gradients,
    finite_difference_check,
    measure_costs,
    sweep_gradients,
)
from maml_engine.core.keys import key_of
from maml_engine.evaluation import sampled
from maml_engine.tasks import FunctionFamily, Scaling, Sinusoid
from maml_engine.tasks.sinusoid import Waves

MAX = {"inner_steps": MAX_STEPS, "meta_batch_size": 100, "k_shot": 80}
STEP_SIZES = tuple(float(f"{digit}e{power}") for power in (-4, -3, -2) for digit in (1, 2, 5)) + (0.1,)
SWEPT_SIZES, SWEPT_STEPS = (5e-5, *STEP_SIZES), (1, 2, 5, 10)
MEASURED_COSTS = Path(__file__).with_name("measured_costs.json")
USUAL_POINTS, FEW_POINTS = 10, 20
CHECKED_TASKS = 8
K_QUERY = 10


@dataclass(frozen=True)
class Choice:
    """Which tasks the gradients are taken over.

    num_tasks: how many.
    k_shot: support points of each.
    seed: of the draw.
    """

    num_tasks: int
    k_shot: int
    seed: int


@cached
def comparison(learner: Learner, choice: Choice, inner_lr: float, inner_steps: int) -> GradientComparison:
    """The two meta-gradients.

    Args:
      learner: whose; its tasks are drawn from.
      choice: the tasks.
      inner_lr: step size, whatever the learner was trained with.
      inner_steps: at most `MAX_STEPS`.
    """
    adapter = learner.adapter(inner_lr=inner_lr)
    return compare_gradients(adapter, _draw(learner, choice), inner_steps, num_tasks=choice.num_tasks)


@cached
def first_task(learner: Learner, choice: Choice) -> tuple[tuple[float, float], np.ndarray, np.ndarray]:
    """The first of the waves that the gradients are taken over: amplitude and phase, then x and y of its points, `[k_shot]`."""
    support = _draw(learner, choice).support
    tasks = learner.default_tasks.split("test")
    wave = _first_wave(tasks, choice.seed)
    return wave, np.asarray(support.x)[0, : choice.k_shot, 0], np.asarray(support.y)[0, : choice.k_shot, 0]


@cached
def sweep(learner: Learner, choice: Choice) -> GradientSweep:
    """The same for many step sizes and numbers of steps."""
    episode = _draw(learner, choice)
    return sweep_gradients(learner.adapter(), episode, SWEPT_SIZES, SWEPT_STEPS, num_tasks=choice.num_tasks)


@cached
def check(learner: Learner, choice: Choice, inner_lr: float, inner_steps: int) -> FiniteDifferenceCheck:
    """The gradients against differences of the meta-loss, over the first eight tasks.

    Args:
      learner: whose.
      choice: the tasks, of which the first eight count.
      inner_lr: step size.
      inner_steps: at most `MAX_STEPS`.
    """
    adapter = learner.adapter(inner_lr=inner_lr)
    episode = jax.tree.map(lambda leaf: leaf[:CHECKED_TASKS], _draw(learner, choice))
    return finite_difference_check(adapter, episode, inner_steps, seed=choice.seed)


@cached
def costs(learner: Learner, inner_steps: int, num_tasks: int, turn: int) -> tuple[Cost, ...]:
    """What one meta-gradient of `learner` costs on this machine, however it is computed.

    Args:
      learner: whose.
      inner_steps: what it goes back through.
      num_tasks: that it is the mean of.
      turn: another one measures anew.
    """
    del turn
    choice = Choice(num_tasks=25, k_shot=10, seed=0)
    support, query = jax.tree.map(lambda leaf: leaf[: choice.num_tasks], _draw(learner, choice))
    episode = Episode(jax.tree.map(lambda leaf: leaf[:, : choice.k_shot], support), query)  # padding is not priced
    return tuple(measure_costs(learner.adapter(), episode, [(inner_steps, num_tasks)]))


class ShippedCosts(NamedTuple):
    """What was measured elsewhere: `python -m benchmarks.costs` writes it.

    machine: in words.
    costs: one at each size, for each pass.
    """

    machine: str
    costs: tuple[Cost, ...]


def shipped_costs() -> ShippedCosts | None:
    """The costs that the page shows before anything is measured here; None in a copy where nobody has measured."""
    if not MEASURED_COSTS.is_file():
        return None
    held = json.loads(MEASURED_COSTS.read_text())
    return ShippedCosts(held["machine"], tuple(Cost(**row) for row in held["costs"]))


@cached
def _draw(learner: Learner, choice: Choice) -> Episode:
    """Test tasks in the network's units, as host arrays; `choice.num_tasks` of them count."""
    tasks = learner.default_tasks.split("test")
    if not isinstance(tasks, FunctionFamily):  # a table holds only so many rows a task: nothing can be padded
        num_tasks = max(choice.num_tasks, CHECKED_TASKS)
        episode = sampled(tasks, key_of(choice.seed), num_tasks, k_shot=choice.k_shot, k_query=K_QUERY)
        return learner.scaling.episode(jax.tree.map(np.asarray, episode))
    usual, most = _sample(tasks, learner.scaling, choice.seed)
    support, query = padded(usual if choice.k_shot <= USUAL_POINTS else most, choice.k_shot)
    room = FEW_POINTS if choice.k_shot <= FEW_POINTS else MAX["k_shot"]
    return Episode(jax.tree.map(lambda leaf: _with_room(leaf, room), support), query)


def _with_room(leaf: np.ndarray, room: int) -> np.ndarray:
    """Of each task the first `room` points, or zeros after those that there are."""
    missing = max(0, room - leaf.shape[1])
    return np.pad(leaf[:, :room], [(0, 0), (0, missing)] + [(0, 0)] * (leaf.ndim - 2))


@jax.jit
def _sample(tasks: FunctionFamily, scaling: Scaling, seed: int) -> tuple[Episode, Episode]:
    """As many tasks as the page takes at most, with the tutorial's number of points and with the most; fewer are the first."""

    def drawn(k_shot: int) -> Episode:
        episode = tasks.sample(jax.random.key(seed), MAX["meta_batch_size"], k_shot, K_QUERY)
        return Episode(*(Batch(*scaling.batch(batch)) for batch in episode))

    return drawn(USUAL_POINTS), drawn(MAX["k_shot"])


@jax.jit
def _waves(tasks: Sinusoid, seed: int) -> Waves:
    return tasks.draw_split(jax.random.key(seed), MAX["meta_batch_size"])


def _first_wave(tasks: Sinusoid, seed: int) -> tuple[float, float]:
    waves = _waves(tasks, seed)
    return float(np.asarray(waves.amplitude)[0]), float(np.asarray(waves.phase)[0])
