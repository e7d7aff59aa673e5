"""The heap of a server that many people use: what was imported stays, and the collector need not look at it again."""

import contextlib
import gc
import sys
from collections.abc import Iterator

_MANY = 100  # modules: fewer are not worth a full collection
_YOUNG = 10_000  # objects made before the youngest are looked at; Python's own 700 are a few lines of a page
_OLD = 2  # looks at the middle-aged before all is looked at: a visitor who has left is circles of objects that have grown old
_seen_modules = 0


@contextlib.contextmanager
def importing() -> Iterator[None]:
    """While a server that nobody has visited imports: nothing is collected, and what is there in the end stays as it is.

    What the collector found among a million objects were a thousand, for a quarter of the time that importing takes.
    """
    gc.disable()
    try:
        yield
    finally:
        _leave_alone()
        gc.enable()


def settle() -> None:
    """Where many modules are new, takes all that is there out of the collector's sight; else it costs nothing.

    Streamlit would look at the whole heap after every run, which `postScriptGC = false` turns off. Python's own collections go
    on, and are cheap once they pass over the million objects of JAX, pandas and the rest. What is frozen is still freed when
    nothing refers to it; only circles that are there at this moment stay, a few times in a server's life.
    """
    if len(sys.modules) >= _seen_modules + _MANY:
        gc.collect()
        _leave_alone()


def _leave_alone() -> None:
    """Takes all that is there out of the collector's sight; from now on it looks seldom."""
    global _seen_modules
    _seen_modules = len(sys.modules)
    gc.set_threshold(_YOUNG, gc.get_threshold()[1], _OLD)
    gc.freeze()
    gc.collect()  # of nothing: Python looks at the old only where they have grown by a quarter since it last counted them
