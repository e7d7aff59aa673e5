"""What the cards of Pitfalls, the race of Gradients and Train say in words, trained and measured: `make acceptance`."""

import dataclasses

import jax
import numpy as np
import pytest

from dashboard.page_parts.pitfalls import label_orders
from dashboard.page_parts.pitfalls.cards import CARDS
from dashboard.page_parts.pitfalls.judged import on_tasks_of
from maml_engine import Experiment, Learner, evaluate, train

pytestmark = pytest.mark.acceptance


def trained(run: Experiment, tasks=None) -> Learner:
    *_, report = train(run, tasks=tasks)
    return report.learner


@pytest.mark.parametrize("name", CARDS)
def test_what_is_mended_does_better(name):
    """On the same new tasks, after the steps that the card judges by."""
    card = CARDS[name]
    losses = {which: on_tasks_of(trained(card.run(which), card.tasks_of(which)), card.mended) for which in ("broken", "mended")}
    spelled = {which: [round(float(value), 3) for value in losses[which].mean[[0, card.steps]]] for which in losses}
    print(f"\n      {name}, before and after {card.steps}: {spelled}", end="")
    assert losses["mended"].mean[card.steps] < losses["broken"].mean[card.steps]


def test_the_order_of_the_labels_moves_maml_and_not_unicorn():
    found = label_orders.measured()
    maml, unicorn = (found.ranked(method)[[0, -1]] for method in label_orders.METHODS)
    print(f"\n      each task's worst and best order: MAML {maml}, UNICORN {unicorn}", end="")
    assert maml[1] - maml[0] > 0.05
    assert unicorn[1] - unicorn[0] < 0.005


def judged(card, **changes) -> float:
    """The mended run with some of it changed, on its new tasks."""
    run = dataclasses.replace(card.mended, **changes)
    return float(on_tasks_of(trained(run), card.mended).mean[card.steps])


def test_a_thousand_tasks_are_as_good_as_endlessly_many():
    seeds = range(3)
    pool, endless = ([judged(CARDS["finite_pool"], pool=size, seed=seed) for seed in seeds] for size in (1000, 0))
    print(f"\n      pool of 1,000: {pool}, endless: {endless}", end="")
    assert np.mean(pool) < 1.1 * np.mean(endless)


def test_ten_times_the_meta_step_may_do_better_in_a_short_run():
    card = CARDS["meta_step"]
    usual, larger = judged(card), judged(card, meta_lr=10 * card.mended.meta_lr)
    print(f"\n      beta {card.mended.meta_lr:g}: {usual:.3f}, ten times: {larger:.3f}", end="")
    assert larger < usual


def test_after_several_long_steps_first_order_can_win_the_race_and_clipping_turns_it_round():
    """Held out after five steps of 0.01, 2,000 iterations, as the race of Gradients begins but for the number of steps."""

    def raced(method: str, **changes) -> float:
        run = Experiment(method=method, inner_lr=0.01, inner_steps=5, num_iterations=2000, **changes)
        return float(on_tasks_of(trained(run), run).mean[5])

    plain = {method: raced(method) for method in ("maml", "fomaml")}
    clipped = {method: raced(method, clip_norm=10.0) for method in ("maml", "fomaml")}
    print(f"\n      plain {plain}, clipped {clipped}", end="")
    assert plain["fomaml"] < plain["maml"]
    assert clipped["maml"] < clipped["fomaml"]


@pytest.mark.parametrize("seed", range(2))
def test_trained_as_train_opens_the_start_gets_a_little_better_and_one_step_from_it_a_great_deal(seed):
    curves = [report.curve.mean for report in train(Experiment(seed=seed))]
    (before, after), (start, step) = (curves[place][:2] for place in (0, -1))
    print(f"\n      seed {seed}: before a step {before:.2f} to {start:.2f}, after one {after:.2f} to {step:.2f}", end="")
    assert 0.5 * before < start < before
    assert step < 0.15 * after


def test_a_network_trained_on_ten_tasks_gets_better_on_those_and_not_on_others():
    card = CARDS["finite_pool"]
    learner = trained(card.broken)
    pool = evaluate(learner, jax.random.key(3), num_tasks=200, inner_steps=1, tasks=card.broken.build_tasks(), split="train")
    known, new = pool.mean[1], on_tasks_of(learner, card.mended).mean[1]
    print(f"\n      a pool of ten: {known:.3f} after one step on its tasks, {new:.3f} on others", end="")
    assert known < 0.5 * new
