"""What the Compare page computes: budgets, tables, paired differences; answers from outside."""

import dataclasses

import jax
import numpy as np
import pytest

from dashboard.jobs import DONE, STOPPED, JobRegistry
from dashboard.method_names import NAMES
from dashboard.page_parts.compare import closer_look
from dashboard.page_parts.compare import contest as comparing
from dashboard.page_parts.compare.contest import Contest
from maml_engine import Experiment, Learner
from maml_engine.analysis.comparison import Budget, gradients_per_iteration

SMALL = Experiment(hidden_dim=8, meta_batch_size=4, k_shot=5, k_query=5)


def small_contest(methods=("maml", "reptile"), amount=30, seeds=2, kind="iterations") -> Contest:
    return Contest(methods, SMALL, Budget(kind, amount), seeds)


# By hand: a task's gradients and Hessian-vector products in one meta-iteration of K inner steps.
@pytest.mark.parametrize(
    ("name", "each"),
    [
        ("maml", 3),  # K = 1: one inside, one of the query loss, one product
        ("fomaml", 2),
        ("reptile", 10),
        ("metasgd", 3),
        ("mamlplusplus", 15),  # K = 5: five inside, five of query losses, five products
        ("pretrained", 1),
    ],
)
def test_gradients_are_counted(name, each):
    assert gradients_per_iteration(comparing.recipe(name, SMALL)) == each * SMALL.meta_batch_size


def test_a_budget_of_gradients_buys_fewer_iterations_of_what_costs_more():
    one = small_contest(("maml", "fomaml", "mamlplusplus"), 1200, kind="gradients")
    bought = {name: runs[0].num_iterations for name, runs in one.entrants().items()}
    assert bought == {"maml": 100, "fomaml": 150, "mamlplusplus": 20}
    assert Budget("gradients", 1).iterations(SMALL) == 1


def test_every_recipe_fits_its_network():
    for name in comparing.ENTRANTS:
        Learner.untrained(comparing.recipe(name, SMALL))
    assert set(NAMES) == {*comparing.ENTRANTS, "random", "zero-shot", "oracle"}


def test_only_the_support_points_asked_for_count():
    for k_shot in (5, 30):
        episode = comparing.judging_tasks(dataclasses.replace(SMALL, k_shot=k_shot))
        np.testing.assert_array_equal(episode.support.weight.sum(axis=1), np.full(200, k_shot))


def test_amplitude_and_phase_are_those_of_the_tasks():
    amplitude, phase = closer_look.amplitude_and_phase(SMALL)
    query = comparing.judging_tasks(SMALL).query
    np.testing.assert_allclose(query.y[..., 0], amplitude[:, None] * np.sin(query.x[..., 0] + phase[:, None]), atol=1e-4)
    assert closer_look.amplitude_and_phase(dataclasses.replace(SMALL, tasks="lines")) is None


def test_a_stand_in_borrows_the_start_only_where_the_network_is_the_same():
    start = Learner.untrained(dataclasses.replace(SMALL, seed=5))

    def first(learner):
        return np.asarray(jax.tree.leaves(learner.meta.init)[1])

    borrowed = closer_look.stand_in("anil", SMALL, start)
    np.testing.assert_array_equal(first(borrowed), first(start))
    wider = closer_look.stand_in("anil", dataclasses.replace(SMALL, hidden_dim=9), start)
    assert first(wider).shape != first(start).shape
    assert closer_look.stand_in("cavia", SMALL, start).experiment.model == "context_mlp"


def test_a_hosted_demo_limits_the_whole_work():
    small_contest().check_hosted()
    with pytest.raises(ValueError, match="100,000 meta-iterations in all, and this comparison asks for 200,000"):
        small_contest(amount=50_000).check_hosted()
    with pytest.raises(ValueError, match="4 runs of 60 seconds are 240"):
        small_contest(amount=60, kind="seconds").check_hosted()


# The registry takes work of another kind than a run.


@dataclasses.dataclass(frozen=True)
class Told:
    iteration: int
    done: bool


def ended(registry: JobRegistry, job_id: str):
    while not (snapshot := registry.snapshot(job_id)).ended:
        pass
    return snapshot


def test_the_registry_runs_other_work_and_can_stop_it():
    registry = JobRegistry(hosted=False)
    job_id = registry.submit_work([SMALL], lambda: iter([Told(1, False), Told(2, True)]))
    snapshot = ended(registry, job_id)
    assert (snapshot.status, snapshot.iteration, snapshot.report) == (DONE, 2, Told(2, True))

    def endless():
        while True:
            yield Told(3, False)

    job_id = registry.submit_work([SMALL], endless)
    while registry.snapshot(job_id).report is None:
        pass
    registry.stop(job_id)
    assert ended(registry, job_id).status == STOPPED
    registry.close()


def test_other_work_keeps_within_a_hosted_demos_budget():
    registry = JobRegistry(hosted=True)
    with pytest.raises(ValueError, match="`hidden_dim` must be at most 256"):
        registry.submit_work([SMALL, dataclasses.replace(SMALL, hidden_dim=300)], lambda: iter(()))
