"""The flag that keeps XLA from slow loops: where it is added, whose settings it leaves alone, and that XLA heeds it."""

import os

import pytest

from maml_engine.runtime import plain_loops
from tests.runtime.test_xla_guard import in_fresh_process


@pytest.fixture
def flags_after(monkeypatch):
    """What XLA_FLAGS holds after the import into a process with this jaxlib that has computed or not."""

    def after(flags, *, jaxlib=plain_loops.MEASURED_WITH, has_started=False):
        monkeypatch.setattr(plain_loops, "installed_jaxlib", lambda: jaxlib)
        monkeypatch.setattr(plain_loops, "backend_has_started", lambda: has_started)
        monkeypatch.setenv("XLA_FLAGS", flags)
        plain_loops.prefer_plain_loops()
        return os.environ["XLA_FLAGS"].split()

    return after


def test_it_is_added_once_beside_the_users_own(flags_after):
    added = flags_after("--another=1")
    assert added == ["--another=1", plain_loops.PLAIN_LOOPS]
    assert flags_after(" ".join(added)) == added


def test_options_of_the_users_own_stay(flags_after):
    assert flags_after(f"{plain_loops.OPTIONS}=xla_cpu_disable_slp_vectorizer") == [
        f"{plain_loops.OPTIONS}=xla_cpu_disable_slp_vectorizer"
    ]


@pytest.mark.parametrize("case", [{"jaxlib": (0, 10, 1)}, {"jaxlib": (0, 12, 0, 1)}, {"has_started": True}])
def test_nothing_is_added_where_it_was_not_measured_or_comes_too_late(flags_after, case):
    assert flags_after("--another=1", **case) == ["--another=1"]


def test_xla_heeds_it(tmp_path):
    """In tiles, a row of 40 ends in a copy of variable length: a call of memcpy, which a plain loop over sums has not."""
    script = """
        import maml_engine
        import jax
        import jax.numpy as jnp
        jax.config.update("jax_enable_compilation_cache", False)  # what is found there is not written again
        stack = jnp.ones((25, 40, 40))
        compiled = jax.jit(lambda a, b, c: a + (b + c)).lower(stack, 2 * stack, 3 * stack).compile()
        print(json.dumps([os.environ["XLA_FLAGS"], float(compiled(stack, 2 * stack, 3 * stack).sum())]))
    """
    flags, total = in_fresh_process(script, xla_flags=f"--xla_dump_to={tmp_path}")
    assert total == 6 * 25 * 40 * 40
    if plain_loops.installed_jaxlib() == plain_loops.MEASURED_WITH:
        assert plain_loops.PLAIN_LOOPS in flags.split()
        (written,) = tmp_path.glob("*lambda*add*.ir-with-opt.ll")
        assert "memcpy" not in written.read_text()
