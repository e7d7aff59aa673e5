"""What the server does as it starts, before anybody comes: it imports what pages need, while the browser loads its own part.

Without this the first visitor of a page waits for JAX, Flax and pandas. And one thread imports all: modules of JAX import each
other in circles, and where visitors came at once to a server that had not imported them, some got half a module.
"""

import contextlib
import importlib
import os
import pkgutil
import threading
from collections.abc import AsyncIterator
from typing import Any

from streamlit.runtime.pages_manager import PagesManager

import dashboard
from dashboard.hosting import is_hosted
from dashboard.server import heap, logs

# Alembic and PostgreSQL's driver, a tenth of all: the library imports them when it is opened.
_NOT_FOR_A_PICTURE = {"dashboard.runs.schema", "dashboard.runs.postgres"}
_done = threading.Event()
_done.set()  # where no server starts, as in the tests, there is nothing to wait for


@contextlib.asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[None]:
    """Of the server; `st.App` enters it before it answers."""
    del app
    # `pages` is a folder of modules for `st.navigation`. Until some session has called that, Streamlit takes it for its older
    # kind of navigation: a first visitor's link to a page would run the page by itself, which waits for nothing.
    PagesManager.uses_pages_directory = False
    _done.clear()
    if is_hosted():
        logs.begin()
    threading.Thread(target=_begin, name="maml-lab-imports", daemon=True).start()
    yield


def _begin() -> None:
    import_all()
    announce()


def import_all() -> None:
    """Imports all of the app but its pages, and with it whatever that needs for pictures."""
    try:
        with heap.importing():
            for module in pkgutil.walk_packages(dashboard.__path__, f"{dashboard.__name__}."):
                if module.name not in _NOT_FOR_A_PICTURE:
                    importlib.import_module(module.name)
    finally:
        _done.set()


def announce() -> None:
    """Looks at the folder, listens to the operator, takes its share of the jobs, and writes down what the server is."""
    from dashboard.engine_calls import resources
    from dashboard.server import budgets, home, operator

    if is_hosted():
        logs.begin()  # what was imported meanwhile may write in ways of its own
    home.look()
    operator.listen()
    resources.share_jobs()
    facts = {"hosted": is_hosted(), "process": os.getpid(), "caches_max_mb": round(budgets.total_mb())}
    logs.log.info("MAML Lab is ready; its caches take at most %d MB together", facts["caches_max_mb"], extra={"facts": facts})


def wait() -> None:
    """Until all is imported. Comes before whatever may import JAX."""
    _done.wait()


def is_done() -> bool:
    """Whether all is imported."""
    return _done.is_set()
