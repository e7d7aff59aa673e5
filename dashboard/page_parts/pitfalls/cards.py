"""Where meta-learning goes wrong: the numbers behind the map of step sizes and steps, and each pitfall as a pair of runs."""

from dataclasses import dataclass
from typing import Any, Self

import jax
import jax.numpy as jnp
import numpy as np

from dashboard.engine_calls.adaptation import cached, padded
from dashboard.results import CURVE_POINTS, MAX_SHOTS, Fit, LossCurve
from maml_engine import Episode, Experiment, Learner, evaluate
from maml_engine.analysis.divergence import Frontier, find_frontier, predictions_at
from maml_engine.evaluation import draw
from maml_engine.pytrees import pytree
from maml_engine.tasks import FunctionFamily

INNER_LRS = tuple(float(f"{digit}e{power}") for power in range(-4, 0) for digit in (1, 2, 5)) + (1.0,)
STEPS, LONG_STEPS = 10, 50
TASKS, QUERIES, JUDGED_TASKS = 100, 32, 200
# How the tasks are summed up: the mean, or a quantile.
SUMMARIES = {"mean": None, "median": 0.5, "worst tenth": 0.9}
CLAIMED = {
    0.001: "too small, slow",
    0.01: "good",
    0.05: "good",
    0.1: "too large, unstable",
}


# The map.


@cached
def frontier(learner: Learner, shots: int) -> Frontier:
    """`learner` over `INNER_LRS` and 0 .. 10 steps, on a hundred held-out tasks that are always the same."""
    return find_frontier(learner, _held_out(learner, shots, 0.0), INNER_LRS, STEPS)


@cached
def long_path(learner: Learner, shots: int, noise: float, inner_lr: float) -> Frontier:
    """The same tasks with one step size for fifty steps, the support seen through noise."""
    return find_frontier(learner, _held_out(learner, shots, noise), [inner_lr], LONG_STEPS)


