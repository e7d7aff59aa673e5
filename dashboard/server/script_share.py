"""A session's share of the server's interpreter, of which all have one: who opens page after page gives way to others."""

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dashboard.hosting import is_hosted

# Of a core: what one session may have for as long as it likes, and seconds beyond that, which a visitor's own clicks and slides
# never come to; and how long each of its runs waits from then on.
SHARE, SPARE_SECONDS, PAUSE_SECONDS = 0.2, 1.0, 0.25


@dataclass
class ScriptShare:
    """What one session has had lately.

    had: seconds of processor beyond its share.
    counted: until when that was counted.
    """

    had: float = 0.0
    counted: float = 0.0

    @contextlib.contextmanager
    def run(
        self,
        *,
        now: Callable[[], float] = time.monotonic,
        spent: Callable[[], float] = time.thread_time,
        wait: Callable[[float], None] = time.sleep,
    ) -> Iterator[None]:
        """One run of the session's script; on a hosted demo it waits before where the session has had too much.

        Args:
          now: seconds.
          spent: seconds of processor that this thread has had.
          wait: lets others go first.
        """
        if is_hosted() and self.had - SHARE * (now() - self.counted) > SPARE_SECONDS:
            wait(PAUSE_SECONDS)
        began = spent()
        try:
            yield
        finally:
            self.had = max(0.0, self.had - SHARE * (now() - self.counted)) + spent() - began
            self.counted = now()
