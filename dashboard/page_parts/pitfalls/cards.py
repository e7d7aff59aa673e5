"""The pitfalls, each in words and as a pair of runs: one broken, one mended."""

from dataclasses import dataclass
from typing import Any, Self

import jax

from maml_engine import Episode, Experiment
from maml_engine.pytrees import pytree


@pytree
class SupportAsQuery:
    """A mistake to look at: tasks whose query points are the support points.

    tasks: those that the points come from.
    """

    tasks: Any

    def split(self, name: str) -> Self:
        """The same mistake in every split: also what is held out is judged on the points adapted to."""
        return self.replace(tasks=self.tasks.split(name))

    def sample(self, key: jax.Array, meta_batch_size: int, k_shot: int, k_query: int) -> Episode:
        """As the tasks themselves, but for the queries.

        Args:
          key: consumed.
          meta_batch_size: how many tasks.
          k_shot: points of each, which are support and query.
          k_query: not heeded.

        Returns:
          Support and query alike: x `[tasks, k_shot, in_dim]`, y `[tasks, k_shot, out_dim]`.
        """
        del k_query
        support = self.tasks.sample(key, meta_batch_size, k_shot, 1).support
        return Episode(support, support)


@dataclass(frozen=True)
class Card:
    """One pitfall: what goes wrong, what mends it, and a run for each.

    title: in a few words.
    problem: what goes wrong, Markdown.
    fix: what mends it, Markdown.
    tutorial: what `method_names.TUTORIAL` says of it.
    broken: a run that shows it.
    mended: the same run without it.
    steps: inner steps after which both are judged, on test tasks of the mended one.
    live: the picture that the shown learner gives of it (`live_pictures.PICTURES`); "" for none.
    leaks: the broken run takes the support as query, which no Experiment can say.
    """

    title: str
    problem: str
    fix: str
    tutorial: str
    broken: Experiment
    mended: Experiment
    steps: int = 1
    live: str = ""
    leaks: bool = False

    def run(self, which: str) -> Experiment:
        """The "broken" or the "mended" one."""
        return self.broken if which == "broken" else self.mended

    def tasks_of(self, which: str) -> Any:
        """What a run is trained on; None where its Experiment says so itself."""
        return SupportAsQuery(self.broken.build_tasks()) if self.leaks and which == "broken" else None


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
        "With noisy points the network goes on to fit the noise: the loss on the support goes on falling while that on new "
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
        "Learned step sizes are made for the number of steps that they were trained with: one more may run over the edge. A "
        "start alone may bear more steps; how many the shown learner bears, the picture says.",
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
        "Keep the exact gradient, or take a smaller α, at which the two part less.",
        "First order is slightly worse, and used by most.",
        _run(method="fomaml"),
        _run(),
    ),
}
