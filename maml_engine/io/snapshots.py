"""Snapshots of a run under way, by Orbax: whole or not there, the newest on the disk counts.

Each is a folder of its own, numbered upwards; Orbax writes it aside and renames it. The one before stays until then. Only the
process that calls writes: nothing here waits for other processes.
"""

import asyncio
import errno
import json
import logging
import os
import shutil
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jax
import numpy as np

from maml_engine.io.arrays import StorageError, digest_of, make_sure_of
from maml_engine.runtime.extras import brought_by


def write_snapshot(folder: Path, arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> None:
    """Writes arrays by name (`[...]` of at least one entry each) and JSON-serialisable facts; deletes what was there before.

    Raises:
      MissingPackage: Orbax is not installed.
      StorageError: the disk is full, or writing is not allowed; the snapshot before is still there.
    """
    arrays = {name: np.asarray(array) for name, array in arrays.items()}
    content = json.dumps(facts, sort_keys=True)
    last = newest_snapshot(folder)
    path = folder / str(int(last.name) + 1 if last else 0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _leave(last, folder)
        with _checkpointer() as checkpointer, _quiet():
            described = {"facts": content, "digest": digest_of(arrays, content)}
            checkpointer.save(path.absolute(), arrays, custom_metadata=described)
    except (OSError, ValueError) as error:  # Orbax's storage library says with ValueError that a disk is full
        if newest_snapshot(folder) == path:  # it has its name, which is the last thing that it gets
            make_sure_of(folder)
            return
        _leave(last, folder)
        raise StorageError(f"Could not write {folder}: {_reason(error)}. What was there before is unchanged.") from error
    make_sure_of(folder)
    _leave(path, folder)


def _leave(path: Path | None, folder: Path) -> None:
    """Removes older snapshots, and what a kill or a full disk has left half-written."""
    for other in folder.glob("*"):
        if other != path and other.name.partition(".")[0].isdecimal():
            shutil.rmtree(other, ignore_errors=True)


def _reason(error: Exception) -> str:
    """What the system said, without what a storage library knows of it beside: several thousand characters."""
    text = getattr(error, "strerror", None) or str(error)
    known = (os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES, errno.EFBIG))
    return next((words for words in known if words in text), text.splitlines()[0][:200])


@contextmanager
def _quiet() -> Iterator[None]:
    """Orbax logs the traceback of what it raises as well."""
    log = logging.getLogger("absl")
    log.addFilter(_is_no_error)
    try:
        yield
    finally:
        log.removeFilter(_is_no_error)


def _is_no_error(record: logging.LogRecord) -> bool:
    return record.levelno < logging.ERROR


def read_snapshot(folder: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The newest snapshot's arrays, `[...]` each, and facts.

    Raises:
      MissingPackage: Orbax is not installed.
      StorageError: there is none, or it was cut off, altered, or written by something else.
    """
    path = newest_snapshot(folder)
    if path is None:
        raise StorageError(f"Could not read {folder}: there is no snapshot.")
    _orbax()  # where it is missing, the snapshot is not to blame
    try:
        with _checkpointer() as checkpointer:
            arrays = {name: np.asarray(array) for name, array in checkpointer.restore(path.absolute()).items()}
            described = checkpointer.metadata(path.absolute()).custom_metadata
        facts, digest = described["facts"], described["digest"]
    except Exception as error:  # whatever Orbax and its storage library make of a file that is not theirs
        if newest_snapshot(folder) not in (None, path):  # it was replaced while it was read
            return read_snapshot(folder)
        reason = (str(error) or type(error).__name__).splitlines()[0][:200]
        raise StorageError(f"{path} is not a snapshot that MAML Lab wrote, or it was cut off: {reason}") from error
    if digest_of(arrays, facts) != digest:
        raise StorageError(f"{path} was altered after it was saved: its digest does not match its content.")
    return arrays, json.loads(facts)


def newest_snapshot(folder: Path) -> Path | None:
    """The newest whole one, by the disk; None where there is none. Half-written ones have other names."""
    numbered = [path for path in folder.glob("*") if path.name.isdecimal()]
    return max(numbered, key=lambda path: int(path.name), default=None)


def _checkpointer() -> Any:
    ocp = _orbax()
    alone = ocp.options.MultiprocessingOptions(primary_host=0, active_processes={0}, barrier_sync_key_prefix="maml")
    handlers = (np.ndarray, _array_handler(ocp)), (jax.Array, ocp.type_handlers.ArrayHandler())  # without it Orbax warns
    registry = ocp.type_handlers.create_type_handler_registry(*handlers)
    handler = ocp.PyTreeCheckpointHandler(multiprocessing_options=alone, type_handler_registry=registry)
    return ocp.Checkpointer(handler, multiprocessing_options=alone)


def _array_handler(ocp: Any) -> Any:
    """Orbax's, which fails when all that it has begun has ended.

    Orbax asks its storage library for all arrays at once and, where one fails, closes the event loop that the others' answers
    come to: each of them is then an error that nobody can catch, printed at some later moment.
    """

    class ArrayHandler(ocp.type_handlers.NumpyHandler):
        async def metadata(self, *args: Any) -> Any:
            return await _to_the_end(super().metadata(*args))

        async def deserialize(self, *args: Any) -> Any:
            return await _to_the_end(super().deserialize(*args))

        async def _background_serialize(self, *args: Any) -> Any:
            return await _to_the_end(super()._background_serialize(*args))

    return ArrayHandler()


async def _to_the_end(call: Coroutine[Any, Any, Any]) -> Any:
    """What `call` gives; where it fails, once the tasks that it has begun have ended."""
    before = asyncio.all_tasks()
    try:
        return await call
    except BaseException:
        await asyncio.gather(*(asyncio.all_tasks() - before), return_exceptions=True)
        raise


def _orbax() -> Any:
    with brought_by("snapshots"):
        import orbax.checkpoint as ocp  # here, since it takes 0.2 s that only a run with snapshots needs
    return ocp
