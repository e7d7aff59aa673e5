"""Keeps XLA's CPU compiler from a way to write loops that is slow for small networks.

jaxlib 0.10.2 writes sums, copies and transposes in tiles of 16 columns. Where the last axis is no multiple of 16 (40, the width
of the paper's network), each row ends in a copy of variable length: adding three stacks of 25 kernels of 40 x 40 takes 20 us
like that, and 4 us as a plain loop. The sums are the same.
"""

import os

from maml_engine.runtime.xla_guard import backend_has_started, installed_jaxlib

OPTIONS = "--xla_backend_extra_options"
PLAIN_LOOPS = f"{OPTIONS}=xla_cpu_disable_tiled_emitter"
MEASURED_WITH = (0, 10, 2)


def prefer_plain_loops() -> None:
    """Adds the flag, in time and where the caller has set no such options; another version may be faster without it."""
    flags = os.environ.get("XLA_FLAGS", "")
    if installed_jaxlib() == MEASURED_WITH and OPTIONS not in flags and not backend_has_started():
        os.environ["XLA_FLAGS"] = f"{flags} {PLAIN_LOOPS}".strip()
