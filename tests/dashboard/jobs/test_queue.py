"""What those who wait are told, beside how long they wait, on a made-up machine with a clock of its own."""

import dataclasses
import random
from types import SimpleNamespace

import numpy as np
import pytest

from dashboard.jobs.estimates import seconds_an_iteration, seconds_beside
from dashboard.jobs.job import Job, Work
from dashboard.jobs.queue import Queue
from dashboard.jobs.running import WARM_UP_SECONDS
from maml_engine import Experiment
from maml_engine.training.loop import EVALUATIONS

RUN = Experiment(num_iterations=3000, hidden_dim=16)
OTHERS = [
    *(dataclasses.replace(RUN, num_iterations=iterations) for iterations in (300, 1000, 10_000)),
    *(dataclasses.replace(RUN, **changed) for changed in ({"inner_steps": 5}, {"method": "fomaml"}, {"hidden_dim": 40})),
]


class Machine:
    """Trains what stands in a queue, on a clock that only it moves.

    slowness: how much slower than expected it is, in all.
    seed: of how much faster or slower a kind is than its size says; None: as its size says.
    """

    def __init__(self, slowness: float, seed: int | None) -> None:
        self.queue, self.now, self._compiled = Queue(), 0.0, set()
        self._slowness, self._seed, self.began = slowness, seed, {}

    def warm_up(self, experiment: Experiment, press=lambda: None) -> None:
        """As a page does that somebody opens; who presses meanwhile does so a second after it has begun."""
        work = self._work(experiment)
        self.queue.begin_warm_up(work, self.now, is_fresh=True)
        self.now += 1.0
        press()
        reports = self._reports(work, 2.0 + self._compile_seconds(work) - 1.0)
        for _ in reports:
            assert work.first_report is not None
            if self.queue.waiting or self.now > work.first_report[0] + WARM_UP_SECONDS:
                break
        self.queue.end_warm_up(self.now)

    def press(self, experiment: Experiment, owner: str) -> tuple[Work, float]:
        """Somebody asks for a run; the wait that they are told."""
        work = self._work(experiment)
        work.jobs.append(Job(owner, owner, work, looked=self.now))
        self.queue.add(work)
        place = self.queue.place(work, self.now)
        assert place is not None
        return work, place.seconds

    def run_all(self) -> None:
        """Until nothing waits."""
        while work := self.queue.begin_next(self.now):
            self.began[work] = self.now
            for _ in self._reports(work, self._compile_seconds(work)):
                self.queue.place(work, self.now)  # somebody looks
            self.queue.end(work, self.now)

    def _compile_seconds(self, work: Work) -> float:
        return 0.0 if work.like in self._compiled else 4.0 * self._slowness

    def _reports(self, work: Work, until_report: float):
        self._compiled.add(work.like)
        kind = random.Random(f"{self._seed} {dataclasses.replace(work.like, num_iterations=1)}")
        differs = 1.0 if self._seed is None else kind.uniform(0.6, 1.6)
        each = self._slowness * differs * seconds_an_iteration(work.experiment)
        beside, whole = (
            self._slowness * kind.uniform(0.6, 1.6) * seconds_beside(work.experiment),
            work.experiment.num_iterations,
        )
        between = beside / EVALUATIONS
        self.now += until_report + 0.1 * self._slowness
        warms_up = 0.02 * self._slowness  # the first meta-iterations, however many there are
        for iteration in [20, *range(whole // EVALUATIONS, whole + 1, whole // EVALUATIONS)]:
            if iteration > work.snapshot.iteration:
                self.now += between + (iteration - work.snapshot.iteration) * each + warms_up * (iteration == 20)
                told = {"iteration": iteration, "seconds": warms_up + iteration * each}
                told |= {"meta_loss": np.ones(1), "curve_iteration": 0}
                more = dict.fromkeys(("iterations_per_second", "seconds_left", "learner", "result", "warning"))
                work.take_in(SimpleNamespace(**told, **more, curve=SimpleNamespace(mean=np.zeros(2))), self.now)
                yield

    def _work(self, experiment: Experiment) -> Work:
        return Work(experiment, None, "train", is_plain=True, is_shared=True, since=self.now)


def true_waits(machine: Machine, told: list[tuple[Work, float, float]]) -> float:
    """The share of waits that were within 30 %, or 2 s, of what was said."""
    waits = [(machine.began[work] - pressed, said) for work, said, pressed in told]
    return float(np.mean([abs(waited - said) <= max(0.3 * said, 2.0) for waited, said in waits]))


def test_of_a_warm_up_that_is_cut_short_the_first_iterations_do_not_say_how_slow_the_others_are():
    machine, told = Machine(1.0, None), []
    machine.warm_up(dataclasses.replace(RUN, hidden_dim=64), lambda: machine.press(RUN, "first"))
    for number in range(1, 60):
        told.append((*machine.press(dataclasses.replace(RUN, seed=number), f"visitor {number}"), machine.now))
    machine.run_all()
    assert true_waits(machine, told) >= 0.8


@pytest.mark.parametrize(("slowness", "seed"), [(0.5, 0), (6.0, 1)])
def test_in_a_rush_right_after_a_warm_up_waits_are_true(slowness, seed):
    machine, told = Machine(slowness, seed), []
    machine.warm_up(RUN)
    for number in range(60):
        told.append((*machine.press(dataclasses.replace(RUN, seed=number), f"visitor {number}"), machine.now))
        machine.now += 0.01
    machine.run_all()
    assert true_waits(machine, told) >= 0.8


def test_of_runs_of_many_kinds_waits_are_true_once_each_was_seen():
    machine, told, choose = Machine(6.0, 2), [], random.Random(2)
    machine.warm_up(RUN)
    for number, kind in enumerate(OTHERS):
        machine.press(kind, f"before {number}")
    machine.run_all()
    for number in range(30):
        experiment = dataclasses.replace(choose.choice(OTHERS), seed=number)
        told.append((*machine.press(experiment, f"visitor {number}"), machine.now))
    machine.run_all()
    assert true_waits(machine, told) >= 0.8


def test_who_presses_while_the_first_program_compiles_is_told_that():
    machine, told = Machine(1.0, 0), []
    machine.warm_up(RUN, lambda: told.append((*machine.press(dataclasses.replace(RUN, seed=1), "visitor"), machine.now)))
    machine.run_all()
    assert told[0][1] > 3.0 and true_waits(machine, told) == 1.0
