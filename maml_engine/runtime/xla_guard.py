"""Keeps XLA's CPU compiler from computing wrong numbers, silently.

jaxlib 0.10.2 to 0.12.0.1 hand some reductions to YNNPACK, and a few compiled patterns come out wrong by any factor
(jax-ml/jax#39103 and relatives). One flag keeps YNNPACK's products and leaves its reductions out. XLA reads its flags when
the first computation starts, so the flag is added on import; where a computation came first, two known
patterns are run and the engine refuses to go on if they are wrong.
"""

import os
import re
from importlib.metadata import version

FLAG = "--xla_cpu_experimental_ynn_fusion_type"
FIX = f"{FLAG}=-reduce"

# The versions in which the flag was seen to exist and to help. XLA aborts the process on a flag that it does not know.
FIRST_WITH_FLAG, LAST_WITH_FLAG = (0, 10, 2), (0, 12, 0, 1)
MAX_ERROR = 1e-3  # wrong sums are off by far more, rounding by far less


def ensure_correct_reductions() -> None:
    """Adds the flag in time, or shows that nothing needs it.

    Raises:
      RuntimeError: a computation ran before this import and this process reduces to wrong numbers.
    """
    flags = os.environ.get("XLA_FLAGS", "")
    if backend_has_started():
        _refuse_wrong_numbers("JAX began to compute before maml_engine was imported")
    elif installed_jaxlib() > LAST_WITH_FLAG:
        _refuse_wrong_numbers("This version is newer than those that were checked")
    elif installed_jaxlib() >= FIRST_WITH_FLAG and FLAG not in flags:
        os.environ["XLA_FLAGS"] = f"{flags} {FIX}".strip()
    elif FLAG in flags and FIX not in flags:
        _refuse_wrong_numbers(f"XLA_FLAGS sets {FLAG} to another value than -reduce")


def reductions_are_correct() -> bool:
    """Whether the two patterns that went wrong come out right; takes about a third of a second."""
    return all(error < MAX_ERROR for error in reduction_errors())  # a sum that is NaN is wrong too; max would hide it


def reduction_errors() -> tuple[float, float]:
    """Runs the two patterns that went wrong.

    Returns:
      Each one's largest error against numpy, relative to the largest sum; NaN where a sum is NaN.
    """
    import jax
    import jax.numpy as jnp
    import numpy as np

    def error(got: jax.Array, expected: np.ndarray) -> float:
        return float(np.max(np.abs(np.asarray(got) - expected)) / np.max(np.abs(expected)))

    rng = np.random.default_rng(0)
    with jax.ensure_compile_time_eval(), jax.default_device(jax.local_devices(backend="cpu")[0]):
        factor = rng.normal(size=(5, 60, 60)).astype(np.float32)
        spd = factor @ factor.transpose(0, 2, 1) / 60 + np.eye(60, dtype=np.float32)
        product = jax.jit(lambda e: jnp.sum((e @ jnp.full_like(e, 0.37)) * e, -1))(spd)
        expected_product = np.sum((spd @ np.full_like(spd, 0.37)) * spd, -1)

        rows = rng.normal(size=(40_000, 3)).astype(np.float32)  # with eight columns it is right
        matrix = rng.normal(size=(3, 3)).astype(np.float32)
        norms = jax.jit(jax.vmap(lambda m, r: jnp.sum((m @ r) ** 2), (None, 0)))(matrix, rows)
        expected_norms = np.sum((rows @ matrix.T) ** 2, -1)
    return error(product, expected_product), error(norms, expected_norms)


def _refuse_wrong_numbers(reason: str) -> None:
    if not reductions_are_correct():
        raise RuntimeError(
            f"{reason}, and jaxlib {version('jaxlib')} computes wrong sums on this CPU: import maml_engine first, or set "
            f"XLA_FLAGS={FIX} before the first computation."
        )


def installed_jaxlib() -> tuple[int, ...]:
    """The version, as numbers that compare."""
    return tuple(int(part) for part in re.findall(r"\d+", version("jaxlib"))[:4])


def backend_has_started() -> bool:
    """Whether this process has computed with JAX, so that XLA has read its flags."""
    # JAX has no public question for this; asking for a device would start the backend, which is what must not happen.
    from jax._src import xla_bridge

    return xla_bridge.backends_are_initialized()
