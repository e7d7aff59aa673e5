"""`python -m benchmarks.few_shot [--rows maml,protonet] [--seeds 0,1,2] [--out FOLDER]`: Omniglot, each row on its budget.

A row is a run with so many minutes of processor time: a stretch of it is timed first, and the whole gets as many meta-steps as
fit, so that its schedule ends with the budget. Then 600 tasks of test characters, with their queries normalised together and by
the support alone. A JSON line a run, kept in FOLDER beside the learner, and for each row the mean over seeds at the end. Set
NPROC=1 for one core. The cards of the papers are `maml train --preset omniglot_...`.
"""

import argparse
import json
import statistics
import time
from collections import defaultdict, deque
from pathlib import Path
from typing import Any, NamedTuple

import jax

from maml_engine import Experiment, Learner, evaluate, train
from maml_engine.core.episode import Episode
from maml_engine.evaluation import draw, evaluate_episode
from maml_engine.tasks import Omniglot, OmniglotRuns
from maml_engine.training.loop import (
    HELD_OUT_TASKS,
    PICTURE_EVALUATIONS,
    PICTURE_QUERIES,
    PICTURE_STEPS,
    picture_evaluations,
)

TASKS = 600
TIMED_SECONDS = 15  # of processor time, in which a meta-step's is found


class Row(NamedTuple):
    """A run, and how it is judged.

    fields: of the experiment, beside what all have.
    inner_steps: taken in the test.
    minutes: of processor time, compiling and the evaluations on validation tasks included.
    k_queries: of each class, one judgement each.
    one_shot_runs: judged by the authors' 20 runs instead.
    begins_as: a run before it, whose network it goes on from, by minutes of its own.
    """

    fields: dict[str, Any]
    inner_steps: int = 1
    minutes: float = 5
    k_queries: tuple[int, ...] = (1,)
    one_shot_runs: bool = False
    begins_as: "Row | None" = None


_SOLVED = {"k_query": 5, "meta_batch_size": 4}
_STEPPED = {"k_query": 1, "meta_batch_size": 8, "inner_lr": 2.0, "inner_steps": 1}  # 0.4 on a sum over classes, in the paper
_20_WAY = {"method": "protonet", "n_way": 20, "k_query": 3, "meta_batch_size": 2, "meta_lr": 0.002, "distortion": 1.0}
ROWS = {
    "r2d2": Row({"method": "r2d2", **_SOLVED}),
    "protonet": Row({"method": "protonet", **_SOLVED}),
    "protomaml": Row({"method": "protomaml", **_SOLVED, "inner_lr": 0.4, "inner_steps": 1}),
    "maml": Row({"method": "maml", **_STEPPED}, inner_steps=3),
    "metasgd": Row({"method": "metasgd", **_STEPPED}),
    "boil": Row({"method": "boil", **_STEPPED}),
    "anil": Row({"method": "anil", **_STEPPED, "inner_steps": 3}, inner_steps=3),
    "mamlplusplus": Row(
        {
            "method": "mamlplusplus", **_STEPPED, "norm": "per_step", "inner_lr": 0.4, "inner_steps": 3,
            "multi_step_iterations": 1000,
        },
        inner_steps=3,
    ),
    "fomaml": Row({"method": "fomaml", **_STEPPED, "inner_lr": 0.4, "inner_steps": 5}, inner_steps=5),
    # Nichol et al. train on ten pictures of each class, which takes 1.5 s a meta-step here; fifty steps in the test are theirs.
    "reptile": Row(
        {
            "method": "reptile", "k_query": 1, "meta_batch_size": 5, "inner_optimizer": "adam", "inner_lr": 1e-3,
            "inner_steps": 5, "meta_optimizer": "sgd", "meta_lr": 1.0, "meta_schedule": "linear",
        },
        inner_steps=50,
    ),
    "imaml": Row(
        {"method": "imaml", **_STEPPED, "inner_lr": 0.1, "inner_steps": 16, "proximal": 2.0, "cg_steps": 5}, inner_steps=16,
    ),
    # A meta-step of one shot takes a sixth of one of five.
    "maml_5shot": Row(
        {"method": "maml", **_STEPPED, "k_shot": 5, "k_query": 5, "meta_batch_size": 4, "meta_lr": 0.0005},
        inner_steps=3, minutes=25, k_queries=(1, 5, 15), begins_as=Row({"method": "maml", **_STEPPED}, minutes=30),
    ),
    "protonet_20way": Row(_20_WAY, minutes=45),
    # As the runs are: within an alphabet.
    "one_shot_runs": Row({**_20_WAY, "class_split": "background", "same_group": True}, minutes=12, one_shot_runs=True),
}  # fmt: skip


