"""What is packed for another process comes out of the bytes as it went in, in this one."""

import dataclasses
import functools

import jax
import numpy as np
import pytest

from dashboard.jobs import travel
from dashboard.jobs.travel import Learners, Missing, Request, opened, pack, unpack
from maml_engine import Diverged, Experiment, Learner, train
from maml_engine.tables import Progress, Settings
from tests.dashboard.jobs import asked
from tests.small_verdict import small_verdict

SMALL = Experiment(num_iterations=2, hidden_dim=4, meta_batch_size=2, k_shot=3, k_query=3)


@pytest.fixture(scope="module")
def learner():
    return Learner.untrained(SMALL)


def same(one, other):
    jax.tree.map(np.testing.assert_array_equal, (one.meta, one.scaling), (other.meta, other.scaling))
    fields = ("experiment", "iteration", "in_dim", "out_dim", "tasks", "x_kind", "y_kind")
    assert [getattr(one, name) for name in fields] == [getattr(other, name) for name in fields]
    assert one.network.graphdef == other.network.graphdef  # so what is compiled for one serves the other
    return True


def test_a_learner_travels_with_its_network_and_without_what_was_worked_out(learner):
    assert learner.network_in_use and learner.method
    arrived = unpack(pack(learner))
    assert same(learner, arrived)
    assert set(vars(arrived)) == {field.name for field in dataclasses.fields(Learner)}
    x, y = np.linspace(-1, 1, 5), np.zeros(5)
    np.testing.assert_array_equal(arrived.adapt(x, y)(x), learner.adapt(x, y)(x))


def test_a_learner_that_was_sent_is_named_the_next_time(learner):
    first = Request(asked.digits, (learner,), {})
    second = Request(asked.digits, (learner,), {}, first.sent)
    assert len(second.content) < 300 < len(first.content)
    learners = Learners()
    _, (arrived,), _ = opened(first.content, learners)
    assert same(learner, arrived)
    assert opened(second.content, learners)[1][0] is arrived
    with pytest.raises(Missing):
        opened(second.content, Learners())


def test_an_equal_learner_is_known_by_its_content_and_another_is_not(learner):
    sent = Request(asked.digits, (learner,), {}).sent
    assert Request(asked.digits, (learner.replace(iteration=0),), {}).sent == sent
    assert Request(asked.digits, (learner.replace(iteration=1),), {}).sent != sent


def test_the_oldest_learner_makes_room(learner):
    requests = [Request(asked.digits, (learner.replace(iteration=n),), {}) for n in range(3)]
    learners = Learners(max_bytes=2 * len(travel.pack(learner)) + 100)
    for request in requests:
        opened(request.content, learners)
    named = [Request(*(asked.digits, (learner.replace(iteration=n),), {}), request.sent) for n, request in enumerate(requests)]
    with pytest.raises(Missing):
        opened(named[0].content, learners)
    assert opened(named[2].content, learners)[1][0].iteration == 2


def test_an_answer_refers_to_what_the_request_came_with():
    table = np.zeros(100_000)
    request = Request(functools.partial(asked.with_what_came, table), (), {"number": 7})
    function, args, kwargs = opened(request.content, Learners())
    answer = pack(next(function(*args, **kwargs)), travel.parts_of(function, args, kwargs))
    assert len(answer) < 300
    assert unpack(answer, request.held)["table"] is table


def test_arrays_of_jax_arrive_as_numpys():
    array = unpack(pack(asked.jax_array()))["array"]
    assert type(array) is np.ndarray
    np.testing.assert_array_equal(array, [0, 1, 2])


def test_a_function_without_a_name_is_refused_and_the_inside_of_a_decorated_one_is_found(monkeypatch):
    with pytest.raises(TypeError, match="must be a function of a module"):
        Request(lambda: None, (), {})
    inside = asked.wrapped_twice
    monkeypatch.setattr(asked, "wrapped_twice", functools.wraps(inside)(lambda: "outside"))
    assert opened(Request(inside, (), {}).content, Learners())[0] is inside


def test_the_last_report_of_a_verdict_travels(learner):
    last = Progress(7, 1.0, "", 0.1, Settings(), verdict=small_verdict(), learner=learner, done=True, table="a table")
    arrived = unpack(pack(last))
    assert same(last.learner, arrived.learner)
    assert arrived.verdict.to_json() == last.verdict.to_json()  # NaN is not equal to itself
    assert (arrived.iteration, arrived.settings, arrived.table, arrived.done) == (7, last.settings, "a table", True)


def test_a_report_and_how_a_run_diverged_travel():
    *_, report = train(SMALL)
    arrived = unpack(pack(report))
    assert same(report.learner, arrived.learner)
    np.testing.assert_array_equal(report.curve.loss, arrived.curve.loss)
    error = unpack(pack(Diverged("No longer finite.", 7, report)))
    assert (str(error), error.iteration, error.report.iteration) == ("No longer finite.", 7, 2)
