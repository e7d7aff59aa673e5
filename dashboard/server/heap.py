"""The heap of a server that many people use: what was imported stays, and the collector need not look at it again."""

import gc
import sys

_MANY = 100  # modules: fewer are not worth a full collection
_YOUNG = 10_000  # objects made before the youngest are looked at; Python's own 700 are a few lines of a page
_OLD = 2  # looks at the middle-aged before all is looked at: a visitor who has left is circles of objects that have grown old
_seen_modules = 0


def look_seldom() -> None:
    """Before many modules are imported: the collector, which finds nothing there each time, takes a fifth of the work."""
    gc.set_threshold(_YOUNG, gc.get_threshold()[1], _OLD)


def settle() -> None:
    """Where many modules are new, takes all that is there out of the collector's sight; else it costs nothing.

    Streamlit would look at the whole heap after every run, which `postScriptGC = false` turns off. Python's own collections go
    on, and are cheap once they pass over the million objects of JAX, pandas and the rest. What is frozen is still freed when
    nothing refers to it; only circles that are there at this moment stay, a few times in a server's life.
    """
    global _seen_modules
    if len(sys.modules) < _seen_modules + _MANY:
        return
    _seen_modules = len(sys.modules)
    look_seldom()
    gc.collect()
    gc.freeze()
    gc.collect()  # of nothing: Python looks at the old only where they have grown by a quarter since it last counted them