@cached
def cell_fits(learner: Learner, shots: int, inner_lr: float, steps: int) -> tuple[Fit, Fit]:
    """Of one cell of the map: the task in the middle by its loss, and the worst one."""
    loss = frontier(learner, shots).query_loss[INNER_LRS.index(inner_lr), :, steps]
    order = np.argsort(loss, kind="stable")
    chosen = order[[(len(order) - 1) // 2, -1]]
    episode, (grid, truth) = _held_out(learner, shots, 0.0), _on_grid(learner)
    support = jax.tree.map(lambda leaf: leaf[chosen], episode.support)
    path = predictions_at(learner, inner_lr, support, grid[chosen], STEPS)[..., 0]
    return tuple(
        Fit(grid[task, :, 0], truth[task, :, 0], support.x[i, :shots, 0], support.y[i, :shots, 0], path[i])
        for i, task in enumerate(chosen)
    )


def nearest(inner_lr: float) -> float:
    """The step size of the map that comes closest."""
    return min(INNER_LRS, key=lambda size: abs(np.log(size / inner_lr)))


def _held_out(learner: Learner, shots: int, noise: float) -> Episode:
    """The first `shots` support points count, the others are padding, so that no control compiles anything."""
    tasks = learner.default_tasks.split("test").replace(noise=noise)
    return padded(draw(tasks, jax.random.key(2017), TASKS, MAX_SHOTS, QUERIES), shots)


def _on_grid(learner: Learner) -> tuple[np.ndarray, np.ndarray]:
    return tuple(map(np.asarray, _truths(learner.default_tasks.split("test").replace(noise=0.0))))


@jax.jit
def _truths(tasks: FunctionFamily) -> tuple[jax.Array, jax.Array]:
    grid = jnp.broadcast_to(jnp.linspace(*tasks.x, CURVE_POINTS)[:, None], (TASKS, CURVE_POINTS, 1))
    return grid, tasks.draw_split(jax.random.key(2017), TASKS)(grid)


# The cards.


@pytree
class SupportAsQuery:
    """A mistake to look at: tasks whose query points are the support points."""

    tasks: Any

    def split(self, name: str) -> Self:
        """The same mistake in every split: also what is held out is judged on the points adapted to."""
        return self.replace(tasks=self.tasks.split(name))

    def sample(self, key: jax.Array, meta_batch_size: int, k_shot: int, k_query: int) -> Episode:
        """As the tasks themselves, but for the queries."""
        del k_query
        support = self.tasks.sample(key, meta_batch_size, k_shot, 1).support
        return Episode(support, support)


@dataclass(frozen=True)
class Card:
    """One pitfall: what goes wrong, what mends it, and a run for each.

    tutorial: what the tutorial says of it. live: the picture that the shown learner gives of it, if any.
    steps: inner steps after which both runs are judged, on test tasks of the mended one.
    leaks: the broken run takes the support as query, which no Experiment can say.
    """

    title: str
    problem: str
    mend: str
    tutorial: str
    broken: Experiment
    mended: Experiment
    steps: int = 1
    live: str = ""
    leaks: bool = False


# Long enough to tell the two apart, short enough to wait for.
def _run(**fields: Any) -> Experiment:
    return Experiment(**{"num_iterations": 3000} | fields)


CARDS: dict[str, Card] = {
    "step_too_small": Card(
        "Inner step size too small",
        "One step hardly moves the network, so adapting changes next to nothing and training has nothing to work on.",
        "Raise α until one step makes a visible difference, and stop well before the frontier of the map.",
        "α = 0.001 learns slowly.",
        _run(inner_lr=1e-5),
        _run(inner_lr=0.01),
        live="sizes",
    ),
    "step_too_large": Card(
        "Inner step size too large",
        "A step longer than twice the inverse of the steepest curvature climbs instead of falling, and each "
        "further step climbs higher.",
        "Lower α, or take fewer steps: the frontier of the map says how far you can go.",
        "α = 0.1 is unstable, 0.01 to 0.05 is good.",
        _run(inner_lr=1.0),
        _run(inner_lr=0.01),
        live="sizes",
    ),
    "too_many_steps": Card(
        "Too many inner steps",
        "With noisy points the network goes on to fit the noise: the loss on the support keeps falling while that on new "
        "points rises again.",
        "Take one to five steps, and choose their number by the query loss, never by the support loss.",
        "Too many inner steps overfit the support; use 1 to 5 and validate on the query.",
        _run(k_shot=5, noise=1.0, inner_steps=10, num_iterations=1000),
        _run(k_shot=5, noise=1.0, num_iterations=1000),
        live="support",
    ),
    "support_as_query": Card(
        "Support used as query",
        "Judged on the points it was adapted to, a network looks better than it is, and training rewards memorising them.",
        "Draw the query apart from the support, in training and in every number that you report.",
        "The same data as support and query memorises; keep them apart.",
        _run(k_shot=5),
        _run(k_shot=5),
        live="leak",
        leaks=True,
    ),
    "no_diversity": Card(
        "No task diversity",
        "Tasks that are nearly alike can be learned by heart: the network knows their average and never learns to adapt.",
        "Train on tasks as different as those to come: here the whole range of amplitudes and phases.",
        "Similar tasks teach only their average; vary amplitude and phase widely.",
        _run(amplitude=(4.0, 5.0), phase=(0.0, 0.5)),
        _run(),
    ),
    "meta_step": Card(
        "Wrong meta step size",
        "With a β too small the start barely moves in the whole run; with one too large it jumps about.",
        "Tune β apart from α: 0.001 with Adam is a safe start. In a run this short, ten times as much may do better still.",
        "β is typically 0.001 with Adam, below that of supervised learning.",
        _run(meta_lr=1e-5),
        _run(),
    ),
    "small_batch": Card(
        "Meta-batch too small",
        "One task in a meta-step gives a gradient that is mostly chance, and the start follows each task in turn.",
        "Average over more tasks; 25 cost less than 25 times one, since they run side by side.",
        "5 to 10 tasks save memory and are noisy, 25 to 50 are stable.",
        _run(meta_batch_size=1),
        _run(),
    ),
    "finite_pool": Card(
        "Too few training tasks",
        "With ten training tasks the network learns those ten: its loss on them falls while that on new tasks does not "
        "(meta-overfitting).",
        "Use more tasks, and watch tasks that training never sees: a thousand are as good as endlessly many here.",
        "Train on tasks 1-1000, test on tasks 1001-1100.",
        _run(pool=10),
        _run(pool=1000),
    ),
    "other_steps": Card(
        "Steps at test differ from those in training",
        "A start, and still more a learned step size, is made for the number of steps it was trained with: one more may run "
        "over the edge.",
        "Train with the number of steps that you will take, or look at the curve beyond it before you take more.",
        "One step is fastest to train, 5 to 10 are better and slower.",
        _run(method="metasgd", inner_lr=0.001, clip_norm=1.0),
        _run(method="metasgd", inner_lr=0.001, clip_norm=1.0, inner_steps=3),
        steps=2,
        live="steps",
    ),
    "first_order": Card(
        "A first-order gradient where curvature matters",
        "Without the second-order term the meta-gradient points elsewhere wherever a step is long against the curvature.",
        "Keep the exact gradient, or take a smaller α, where the two agree.",
        "First order is slightly worse, and used by most.",
        _run(method="fomaml"),
        _run(),
    ),
}


def tasks_of(card: Card, name: str) -> Any:
    """What the "broken" or the "mended" run is trained on; None where its Experiment says so itself."""
    return SupportAsQuery(card.broken.build_tasks()) if card.leaks and name == "broken" else None


@cached
def judged(learner: Learner, judge: Experiment) -> LossCurve:
    """`learner` on test tasks of another run, the same for all: loss after 0 .. 10 steps."""
    with np.errstate(all="ignore"):  # some tasks may blow up
        curves = evaluate(
            learner,
            jax.random.key(5),
            num_tasks=JUDGED_TASKS,
            k_shot=judge.k_shot,
            k_query=50,
            inner_steps=STEPS,
            tasks=judge.build_tasks(),
        )
        return LossCurve(curves.mean, *curves.interval())


def claims(found: Frontier, summary: str) -> list[dict[str, Any]]:
    """The tutorial's rule for the inner step size against the map: a row a size, with the summary after 1, 5 and 10 steps."""
    loss = found.summary(SUMMARIES[summary])
    return [
        {"inner_lr": size, "claim": claim} | {steps: float(loss[INNER_LRS.index(size), steps]) for steps in (0, 1, 5, 10)}
        for size, claim in CLAIMED.items()
    ]
