"""What comes with the app: every page's first questions, answered as the engine would answer them today."""

import dataclasses
import zipfile

import jax
import numpy as np
import pytest

from dashboard.components.sine_bench import Answer
from dashboard.engine_calls import cache, first_numbers, sine_bench
from dashboard.results import Fit, LossCurve
from maml_engine import Experiment
from tools import first_numbers as maker

MADE_ANEW = "run `python -m tools.first_numbers`"
# A sample of what is recomputed in seconds; `make acceptance` recomputes all.
QUICK = ("drawn_waves", "first_task", "path_from", "browser_weights", "fits", "_random_start")


@pytest.fixture(scope="module")
def asked():
    """What each page asks on a server that nobody has visited, and of that what had to be computed."""
    computed = []

    def compute(function, args, kwargs):
        computed.append(function.__qualname__)
        return function(*args, **kwargs)

    with pytest.MonkeyPatch.context() as patch, maker.fresh_answers(), cache.overheard() as questions:
        patch.setattr(cache, "compute", compute)
        patch.setattr(sine_bench, "warm_up", lambda: None)  # behind Home's picture
        for page in maker.PAGES:
            maker.asked_by(page)
    return questions, computed


def test_no_page_computes_anything_when_it_is_opened(asked):
    questions, computed = asked
    assert not computed, f"Not shipped, or asked in another way than when it was: {sorted(set(computed))}; {MADE_ANEW}."
    assert len({question.key for question in questions}) > 20


def test_nothing_is_shipped_that_no_page_asks_for(asked):
    questions, _ = asked
    assert first_numbers.names() == {question.key for question in questions}, MADE_ANEW


def test_a_sample_is_what_the_engine_computes_today(asked):
    questions, _ = asked
    sample = {question.function.__qualname__: question for question in questions if question.function.__qualname__ in QUICK}
    assert set(sample) == set(QUICK)
    for question in sample.values():
        assert_alike(question.function(*question.args, **question.kwargs), first_numbers.load(question.key))


def assert_alike(one, other):
    """Two answers, their numbers within 1e-4."""
    ours, theirs = dict(leaves(one)), dict(leaves(other))
    assert ours.keys() == theirs.keys()
    for path, leaf in ours.items():
        if np.asarray(leaf).dtype.kind in "OU":
            assert theirs[path] == leaf, MADE_ANEW
        else:
            np.testing.assert_allclose(theirs[path], leaf, rtol=1e-4, atol=1e-4, err_msg=f"{path}: {MADE_ANEW}")


def leaves(answer, path=""):
    """What an answer holds, by where it stands in it."""
    if dataclasses.is_dataclass(answer):
        answer = {field.name: getattr(answer, field.name) for field in dataclasses.fields(answer)}
    if isinstance(answer, dict | tuple | list):
        yield f"{path}/{type(answer).__name__}", len(answer)
        for name, inner in answer.items() if isinstance(answer, dict) else enumerate(answer):
            yield from leaves(inner, f"{path}/{name}")
    else:
        yield path, answer


# The file.


@pytest.fixture
def file(tmp_path, monkeypatch):
    """A file of the test's own."""
    monkeypatch.setattr(first_numbers, "FILE", tmp_path / "numbers.zip")
    first_numbers.names.cache_clear()
    yield first_numbers.FILE
    first_numbers.names.cache_clear()


@pytest.mark.parametrize(
    "answer",
    [
        None,
        -0.0,
        float("inf"),
        (1, True, "text", [0.1, None], ()),
        {"a": np.arange(3), 2: {"b": (np.zeros((2, 0, 3), np.float32), np.array([True, False]))}},
        (Fit(*(np.arange(4.0) + i for i in range(5))), LossCurve(*np.ones((3, 2)))),
        Answer(np.array([np.nan, np.inf])),
    ],
)
def test_what_is_written_is_read_again(answer, file):
    first_numbers.save({"a1": answer, "b2": (answer, 7)}, file)
    assert first_numbers.names() == {"a1", "b2"}
    (again, seven), alone = first_numbers.load("b2"), first_numbers.load("a1")
    assert (type(again), seven) == (type(answer), 7)
    for found in (again, alone):
        assert_alike(answer, found)
        assert repr(found) == repr(answer)


def test_an_array_keeps_its_type_and_is_read_only(file):
    first_numbers.save({"a1": [np.arange(3, dtype=np.int8), np.float32([[1], [2]]), jax.numpy.arange(3)]}, file)
    small, column, of_jax = first_numbers.load("a1")
    assert (small.dtype, column.dtype, column.shape) == (np.int8, np.float32, (2, 1))
    assert type(of_jax) is np.ndarray
    assert not column.flags.writeable


def test_the_same_numbers_make_the_same_file(file, tmp_path):
    for path in (file, tmp_path / "other"):
        first_numbers.save({"a1": np.arange(3), "b2": 0.5}, path)
    assert file.read_bytes() == (tmp_path / "other").read_bytes()


@pytest.mark.parametrize("answer", [object(), Experiment(), {1}, np.array([object()]), b"bytes"])
def test_nothing_but_what_is_listed_is_written(answer, file):
    with pytest.raises(TypeError, match="not among what comes with the app"):
        first_numbers.save({"a1": [answer]}, file)


def test_nothing_but_what_is_listed_is_made_of_a_file(file):
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a1.json", '{"os.system": {"command": "true"}}')
        archive.writestr("a1.arrays", b"")
    with pytest.raises(TypeError, match=r"os\.system"):
        first_numbers.load("a1")


def test_a_copy_without_the_file_computes(file):
    assert first_numbers.names() == frozenset()


def test_the_file_is_small():
    assert first_numbers.FILE.stat().st_size < 1.5e6
