"""The guard against a compiler that reduces to wrong numbers: what it adds, what it keeps, what it refuses."""

import inspect
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from maml_engine.runtime import xla_guard

USER_FLAG = "--xla_cpu_multi_thread_eigen=true"


def pattern_errors():
    """Largest errors, relative to the largest sum, of the two compiled patterns that jaxlib 0.10.2 gets wrong."""
    import jax
    import jax.numpy as jnp
    import numpy as np

    rng = np.random.default_rng(1)

    def error(got, expected):
        return float(np.max(np.abs(np.asarray(got, np.float64) - expected)) / np.max(np.abs(expected)))

    factor = rng.normal(size=(5, 60, 60)).astype(np.float32)
    spd = factor @ factor.transpose(0, 2, 1) / 60 + np.eye(60, dtype=np.float32)
    product = jax.jit(lambda e: jnp.sum((e @ jnp.full_like(e, 0.37)) * e, -1))(spd)
    expected_product = np.sum(0.37 * np.sum(spd.astype(np.float64), -1, keepdims=True) * spd, -1)

    rows = rng.normal(size=(40_000, 3)).astype(np.float32)  # jax-ml/jax#39103: three columns, many rows
    norms = jax.jit(jax.vmap(lambda row: jnp.sum((jnp.eye(3) @ row) ** 2)))(rows)
    return error(product, expected_product), error(norms, np.sum(rows.astype(np.float64) ** 2, -1))


def in_fresh_process(script, xla_flags=None):
    """The JSON on the last line that `script` prints, run by a Python that has imported nothing yet."""
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    environment |= {"JAX_PLATFORMS": "cpu"} | ({} if xla_flags is None else {"XLA_FLAGS": xla_flags})
    root = Path(__file__).parents[2]
    source = "import json, os\n" + inspect.getsource(pattern_errors) + inspect.cleandoc(script)
    command = [sys.executable, "-W", "error", "-c", source]
    run = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def test_both_patterns_are_right_in_this_process():
    assert all(error < 1e-5 for error in pattern_errors())  # float32 sums of 60 terms


def test_the_guards_own_check_agrees():
    assert xla_guard.reductions_are_correct()


@pytest.mark.parametrize("errors", [(0.0, float("nan")), (float("nan"), 0.0), (float("inf"), 0.0), (0.0, 0.7)])
def test_a_wrong_sum_is_refused_whatever_it_is(monkeypatch, errors):
    """Where memory is read that nobody wrote, anything may come: NaN on some runs."""
    monkeypatch.setattr(xla_guard, "reduction_errors", lambda: errors)
    monkeypatch.setattr(xla_guard, "backend_has_started", lambda: True)
    with pytest.raises(RuntimeError, match="computes wrong sums"):
        xla_guard.ensure_correct_reductions()


def test_computing_before_the_import_is_refused_exactly_where_it_gives_wrong_numbers():
    answer = in_fresh_process("""
        errors = pattern_errors()
        try:
            import maml_engine
            refusal = None
        except RuntimeError as error:
            refusal = str(error)
        print(json.dumps({"wrong": not all(error < 1e-3 for error in errors), "refusal": refusal}))
    """)
    assert (answer["refusal"] is not None) == answer["wrong"]
    if answer["wrong"]:
        assert f"XLA_FLAGS={xla_guard.FIX}" in answer["refusal"]
        assert "\n" not in answer["refusal"]


def test_computing_before_the_import_is_fine_where_the_user_has_set_the_flag():
    answer = in_fresh_process(
        """
        import jax.numpy as jnp
        jnp.ones(3).block_until_ready()
        import maml_engine
        print(json.dumps({"errors": pattern_errors(), "flags": os.environ["XLA_FLAGS"]}))
        """,
        xla_flags=xla_guard.FIX,
    )
    assert all(error < 1e-5 for error in answer["errors"])
    assert answer["flags"] == xla_guard.FIX


def test_importing_jax_first_without_computing_is_in_time():
    answer = in_fresh_process(
        """
        import jax
        import maml_engine
        print(json.dumps({"errors": pattern_errors(), "flags": os.environ.get("XLA_FLAGS", "")}))
        """,
        xla_flags=USER_FLAG,
    )
    assert all(error < 1e-5 for error in answer["errors"])
    assert answer["flags"].split()[0] == USER_FLAG
    assert (xla_guard.FIX in answer["flags"].split()) == (
        xla_guard.FIRST_WITH_FLAG <= xla_guard.installed_jaxlib() <= xla_guard.LAST_WITH_FLAG
    )


@pytest.fixture
def import_with(monkeypatch):
    """What the guard leaves in XLA_FLAGS, on import into a process that has not computed yet."""

    def flags_after(jaxlib, flags):
        monkeypatch.setattr(xla_guard, "version", lambda package: {"jaxlib": jaxlib}[package])
        monkeypatch.setattr(xla_guard, "backend_has_started", lambda: False)
        monkeypatch.delenv("XLA_FLAGS", raising=False)
        if flags is not None:
            monkeypatch.setenv("XLA_FLAGS", flags)
        xla_guard.ensure_correct_reductions()
        return os.environ.get("XLA_FLAGS")

    return flags_after


@pytest.mark.parametrize("jaxlib", ["0.10.2", "0.11.0", "0.12.0.1"])
@pytest.mark.parametrize("flags", [None, "", USER_FLAG, f"{USER_FLAG} --another=1"])
def test_a_known_jaxlib_gets_the_flag_and_keeps_the_users(import_with, jaxlib, flags):
    assert import_with(jaxlib, flags).split() == [*(flags or "").split(), xla_guard.FIX]


def test_the_flag_is_not_added_twice(import_with):
    assert import_with("0.10.2", f"{xla_guard.FIX} {USER_FLAG}").split() == [xla_guard.FIX, USER_FLAG]


@pytest.mark.parametrize("jaxlib", ["0.9.9", "0.10.1", "0.12.1", "1.0.0"])
@pytest.mark.parametrize("flags", [None, USER_FLAG])
def test_an_unknown_jaxlib_gets_no_flag_since_xla_would_abort_on_it(import_with, jaxlib, flags):
    assert import_with(jaxlib, flags) == flags


def test_a_process_that_computes_wrong_numbers_is_refused(monkeypatch):
    monkeypatch.setattr(xla_guard, "backend_has_started", lambda: True)
    monkeypatch.setattr(xla_guard, "reductions_are_correct", lambda: False)
    with pytest.raises(RuntimeError, match="set XLA_FLAGS=--xla_cpu_experimental_ynn_fusion_type=-reduce"):
        xla_guard.ensure_correct_reductions()


@pytest.mark.parametrize(
    ("jaxlib", "flags", "reason"),
    [("0.12.1", None, "newer than those that were checked"), ("0.10.2", f"{xla_guard.FLAG}=dot", "another value than -reduce")],
)
def test_where_the_fix_is_not_sure_the_numbers_decide(import_with, monkeypatch, jaxlib, flags, reason):
    assert import_with(jaxlib, flags) == flags  # this process computes right
    monkeypatch.setattr(xla_guard, "reductions_are_correct", lambda: False)
    with pytest.raises(RuntimeError, match=reason):
        import_with(jaxlib, flags)
