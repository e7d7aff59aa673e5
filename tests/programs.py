"""Counts what JAX compiles in this process, or loads from its cache."""

from functools import cache

import jax


@cache
def compiled() -> list[str]:
    """The programs since the first call, by name; it grows with each. JAX keeps its listeners for good, so there is one."""
    names: list[str] = []

    def take(event: str, duration_secs: float, **kwargs: str | int) -> None:
        del duration_secs
        if event.endswith("backend_compile_duration"):
            names.append(str(kwargs.get("fun_name", event)))

    jax.monitoring.register_event_duration_secs_listener(take)
    return names