def main() -> None:
    """Trains and judges what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.few_shot", description=__doc__.splitlines()[0])
    parser.add_argument("--rows", default=",".join(ROWS), help=f"of {', '.join(ROWS)} (default: all, hours)")
    parser.add_argument("--seeds", default="0,1,2", help="one run each (default: 0,1,2)")
    parser.add_argument("--minutes", type=float, help="a budget in place of each row's own")
    parser.add_argument("--out", default="benchmarks/results/few_shot", help="folder for the lines and the learners")
    options = parser.parse_args()
    if unknown := [name for name in options.rows.split(",") if name not in ROWS]:
        parser.error(f"{', '.join(unknown)}: no such row; there are {', '.join(ROWS)}")
    folder, found = Path(options.out), defaultdict(list)
    folder.mkdir(parents=True, exist_ok=True)
    for seed in map(int, options.seeds.split(",")):
        for name in options.rows.split(","):
            row = ROWS[name]
            learner, facts = trained(row, seed, 60 * (options.minutes or row.minutes))
            learner.save(folder / f"{name}_{seed}")
            line = {"row": name, "seed": seed, **facts, **judged(row, learner)}
            with (folder / "runs.jsonl").open("a") as lines:
                lines.write(json.dumps(line) + "\n")
            print(json.dumps(line), flush=True)
            found[name].append(line)
    for name, lines in found.items():
        print(f"{name}, {len(lines)} seeds: {'; '.join(over_seeds(lines))}")


def experiment_of(row: Row, seed: int, num_iterations: int = 1_000_000) -> Experiment:
    """The run of so many meta-steps."""
    common = {"tasks": "omniglot", "model": "conv4", "loss": "softmax_cross_entropy", "n_way": 5, "k_shot": 1}
    return Experiment(**{**common, "meta_schedule": "cosine", "seed": seed, "num_iterations": num_iterations, **row.fields})


def trained(row: Row, seed: int, budget: float) -> tuple[Learner, dict[str, Any]]:
    """The row's learner after about `budget` seconds of processor time, and what it took."""
    model, before = None, 0
    if row.begins_as:
        learner, facts = trained(row.begins_as, seed, budget * row.begins_as.minutes / row.minutes)
        model, before = learner.network.merge(learner.meta.init), facts["processor_seconds"]
    began, experiment = time.process_time(), experiment_of(row, seed)
    tasks = experiment.build_tasks()
    step, evaluation = _seconds_of_parts(experiment, tasks)
    rows = {"known": experiment.n_way * experiment.k_shot, "asked": experiment.n_way * PICTURE_QUERIES}
    left = budget - (time.process_time() - began)
    for evaluations in range(PICTURE_EVALUATIONS, 0, -1):  # the most that the run would have at the length that they leave it
        experiment = experiment_of(row, seed, max(PICTURE_EVALUATIONS, int((left - evaluations * evaluation) / step)))
        if evaluations <= picture_evaluations(experiment, **rows):
            break
    (report,) = deque(train(experiment, model=model, tasks=tasks), maxlen=1)  # a list of all reports would hold gigabytes
    facts = {"num_iterations": experiment.num_iterations, "processor_seconds": before + round(time.process_time() - began)}
    return report.learner, facts


def _seconds_of_parts(experiment: Experiment, tasks: Omniglot) -> tuple[float, float]:
    """Processor seconds of a meta-step and of an evaluation on validation tasks, compiled."""
    reports = train(experiment, tasks=tasks)
    first = report = next(reports)
    began = now = time.process_time()
    while now < began + TIMED_SECONDS:
        report, now = next(reports), time.process_time()
    step = (now - began) / (report.iteration - first.iteration)
    held_out, began = _held_out(report.learner), time.process_time()
    evaluate_episode(report.learner, held_out, max(experiment.inner_steps, PICTURE_STEPS))
    return step, time.process_time() - began


def _held_out(learner: Learner) -> Episode:
    """Tasks as many and as large as training evaluates on."""
    tasks, k_shot = learner.default_tasks.split("validation"), learner.experiment.k_shot
    return draw(tasks, jax.random.key(0), HELD_OUT_TASKS, k_shot=k_shot, k_query=PICTURE_QUERIES)


def judged(row: Row, learner: Learner) -> dict[str, Any]:
    """Right answers in percent, mean and 95 % interval, by how the queries are normalised and how many there are."""
    experiment, found = learner.experiment, {}
    tasks = OmniglotRuns.read() if row.one_shot_runs else Omniglot.read(n_way=experiment.n_way)
    for k_query in row.k_queries:
        for name, transductive in (("together", True), ("support", False)):
            curves = evaluate(
                learner, jax.random.key(0), TASKS, experiment.k_shot, k_query, row.inner_steps,
                tasks=tasks, transductive=transductive,
            )  # fmt: skip
            right = 100 * curves.metrics["accuracy"].mean(axis=0)[-1]
            low, high = (100 * end[-1] for end in curves.interval(of="accuracy"))
            found[f"{name}_{k_query}"] = [round(float(number), 2) for number in (right, low, high)]
    return found


def over_seeds(lines: list[dict[str, Any]]) -> list[str]:
    """What is judged, each the mean over the runs with the lowest and the highest of them."""
    names = [name for name in lines[0] if name.startswith(("together", "support"))]
    each = {name: [line[name][0] for line in lines] for name in names}
    return [f"{name} {statistics.mean(values):.1f} ({min(values):.1f} to {max(values):.1f})" for name, values in each.items()]


if __name__ == "__main__":
    main()
