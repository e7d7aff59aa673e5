"""What the Compare page shows: the comparison that was trained here, or else the learners that come with the app."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from dashboard.engine_calls import resources
from dashboard.jobs import Snapshot
from dashboard.method_names import PRETRAINED
from dashboard.page_parts.compare import contest, words
from dashboard.widgets import learners, run_words
from maml_engine import Experiment, Learner
from maml_engine.analysis.comparison import Ranking


class Shown(NamedTuple):
    """What pictures and table are drawn of.

    base: what all methods share.
    losses: after each inner step on the held-out tasks, `[tasks, steps + 1]` by name.
    rankings: how each method's training went; none before anything was trained here.
    words: what the pictures are of.
    is_over: whether the training has ended.
    """

    base: Experiment
    losses: dict[str, np.ndarray]
    rankings: Mapping[str, Ranking]
    words: str
    is_over: bool = False


def of(snapshot: Snapshot | None, base: Experiment) -> Shown:
    """A comparison as far as it has come; the shipped learners' losses until something was trained.

    Args:
      snapshot: of the comparison's job, if there is any.
      base: what the sidebar says that all share; a comparison that was trained has its own.
    """
    rankings = _rankings(snapshot)
    if rankings:
        base = _shared(next(iter(rankings.values())).experiments[0])
    measured = {name: ranking for name, ranking in rankings.items() if len(ranking.iterations)}
    losses = {name: ranking.task_loss for name, ranking in measured.items()}
    if losses:
        named = words.of_contest(snapshot.report.contest)
        return Shown(base, losses | contest.references(base), measured, named, snapshot.ended)
    # Beside learners of the tutorial's width stands a random start of that width, whatever is to be trained.
    untrained = replace(base, hidden_dim=Experiment().hidden_dim)
    losses = contest.shipped(resources.shipped_learners(), base) | contest.references(untrained)
    return Shown(base, losses, measured, _shipped_words(contest.judged_on(base)))


def learners_of(snapshot: Snapshot | None, base: Experiment) -> dict[str, Learner]:
    """A learner for each name that can be drawn: the first seed's, or the shipped ones."""
    rankings = _rankings(snapshot)
    if trained := {name: ranking.learners[0] for name, ranking in rankings.items() if ranking.learners}:
        return trained
    return _shipped(contest.judged_on(base))


def _shipped(judged_on: Experiment) -> dict[str, Learner]:
    shipped = resources.shipped_learners()
    return {"maml": shipped["sinusoid_maml"], PRETRAINED: contest.fine_tuned(shipped["sinusoid_joint"], judged_on)}


def _rankings(snapshot: Snapshot | None) -> Mapping[str, Ranking]:
    if snapshot is None or snapshot.report is None or not (snapshot.report.is_trained or snapshot.ended):
        return {}
    return snapshot.report.rankings


def _shipped_words(judged_on: Experiment) -> str:
    """What the pictures of the shipped learners are of."""
    fine_tuned = _shipped(judged_on)[PRETRAINED].experiment
    pretrained = run_words.of_run(resources.shipped_learners()["sinusoid_joint"].experiment)
    maml = learners.learner_words(resources.shipped_learners()["sinusoid_maml"])
    return f"{maml}; {pretrained}, here {run_words.spell('inner_lr', fine_tuned.inner_lr)}"


def _shared(run: Experiment) -> Experiment:
    """What all runs of a comparison share, of one of them."""
    return Experiment(**{name: getattr(run, name) for name in ("tasks", "k_shot", "meta_batch_size", "hidden_dim", "seed")})
