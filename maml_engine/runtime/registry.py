"""Things by name: the engine's own, those that a caller registers, and those that installed packages bring."""

import inspect
from collections.abc import Callable, Mapping
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

Thing = TypeVar("Thing")


class Registry(dict[str, Thing]):
    """A dictionary that looks among installed packages before it says that a name is not there.

    A package names what it brings in its `pyproject.toml`; nothing of it is imported before the name is used:
        [project.entry-points."maml_engine.method"]
        step_sizes = "my_package:StepSizes"

    kind: "method", "model", "tasks", "loss" or "doctor".
    built_in: the engine's own.
    """

    def __init__(self, kind: str, built_in: Mapping[str, Thing]):
        super().__init__(built_in)
        self.kind, self.built_in = kind, dict(built_in)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self._installed

    def __missing__(self, name: str) -> Thing:
        """What an installed package brings under the name."""
        if name not in self._installed:
            raise KeyError(name)
        try:
            self[name] = self._installed[name].load()
        except Exception as error:  # a package's own code, which may fail in any way
            where = self._installed[name].value
            raise ValueError(
                f"The {self.kind} {name!r} of an installed package ({where}) could not be loaded: {error}."
            ) from error
        return self[name]

    def names(self) -> tuple[str, ...]:
        """All that there are, those of installed packages too."""
        return (*self, *(name for name in self._installed if name not in self.keys()))

    @cached_property
    def _installed(self) -> dict[str, EntryPoint]:
        return {entry.name: entry for entry in entry_points(group=f"maml_engine.{self.kind}")}


def parameters_of(maker: Callable[..., Any]) -> tuple[str, ...]:
    """Names of the parameters of a class or function; of an NNX module's class too, whose metaclass hides them."""
    parameters = inspect.signature(maker.__init__ if isinstance(maker, type) else maker).parameters
    return tuple(name for name in parameters if name != "self")
