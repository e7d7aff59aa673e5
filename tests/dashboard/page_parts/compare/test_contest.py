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
from maml_engine import Experiment, Learner, train
from maml_engine.analysis.comparison import Budget, contest, gradients_per_iteration, meta_gradient_bytes
from maml_engine.evaluation import draw

SMALL = Experiment(hidden_dim=8, meta_batch_size=4, k_shot=5, k_query=5)


def small_contest(methods=("maml", "reptile"), amount=30, seeds=2, kind="iterations") -> Contest:
    return Contest(methods, SMALL, Budget(kind, amount), seeds)


@pytest.fixture(scope="module")
def outcome():
    """One small comparison, from its first report to its last."""
    one = small_contest()
    episode = draw(SMALL.build_tasks().split("test"), jax.random.key(0), 6, k_shot=5, k_query=10)
    return one, episode, list(contest(one.entrants(), one.budget, episode, inner_steps=3, points=3))


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


def test_imaml_counts_its_products():
    run = dataclasses.replace(SMALL, method="imaml", inner_steps=7, cg_steps=5)
    assert gradients_per_iteration(run) == (7 + 1 + 5) * 4


def test_a_budget_of_gradients_buys_fewer_iterations_of_what_costs_more():
    one = small_contest(("maml", "fomaml", "mamlplusplus"), 1200, kind="gradients")
    bought = {name: runs[0].num_iterations for name, runs in one.entrants().items()}
    assert bought == {"maml": 100, "fomaml": 150, "mamlplusplus": 20}
    assert Budget("gradients", 1).iterations(SMALL) == 1


@pytest.mark.parametrize(("kind", "amount", "said"), [("years", 1, "`kind`"), ("seconds", 0, "`amount`")])
def test_a_budget_that_cannot_work_is_refused(kind, amount, said):
    with pytest.raises(ValueError, match=said):
        Budget(kind, amount)


def test_every_recipe_fits_its_network():
    for name in comparing.ENTRANTS:
        Learner.untrained(comparing.recipe(name, SMALL))
    assert set(NAMES) == {*comparing.ENTRANTS, "random", "zero-shot", "oracle"}


def test_every_run_ends_where_it_would_alone(outcome):
    one, _, reports = outcome
    last = reports[-1]
    assert last.done
    assert last.share == 1.0
    for name, runs in one.entrants().items():
        ranking = last.rankings[name]
        assert list(ranking.iterations) == [0, 10, 20, 30]
        for run, learner in zip(runs, ranking.learners, strict=True):
            *_, alone = train(run)
            for ours, theirs in zip(jax.tree.leaves(learner.meta), jax.tree.leaves(alone.learner.meta), strict=True):
                np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_losses_are_those_of_the_learners_on_the_same_tasks(outcome):
    _, episode, reports = outcome
    for ranking in reports[-1].rankings.values():
        assert ranking.loss.shape == (2, 6, 4)
        assert ranking.curves.shape == (4, 2, 4)
        np.testing.assert_allclose(ranking.curves[-1], ranking.loss.mean(axis=1), rtol=1e-6)
        learner = ranking.learners[1]
        adapted = learner.adapt(episode.support.x[2], episode.support.y[2], 3)
        error = np.mean((adapted(episode.query.x[2]) - np.asarray(episode.query.y[2])) ** 2)
        assert ranking.loss[1, 2, 3] == pytest.approx(error, rel=1e-4)


def test_reports_only_grow_and_older_ones_stay_as_they_were(outcome):
    *_, reports = outcome
    shares = [report.share for report in reports]
    assert shares == sorted(shares)
    first = next(report for report in reports if "reptile" in report.rankings)
    assert list(first.rankings["maml"].iterations) == [0]
    assert first.rankings["maml"].temp_bytes is None
    assert reports[-1].rankings["maml"].temp_bytes > 0


def test_memory_grows_with_the_tasks_of_a_meta_step():
    sizes = [meta_gradient_bytes(Learner.untrained(dataclasses.replace(SMALL, meta_batch_size=n))) for n in (4, 64)]
    assert sizes[1] > 4 * sizes[0]


def test_a_run_that_diverges_keeps_its_last_finite_snapshot():
    wild = dataclasses.replace(SMALL, meta_lr=1e30, meta_optimizer="sgd")
    episode = draw(SMALL.build_tasks(), jax.random.key(0), 3, k_shot=5, k_query=5)
    *_, last = contest({"maml": (wild,)}, Budget("iterations", 50), episode, inner_steps=1, points=2)
    ranking = last.rankings["maml"]
    assert "no longer a finite number" in ranking.message
    assert np.isfinite(ranking.curves).all()


def test_seconds_are_spent_and_not_overspent():
    episode = draw(SMALL.build_tasks(), jax.random.key(0), 3, k_shot=5, k_query=5)
    *_, last = contest({"maml": (SMALL,)}, Budget("seconds", 0.4), episode, inner_steps=1, points=2)
    spent = last.rankings["maml"].seconds
    assert 0.4 <= spent[-1] < 2.0  # the last stretch is planned by the speed of the one before; machines stall
    assert np.all(np.diff(spent) > 0)


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
