"""What the Compare page asks of the engine: which methods, with which settings, within which budget, on which tasks."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from dashboard.engine_calls.adaptation import BASELINE_STEP_SIZES, fits, padded, with_inner_lr
from dashboard.engine_calls.cache import cached
from dashboard.jobs import BUDGETS
from dashboard.method_names import NAMES, ORACLE, PRETRAINED, RANDOM, ZERO_SHOT
from dashboard.results import MAX_SHOTS, MAX_STEPS, Fit
from maml_engine import METHODS, Episode, Experiment, Learner
from maml_engine.analysis.comparison import KINDS, Budget, ContestReport, Ranking, contest
from maml_engine.baselines import Oracle, ZeroShot, pretraining, random_initialisation
from maml_engine.core.keys import key_of
from maml_engine.evaluation import draw, evaluate_episode

# What each method runs with where it differs from the tutorial's run; tasks, points, width and meta-batch are the same for all.
RECIPES: dict[str, dict] = {
    "maml": {},
    "fomaml": {},
    "reptile": {"inner_steps": 10, "meta_optimizer": "sgd", "meta_lr": 1.0},
    "metasgd": {},
    "mamlplusplus": {"inner_steps": 5, "multi_step_iterations": 1000},
    "anil": {},
    "boil": {},
    "imaml": {"inner_steps": 16, "inner_lr": 0.005, "proximal": 20.0},
    "cavia": {"model": "context_mlp", "inner_lr": 1.0},
    "metacurvature": {},
    "r2d2": {},
    "alpaca": {},
    "dkt": {},
    "pacoh": {},
    "cnp": {"model": "neural_process", "context_dim": 40},
}
ENTRANTS = (*RECIPES, PRETRAINED)
# What a budget is offered in: amounts of meta-iterations, of gradients, of seconds for each run.
AMOUNTS = {
    "iterations": (200, 500, 1000, 2000, 5000, 10_000, 20_000),
    "gradients": (20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000, 2_000_000),
    "seconds": (1, 2, 5, 10, 30, 60),
}
# Enough for the methods to stand where they are known to stand: with a tenth of it MAML has hardly begun to learn, and Reptile,
# which learns faster at first, is before it (tests/acceptance/test_compare_default.py).
DEFAULT_AMOUNT = {"iterations": 10_000, "gradients": 1_000_000, "seconds": 5}
MAX_SEEDS = 5
JUDGED_KEY = 2017  # of the tasks that all are judged on
JUDGED_TASKS, JUDGED_STEPS, JUDGED_QUERIES, JUDGED_POINTS = 200, 10, 100, 12
HOSTED_SECONDS, HOSTED_ITERATIONS = 120, 100_000


@dataclass(frozen=True)
class Contest:
    """One comparison, wholly described.

    methods: names of `ENTRANTS`.
    base: what all share.
    budget: what each run may spend.
    seeds: how many runs each method has.
    """

    methods: tuple[str, ...]
    base: Experiment
    budget: Budget
    seeds: int = 1

    def entrants(self) -> dict[str, tuple[Experiment, ...]]:
        """For each method its runs, one a seed."""
        return {name: self._runs(name) for name in self.methods}

    def _runs(self, name: str) -> tuple[Experiment, ...]:
        one = recipe(name, self.base)
        one = replace(one, num_iterations=self.budget.iterations(one))
        return tuple(replace(one, seed=(self.base.seed + seed) % 2**32) for seed in range(self.seeds))

    def reports(self) -> Iterator["Progress"]:
        """Trains all; what a job runs."""
        prepare = partial(_with_step_size, self.base)
        setting = {"inner_steps": JUDGED_STEPS, "points": JUDGED_POINTS, "prepare": prepare}
        for report in contest(self.entrants(), self.budget, judging_tasks(self.base), **setting):
            yield Progress(**vars(report), contest=self)

    def check_hosted(self) -> None:
        """Refuses what one visitor of a hosted demo may not ask for.

        Raises:
          ValueError: more work in all than the demo gives at once.
        """
        runs = len(self.methods) * self.seeds
        if self.budget.kind == "seconds" and runs * self.budget.amount > HOSTED_SECONDS:
            raise ValueError(
                f"This hosted demo trains for at most {HOSTED_SECONDS} seconds in all, and {runs} runs of "
                f"{self.budget.amount:g} seconds are {runs * self.budget.amount:g}: take fewer methods, seeds or seconds."
            )
        if self.budget.kind != "seconds":
            total = sum(run.num_iterations for runs in self.entrants().values() for run in runs)
            if total > HOSTED_ITERATIONS:
                raise ValueError(
                    f"This hosted demo trains for at most {HOSTED_ITERATIONS:,} meta-iterations in all, and this comparison "
                    f"asks for {total:,}: take fewer methods or seeds, or a smaller budget."
                )

    def checked(self) -> list[Experiment]:
        """One run of each method, as the job registry judges them; seconds are judged by `check_hosted`."""
        most = BUDGETS["num_iterations"]
        first = [runs[0] for runs in self.entrants().values()]
        return [replace(run, num_iterations=min(run.num_iterations, most)) for run in first]


@dataclass(frozen=True, eq=False)
class Progress(ContestReport):
    """What the job of a comparison reports.

    contest: what is compared.
    """

    contest: Contest = field(kw_only=True)

    @property
    def is_trained(self) -> bool:
        """Whether any method has left its start: until then all of them are compiled, one after the other."""
        return any(len(ranking.iterations) and ranking.iterations[-1] > 0 for ranking in self.rankings.values())


def summary(report: Progress) -> tuple[dict[str, Any], None]:
    """What is kept of a comparison: for each method its meta-iterations and its mean loss after 0, 1, .. inner steps."""

    def kept(ranking: Ranking) -> dict[str, Any]:
        loss = np.nan_to_num(ranking.task_loss.mean(axis=0), nan=-1.0, posinf=-1.0, neginf=-1.0)
        return {
            "iterations": int(ranking.iterations[-1]) if len(ranking.iterations) else 0,
            "mean": [None if value < 0 else float(value) for value in loss],
            "message": ranking.message,
        }

    budget, rankings = report.contest.budget, {name: kept(ranking) for name, ranking in report.rankings.items()}
    return {"budget": {"kind": budget.kind, "amount": budget.amount}, "tasks": JUDGED_TASKS, "methods": rankings}, None


def recipe(name: str, base: Experiment) -> Experiment:
    """How a method or the pretrained baseline runs beside the others."""
    if name == PRETRAINED:
        return pretraining(base)
    return replace(base, method=name, **RECIPES[name])


def recipe_rows(contest: Contest) -> list[dict[str, str]]:
    """For each method what it ran with, where it is not the same for all, and how many meta-iterations the budget buys."""
    shown = ("inner_lr", "inner_steps", "model", "meta_optimizer", "meta_lr")
    own = {"imaml": ("proximal", "cg_steps"), "mamlplusplus": ("multi_step_iterations",)}
    rows = []
    for name, (run, *_) in contest.entrants().items():
        values = {field: Experiment.spell(getattr(run, field)) for field in shown}
        if name == PRETRAINED:
            values["inner_lr"] = "the best of " + ", ".join(f"{size:g}" for size in BASELINE_STEP_SIZES)
        if name in METHODS and METHODS[name].support_gives == "solution":
            values |= {"inner_lr": "", "inner_steps": "solves"}
        bought = "as many as fit" if contest.budget.kind == "seconds" else f"{run.num_iterations:,}"
        more = ", ".join(f"{field} {Experiment.spell(getattr(run, field))}" for field in own.get(name, ()))
        rows.append({"method": NAMES[name], **values, "more": more, "meta-iterations": bought})
    return rows


# The tasks that all are judged on.


def judged_on(base: Experiment) -> Experiment:
    """What of `base` says on which tasks all are judged: answers that depend on no more are the same whatever else is moved."""
    return Experiment(tasks=base.tasks, k_shot=base.k_shot)


def judging_tasks(base: Experiment) -> Episode:
    """200 held-out tasks, always the same ones; the first `k_shot` support points count. Host arrays."""
    return _tasks(judged_on(base), "test", JUDGED_KEY)


def validation_tasks(base: Experiment) -> Episode:
    """The tasks on which a baseline chooses its step size."""
    return _tasks(judged_on(base), "validation", 2018)


@cached
def _tasks(judged_on: Experiment, split: str, seed: int) -> Episode:
    tasks, k_shot = judged_on.build_tasks().split(split), judged_on.k_shot
    size = MAX_SHOTS * 2 ** max(0, int(np.ceil(np.log2(k_shot / MAX_SHOTS))))
    return padded(draw(tasks, key_of(seed), JUDGED_TASKS, k_shot=size, k_query=JUDGED_QUERIES), k_shot)


def _with_step_size(base: Experiment, name: str, learner: Learner) -> Learner:
    """A baseline fine-tunes with the step size that is best on validation tasks; a method has its own."""
    return fine_tuned(learner, base) if name == PRETRAINED else learner


def fine_tuned(learner: Learner, base: Experiment) -> Learner:
    """`learner` with the inner step size of `BASELINE_STEP_SIZES` that is best after ten steps, on validation tasks."""
    return with_inner_lr(learner, _best_inner_lr(learner, judged_on(base)))


@cached
def _best_inner_lr(learner: Learner, judged_on: Experiment) -> float:
    episode = validation_tasks(judged_on)

    def last_loss(inner_lr: float) -> float:
        with np.errstate(all="ignore"):
            loss = evaluate_episode(with_inner_lr(learner, inner_lr), episode, JUDGED_STEPS).loss[:, -1].mean()
        return float(loss) if np.isfinite(loss) else np.inf

    return min(BASELINE_STEP_SIZES, key=last_loss)


def references(base: Experiment) -> dict[str, np.ndarray]:
    """Losses `[tasks, steps + 1]` of what trains for nothing: zero-shot, oracle and a random start, on the same tasks."""
    start = replace(judged_on(base), hidden_dim=base.hidden_dim, seed=base.seed)
    return {RANDOM: _random_losses(start)} | _losses_of_knowing_the_family(judged_on(base))


@cached
def _random_losses(start: Experiment) -> np.ndarray:
    with np.errstate(all="ignore"):
        learner = fine_tuned(random_initialisation(start), start)
        return evaluate_episode(learner, judging_tasks(start), JUDGED_STEPS).loss


@cached
def _losses_of_knowing_the_family(judged_on: Experiment) -> dict[str, np.ndarray]:
    tasks, episode = judged_on.build_tasks(), judging_tasks(judged_on)
    with np.errstate(all="ignore"):
        known = {ZERO_SHOT: ZeroShot(tasks), ORACLE: Oracle(tasks)}
        return {name: evaluate_episode(predictor, episode, JUDGED_STEPS).loss for name, predictor in known.items()}


@cached
def _shipped_losses(learner: Learner, judged_on: Experiment, is_baseline: bool) -> np.ndarray:
    judged = fine_tuned(learner, judged_on) if is_baseline else learner
    with np.errstate(all="ignore"):
        return evaluate_episode(judged, judging_tasks(judged_on), JUDGED_STEPS).loss


def shipped(learners: Mapping[str, Learner], base: Experiment) -> dict[str, np.ndarray]:
    """What the page shows before anything is trained: losses `[tasks, steps + 1]` by name."""
    return {
        "maml": _shipped_losses(learners["sinusoid_maml"], judged_on(base), False),
        PRETRAINED: _shipped_losses(learners["sinusoid_joint"], judged_on(base), True),
    }


def twelve(learner: Learner, base: Experiment) -> tuple[Fit, ...]:
    """A learner on the same twelve held-out tasks as any other."""
    tasks, shots = base.build_tasks(), min(base.k_shot, MAX_SHOTS)
    return fits(learner, tasks, shots=shots, inner_lr=learner.experiment.inner_lr, seed=base.seed)


assert set(AMOUNTS) == set(KINDS)
assert JUDGED_STEPS <= MAX_STEPS
