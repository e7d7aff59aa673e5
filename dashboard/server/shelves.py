"""What sessions lay aside between their runs, tables above all: each on a shelf of its own, and all shelves bounded together.

Where there is no room, whatever was laid down or taken longest ago goes, whoever's it is; its page says then that it is gone.
"""

import threading
import weakref
from collections import OrderedDict
from typing import Any

import streamlit as st

from dashboard.engine_calls.cache import size_of

MAX_BYTES = 80 * 10**6


class Shelves:
    """The room that shelves share."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        """Empty."""
        self.max_bytes, self.num_bytes = max_bytes, 0
        self._lock = threading.RLock()
        self._sizes: OrderedDict[tuple[int, Any], tuple[weakref.ref[Shelf], int]] = OrderedDict()

    def shelf(self) -> "Shelf":
        """A new one."""
        return Shelf(self)

    def __len__(self) -> int:
        return len(self._sizes)

    def lay(self, shelf: "Shelf", key: Any, num_bytes: int) -> None:
        """Makes room for what lies there now; what is larger than all room lies alone."""
        with self._lock:
            self.take_away(id(shelf), key)
            self._sizes[id(shelf), key] = weakref.ref(shelf), num_bytes
            self.num_bytes += num_bytes
            while self.num_bytes > self.max_bytes and len(self._sizes) > 1:
                (place, oldest), (owner, _) = next(iter(self._sizes.items()))
                self.take_away(place, oldest)
                if (other := owner()) is not None:  # else its session has just ended
                    dict.pop(other, oldest, None)

    def use(self, shelf: "Shelf", key: Any) -> None:
        """Somebody looks at it."""
        with self._lock:
            if (id(shelf), key) in self._sizes:
                self._sizes.move_to_end((id(shelf), key))

    def take_away(self, shelf: int, key: Any) -> None:
        """It lies there no more."""
        with self._lock:
            _, num_bytes = self._sizes.pop((shelf, key), (None, 0))
            self.num_bytes -= num_bytes

    def forget(self, shelf: int) -> None:
        """A session's shelf is gone."""
        with self._lock:
            for place, key in [place for place in self._sizes if place[0] == shelf]:
                self.take_away(place, key)


class Shelf(dict[Any, Any]):
    """A session's own part of `Shelves`: a dictionary whose entries may be gone."""

    def __init__(self, shelves: Shelves) -> None:
        """Empty."""
        super().__init__()
        self._shelves = shelves
        weakref.finalize(self, shelves.forget, id(self)).atexit = False

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        self._shelves.lay(self, key, size_of(value))

    def __getitem__(self, key: Any) -> Any:
        self._shelves.use(self, key)
        return super().__getitem__(key)

    def get(self, key: Any, default: Any = None) -> Any:
        """What lies there; looked at like any other way."""
        self._shelves.use(self, key)
        return super().get(key, default)

    def __delitem__(self, key: Any) -> None:
        super().__delitem__(key)
        self._shelves.take_away(id(self), key)

    def clear(self) -> None:
        """Nothing lies there any more."""
        super().clear()
        self._shelves.forget(id(self))


SHELVES = Shelves()


def of_session(key: str) -> Shelf:
    """This session's shelf under a session key; in no cache of Streamlit's, which any visitor can have cleared."""
    if key not in st.session_state:
        st.session_state[key] = SHELVES.shelf()
    return st.session_state[key]
