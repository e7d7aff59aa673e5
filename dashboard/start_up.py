"""What the server does as it starts, before anybody comes: it imports what pages need, and answers meanwhile.

Without this the first visitor of a page waits for JAX, Flax and pandas.
"""

import contextlib
import importlib
import pkgutil
import threading
from collections.abc import AsyncIterator
from typing import Any

import dashboard
from dashboard import heap


@contextlib.asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Of the server; `st.App` enters it before it answers."""
    del app
    threading.Thread(target=import_all, name="maml-lab-imports", daemon=True).start()
    yield


def import_all() -> None:
    """Imports all of the app but its pages, and with it whatever that needs."""
    for module in pkgutil.walk_packages(dashboard.__path__, f"{dashboard.__name__}."):
        importlib.import_module(module.name)
    heap.settle()
