"""Which ways of predicting are blended for use, and how well such a choice does on tasks that had no part in it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from maml_engine.tables.baselines import LEARNED
from maml_engine.tables.blend import Blend, Products, choose_weights, joined_products
from maml_engine.tables.outcomes import Bounded, Limits, Outcome, mixed
from maml_engine.tables.plan import Plan
from maml_engine.tables.scoring import META
from maml_engine.tables.task_arrays import Predictor

META_LEARNED = (META, LEARNED)  # what a verdict asks about: the rest is statistics of old
MIN_SHOWN = 0.005


class Choice(NamedTuple):
    """A blend, or one way alone.

    outcomes: of each part that judges, by weights that were chosen on tasks of other parts alone.
    names: of the ways.
    weights: `[shots, ways]`, chosen on all tasks, for use.
    kind: of the weights, in words.
    """

    outcomes: list[Outcome]
    names: tuple[str, ...]
    weights: np.ndarray
    kind: str

    def shares(self, at: int, titles: Mapping[str, str]) -> tuple[tuple[str, float], ...]:
        """Titles and weights of the ways that count at the number of known rows whose place is `at`, the greatest first."""
        pairs = [(titles[name], float(weight)) for name, weight in zip(self.names, self.weights[at], strict=True)]
        return tuple(sorted((pair for pair in pairs if pair[1] > MIN_SHOWN), key=lambda pair: -pair[1]))

    def predictor(self, plan: Plan, predictors: Mapping[str, Predictor], limits: Limits) -> Bounded:
        """For use, from ways that were fitted on all tasks."""
        used = [place for place, weight in enumerate(self.weights.max(axis=0)) if weight > 0]
        ways = tuple(predictors[self.names[place]] for place in used)
        names = tuple(self.names[place] for place in used)
        blend = Blend(ways, names, np.array(plan.shots, np.int32), np.ascontiguousarray(self.weights[:, used]), self.kind)
        return Bounded(blend, *limits)


def choose(plan: Plan, outcomes: Mapping[str, Sequence[Outcome]], without: Sequence[str] = ()) -> Choice | None:
    """Weights for use, and what such weights come to on tasks that chose nothing; None where no way is left.

    Args:
      plan: what was judged.
      outcomes: by way, and part that judges.
      without: ways that are left out.
    """
    names = tuple(name for name in outcomes if name not in without)
    if not names:
        return None
    num_tasks, at, seed = len(plan.tasks), plan.shots.index(plan.settings.k_shot), plan.settings.seed
    places = [part.test for part in plan.judging]
    own = [[outcomes[name][place] for name in names] for place in range(len(places))]
    products = [Products.of(some, plan.tasks.arrays.take(tests), plan.shots) for some, tests in zip(own, places, strict=True)]
    judged = []
    for place, tests in enumerate(places):
        others = [other for other in range(len(places)) if other != place]
        rest = joined_products([products[o] for o in others], [places[o] for o in others], num_tasks)
        rest.total[:, tests] = 0.0
        rest.count[:, tests] = 0.0
        weights, kind = choose_weights(rest, at, seed)
        judged.append(mixed(own[place], weights, kind))
    weights, kind = choose_weights(joined_products(products, places, num_tasks), at, seed)
    return Choice(judged, names, weights, kind)
