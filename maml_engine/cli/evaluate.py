"""`maml evaluate`: how well a saved learner adapts to test tasks."""

import json
from argparse import Namespace
from typing import Any

import jax

from maml_engine.checks import check_number
from maml_engine.cli.exit_codes import DONE
from maml_engine.cli.saved_runs import load_with_tasks
from maml_engine.evaluation import AdaptationCurves, protocol, the_other_way
from maml_engine.evaluation import evaluate as evaluate_learner
from maml_engine.experiment.fields import parse_number


def evaluate(options: Namespace) -> int:
    """Adapts a saved learner to test tasks and prints the loss after each step, as a table or as JSON."""
    learner = load_with_tasks(options.folder, options.data, options.tasks, options.n_way)
    names = ("num_tasks", "k_shot", "k_query", "inner_steps")
    # Whatever was typed: `evaluate` refuses what is no number.
    numbers: dict[str, Any] = {
        name: parse_number(getattr(options, name)) for name in names if getattr(options, name) is not None
    }
    numbers.setdefault("k_shot", learner.experiment.k_shot)
    seed: Any = parse_number(options.seed)
    check_number("seed", seed, low=0, high=2**32 - 1, integer=True)
    key = jax.random.key(seed)
    curves, other = evaluate_learner(learner, key, **numbers), the_other_way(learner, key, **numbers)
    if options.json:
        facts = {"experiment": learner.experiment.changes(), "iteration": learner.iteration, "seed": seed}
        facts |= {name: value for name, value in (("tasks", options.tasks), ("n_way", options.n_way)) if value is not None}
        facts |= numbers | {"num_tasks": len(curves.loss), "statistics": curves.statistics, "curve": curves.rows()}
        print(json.dumps(facts | ({} if other is None else {"other_way": {other.statistics: other.rows()}})))
    else:
        print("" if options.tasks is None else f"{options.tasks}: ", end="")
        print(f"{protocol(curves, numbers['k_shot'], seed)}, after {learner.iteration} meta-iterations")
        print(curve_table(curves))
        if other is not None:
            print(f"The same learner, {protocol(other, numbers['k_shot'], seed)}")
            print(curve_table(other))
    return DONE


def curve_table(curves: AdaptationCurves) -> str:
    """The losses as text, one line a step: mean over tasks and its 95 % interval; then further measures likewise."""
    low, high = curves.interval()
    rows = zip(curves.mean, low, high, strict=True)
    lines = [f"{step:>4}  {mean:>10.4f}  {low:.4f} to {high:.4f}" for step, (mean, low, high) in enumerate(rows)]
    lines = [f"{'step':>4}  {'mean loss':>10}  95 % interval", *lines]
    for name, values in curves.metrics.items():
        rows = zip(values.mean(axis=0), *curves.interval(of=name), strict=True)
        column = [f"{name:>9}  95 % interval", *(f"{mean:>9.4f}  {low:.4f} to {high:.4f}" for mean, low, high in rows)]
        lines = [f"{line:<36}{text}" for line, text in zip(lines, column, strict=True)]
    return "\n".join(lines)
