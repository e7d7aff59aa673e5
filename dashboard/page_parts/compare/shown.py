"""What the Compare page shows: the comparison that was trained here, or else the learners that come with the app."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from dashboard.engine_calls import resources
from dashboard.jobs import Snapshot
from dashboard.method_names import PRETRAINED
from dashboard.page_parts.compare import contest
from maml_engine import Experiment, Learner
from maml_engine.analysis.comparison import Ranking


class Shown(NamedTuple):
    """What pictures and table are drawn of.

    base: what all methods share.
    losses: after each inner step on the held-out tasks, `[tasks, steps + 1]` by name.
    rankings: how each method's training went; none before anything was trained here.
    """

    base: Experiment
    losses: dict[str, np.ndarray]
    rankings: Mapping[str, Ranking]


def of(snapshot: Snapshot | None, base: Experiment) -> Shown:
    """A comparison as far as it has come; the shipped learners' losses before there is one.

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
        return Shown(base, losses | contest.references(base), measured)
    # Beside learners of the tutorial's width stands a random start of that width, whatever is to be trained.
    untrained = replace(base, hidden_dim=Experiment().hidden_dim)
    return Shown(base, contest.shipped(resources.shipped_learners(), base) | contest.references(untrained), measured)


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
    return snapshot.report.rankings if snapshot and snapshot.report else {}


def _shared(run: Experiment) -> Experiment:
    """What all runs of a comparison share, of one of them."""
    return Experiment(**{name: getattr(run, name) for name in ("tasks", "k_shot", "meta_batch_size", "hidden_dim", "seed")})
