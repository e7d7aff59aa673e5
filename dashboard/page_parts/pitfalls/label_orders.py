"""The order of the class labels: what it does to a MAML classifier and to UNICORN on the same tasks, measured beforehand.

The numbers lie beside this file; `python -m tools.first_numbers` writes them anew.
"""

import dataclasses
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine import Batch, Episode, Experiment, Learner
from maml_engine.training.outer_loop import initial_state, program_of, steps_here

FILE = Path(__file__).with_name("label_orders.json")
# One step, since its own effect is looked at; a step size that suits five classes under a mean loss (docs/few_shot.md).
RUN = Experiment(
    tasks="glyphs", model="conv4", filters=16, loss="softmax_cross_entropy", n_way=5, k_shot=1, k_query=5, inner_lr=2.0,
    inner_steps=1, meta_batch_size=8, num_iterations=400,
)  # fmt: skip
METHODS = ("maml", "unicorn")
TASKS, ORDERS, KEY = 100, 24, 2106


class LabelOrders(NamedTuple):
    """Two learners on the same tasks under many orders of the class labels.

    accuracy: by method, `[orders, tasks]`, the share of a task's queries that are right.
    apart: by method, the most that a class's probability for a query differs between orders.
    queries: of a task.
    num_iterations: of the training before.
    """

    accuracy: dict[str, np.ndarray]
    apart: dict[str, float]
    queries: int
    num_iterations: int

    def ranked(self, method: str) -> np.ndarray:
        """`[orders]`, the mean over tasks of each task's worst order, second worst, .., best."""
        return np.sort(self.accuracy[method], axis=0).mean(axis=1)


def probabilities(learner: Learner, episode: Episode, orders: Sequence[np.ndarray]) -> np.ndarray:
    """What a learner answers after its inner steps where the classes of each task are handed to it in other orders.

    Args:
      learner: of classes.
      episode: tasks, `y` one-hot.
      orders: permutations of the classes.

    Returns:
      `[orders, tasks, queries, classes]`, the classes as `episode` has them again.
    """
    found, query = [], jnp.asarray(episode.query.x)
    for order in orders:
        support = Batch(episode.support.x, episode.support.y[..., order])
        logits = learner.path_predictions(support, query, learner.experiment.inner_steps)[:, -1]
        found.append(np.asarray(jax.nn.softmax(logits, axis=-1))[..., np.argsort(order)])
    return np.stack(found)


def measured(run: Experiment = RUN, *, num_tasks: int = TASKS, num_orders: int = ORDERS) -> LabelOrders:
    """Trains both learners and asks them; the first order is that of the tasks.

    Args:
      run: of either, but for the method.
      num_tasks: test tasks.
      num_orders: of the labels, all different.
    """
    tasks = run.build_tasks().split("test")
    episode = tasks.sample(jax.random.key(KEY), num_tasks, run.k_shot, run.k_query)
    truth = np.asarray(episode.query.y).argmax(axis=-1)
    orders = orders_of(run.n_way, num_orders)
    accuracy, apart = {}, {}
    for method in METHODS:
        answers = probabilities(trained(dataclasses.replace(run, method=method)), episode, orders)
        accuracy[method] = (answers.argmax(axis=-1) == truth).mean(axis=-1)
        apart[method] = float(np.ptp(answers, axis=0).max())
    return LabelOrders(accuracy, apart, truth.shape[1], run.num_iterations)


def trained(run: Experiment) -> Learner:
    """What `train` comes to, without its held-out curves, which would take longer than all else here."""
    start = Learner.untrained(run)
    state, _ = steps_here(initial_state(start), program_of(start), 0, run.num_iterations)
    return start.replace(meta=state.meta, iteration=run.num_iterations)


def orders_of(classes: int, count: int) -> list[np.ndarray]:
    """The order as it is, and others, no two alike: `count` permutations `[classes]`."""
    rng = np.random.default_rng(KEY)
    found = {tuple(range(classes)): None}
    while len(found) < count:
        found[tuple(rng.permutation(classes).tolist())] = None
    return [np.array(order) for order in found]


def save(orders: LabelOrders) -> None:
    """Writes what `load` reads: how many queries are right."""
    right = {name: np.rint(share * orders.queries).astype(int).tolist() for name, share in orders.accuracy.items()}
    stored = {"queries": orders.queries, "num_iterations": orders.num_iterations, "apart": orders.apart, "right": right}
    FILE.write_text(json.dumps(stored) + "\n", encoding="utf-8")


@cache
def load() -> LabelOrders:
    """What was written beforehand."""
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    accuracy = {name: np.array(right) / stored["queries"] for name, right in stored["right"].items()}
    return LabelOrders(accuracy, stored["apart"], stored["queries"], stored["num_iterations"])
