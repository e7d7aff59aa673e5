"""Linux gives a process 65,530 pieces of memory, and LLVM ends one that asks for more: no exception, every run in it lost.

Each compiled program takes some: a run's are 600 to 1,000 pieces, so that a loop over seventy methods or sizes would end there.
"""

from pathlib import Path

import jax

MINE = Path("/proc/self/maps")  # a line each
MOST = Path("/proc/sys/vm/max_map_count")
MUCH = 0.5  # of what there may be; the run that begins needs the rest


def make_room() -> bool:
    """Lets go of all compiled programs where they have taken half of what the process may have.

    What is asked for again is compiled again, or found in the compilation cache.

    Returns:
      Whether that was so; never where the system does not say.
    """
    try:
        taken, most = MINE.read_bytes().count(b"\n"), int(MOST.read_text())
    except (OSError, ValueError):
        return False
    if taken <= MUCH * most:
        return False
    jax.clear_caches()
    return True
