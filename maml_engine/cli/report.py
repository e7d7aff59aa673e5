"""What `maml train` prints: the tutorial's report, a protocol card's table, and a summary in JSON."""

from typing import Any

import jax
import numpy as np

from maml_engine.core.labels import takes_labels
from maml_engine.evaluation import evaluate, evaluate_as_agreed, queries
from maml_engine.experiment.presets import Preset
from maml_engine.learner import Learner
from maml_engine.training import Report

ITERATIONS_PER_LINE = 1000


class History:
    """The meta-loss of each iteration since the run began, and the report's lines about it.

    losses: `[iterations]`; NaN where a loss is not known.
    """

    def __init__(self, losses: np.ndarray):
        self.losses = losses

    def add(self, losses: np.ndarray) -> list[str]:
        """Appends further losses `[iterations]` and returns the report's lines that they complete."""
        before = len(self.losses)
        self.losses = np.concatenate([self.losses, losses])
        first = before // ITERATIONS_PER_LINE * ITERATIONS_PER_LINE + ITERATIONS_PER_LINE
        return [self.line(iteration) for iteration in range(first, len(self.losses) + 1, ITERATIONS_PER_LINE)]

    def last_line(self) -> str | None:
        """The line of the last iterations, fewer than a thousand; None where there are none."""
        return self.line(len(self.losses)) if len(self.losses) % ITERATIONS_PER_LINE else None

    def line(self, iteration: int) -> str:
        """The tutorial's line: the mean of the iterations since the line before."""
        mean = _mean(self.losses[(iteration - 1) // ITERATIONS_PER_LINE * ITERATIONS_PER_LINE : iteration])
        return f"Iteration {iteration} | Meta Loss: {float('nan') if mean is None else mean:.4f}"

    def recent(self) -> float | None:
        """The mean of the last 1000 iterations; None where none is known."""
        return _mean(self.losses[-ITERATIONS_PER_LINE:])


def _mean(losses: np.ndarray) -> float | None:
    """Of those that are known; None where none is."""
    known = losses[np.isfinite(losses)]
    return float(known.mean(dtype=np.float64)) if len(known) else None


def print_new_tasks(learner: Learner) -> None:
    """Prints ten tasks that training has not seen, before and after one step; of pictures, before and after adapting."""
    print("EVALUATING FEW-SHOT ADAPTATION")
    tasks, experiment = learner.default_tasks.split("test"), learner.experiment
    are_pictures = hasattr(tasks, "rows_of_a_class") and takes_labels(learner.loss_fn)
    steps = max(1, experiment.inner_steps) if are_pictures else 1
    k_query = queries(tasks, experiment.k_shot, rows=50)
    key = jax.random.key(1)
    curves = evaluate(learner, key, num_tasks=10, k_shot=experiment.k_shot, k_query=k_query, inner_steps=steps)
    names = getattr(tasks, "task_names", range(1, 11))
    if are_pictures:
        for name, right in zip(names, curves.metrics["accuracy"], strict=True):
            print(f"Task {name} | Right before: {right[0]:.1%} → After adapting: {right[-1]:.1%}")
        return
    for name, (before, after) in list(zip(names, curves.loss, strict=True))[:10]:
        print(f"Task {name} | Before: {before:.4f} → After 1 step: {after:.4f}")


def card_results(name: str, card: Preset, learner: Learner) -> dict[str, Any]:
    """Evaluates a learner by a card's own protocol.

    Args:
      name: of the card.
      card: says which tasks and steps, and what was published.
      learner: need not be the card's own run; `differs` then says what differs.

    Returns:
      Facts for JSON; `curve` has one row a step, our mean, interval and median beside the published loss. `not_measured` and
      `unlike` are sentences of a card whose pictures are not ours, "" for others.
    """
    curves = card.judge(learner)
    of = curves.loss if card.measure == "loss" else curves.metrics[card.measure]
    medians = [float(median) if np.isfinite(median) else None for median in np.median(of, axis=0)]
    return {
        "name": name,
        "title": card.title,
        "source": card.source,
        "judged": card.judged,
        "measure": card.measure,
        "num_tasks": len(curves.loss),
        "differs": card.differences(learner.experiment),
        "not_measured": card.not_measured,
        "unlike": card.data_set.unlike(learner.default_tasks) if card.data_set else "",
        "curve": [
            row | {"median": median, "published": card.published.get(step)}
            for step, (row, median) in enumerate(zip(curves.rows(), medians, strict=True))
        ],
    }


def print_card(results: dict[str, Any]) -> None:
    """Prints `card_results`: the steps that the source prints; where it prints none, the last one."""
    print(f"PROTOCOL CARD {results['name']}: {results['title']} ({results['source']})")
    if results["differs"]:
        print(f"Not the card's own run, which has {', '.join(results['differs'])}.")
    for sentence in filter(None, (results["not_measured"], results["unlike"])):
        print(sentence)
    shown = [row for row in results["curve"] if row["published"] is not None] or results["curve"][-1:]
    measure = results["measure"]
    of_each = "support points each" if measure == "loss" else f"known pictures of each class; {measure}"
    print(f"{results['num_tasks']} test tasks, {results['judged'].get('k_shot', 10)} {of_each}")
    print(f"{'step':>4}  {'ours':>8}  {'95 % interval':<18}  published")
    for row in shown:
        parts = ("mean", "low", "high") if measure == "loss" else (measure, f"{measure}_low", f"{measure}_high")
        mean, low, high = (float("nan") if row[part] is None else row[part] for part in parts)
        published = "none" if row["published"] is None else f"{row['published']:g}"
        print(f"{row['step']:>4}  {mean:>8.4f}  {f'{low:.4f} to {high:.4f}':<18}  {published}")


def summary(report: Report, learner: Learner, history: History) -> dict[str, Any]:
    """The run's facts for JSON, with the curve that `maml evaluate` would print.

    Args:
      report: the last one of the run.
      learner: the run's result, with its tasks.
      history: its meta-losses.
    """
    curves = evaluate_as_agreed(learner)  # as `maml evaluate` by default
    return {
        "meta_loss": history.recent(),
        "seconds": report.seconds,
        "compile_seconds": report.compile_seconds,
        "iterations_per_second": report.iteration / report.seconds,
        "curve": curves.rows(),
        "num_tasks": len(curves.loss),
        "iteration": report.iteration,
        "experiment": report.experiment.changes(),
        "digest": report.experiment.digest,
    }
