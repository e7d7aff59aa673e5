"""Work shared out among cores."""

import threading

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from maml_engine.runtime.parallel import cores, parallel_map, split_among_cores


@pytest.mark.parametrize("count", [1, 2, 5])
def test_parts_are_in_order_and_none_is_empty(monkeypatch, count):
    monkeypatch.setattr("maml_engine.runtime.parallel.cores", lambda: 3)
    parts = split_among_cores(count)
    assert len(parts) == min(count, 3)
    assert all(len(part) for part in parts)
    np.testing.assert_array_equal(np.concatenate(parts), np.arange(count))


def test_an_accelerator_gets_one_program(monkeypatch):
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert cores() == 1


def test_parts_are_worked_on_at_once_and_given_in_order(monkeypatch):
    monkeypatch.setattr("maml_engine.runtime.parallel.cores", lambda: 2)
    both_have_begun = threading.Barrier(2, timeout=120)  # broken, and an error, where one must end before the other begins

    def work(part):
        both_have_begun.wait()
        return 10 * part

    assert parallel_map(work, [2, 1]) == [20, 10]


def test_the_first_part_goes_alone_where_a_program_has_to_be_compiled(monkeypatch):
    monkeypatch.setattr("maml_engine.runtime.parallel.cores", lambda: 2)
    begun, ended = [], []

    def work(part):
        begun.append(part)
        if part != 0:
            assert ended[0] == 0
        ended.append(part)
        return part

    assert parallel_map(work, range(3), is_compiled=False) == [0, 1, 2]
    assert begun[0] == 0
    assert parallel_map(work, [0], is_compiled=False) == [0]


@pytest.mark.parametrize("parts", [1, 2])
def test_each_part_is_computed_in_the_callers_precision(parts):
    with jax.enable_x64(True):
        found = parallel_map(lambda _: jnp.ones(()).dtype, range(parts))
    assert set(found) == {jnp.dtype("float64")}


def test_an_error_in_one_part_is_the_callers():
    def work(part):
        raise ValueError(f"part {part}")

    with pytest.raises(ValueError, match="part 1"):
        parallel_map(work, [1, 2])
