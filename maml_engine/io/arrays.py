"""Files that are whole or not there: arrays by name with a digest, written aside and renamed."""

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

PyTree = Any
MAX_HEADER_BYTES = 10_000_000
ASIDE = ".part"  # what the name of a file ends in while it is being written


class StorageError(ValueError):
    """A file could not be written or is not what it should be; the message is for the person at the screen."""


def write_whole(path: Path, content: bytes) -> None:
    """Replaces `path` by `content` at once: a reader, or a kill at any moment, sees the old file or the new one.

    Raises:
      StorageError: as `write_together`.
    """
    write_together({path: content})


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Replaces files, each at once and one after the other; a disk that is full leaves all of them as they were.

    Args:
      contents: of each file. A kill may come between two: what then lies there must be read as one thing all the same.

    Raises:
      StorageError: the disk is full, or writing is not allowed; it says whether what was there before is.
    """
    aside: dict[Path, str] = {}
    replaced: list[Path] = []
    path = next(iter(contents))
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, aside[path] = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=ASIDE)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.chmod(aside[path], 0o644)
        for path in contents:
            os.replace(aside[path], path)
            replaced.append(path)
    except OSError as error:
        rest = f"{replaced[-1].name} beside it is new" if replaced else "What was there before is unchanged"
        raise StorageError(f"Could not write {path}: {error.strerror}. {rest}.") from error
    finally:
        for path, name in aside.items():
            if path not in replaced:
                with contextlib.suppress(OSError):  # on a disk that takes nothing any more it stays, and nobody opens it
                    os.unlink(name)
    for folder in {path.parent: None for path in contents}:
        make_sure_of(folder)


def remove(path: Path) -> None:
    """Takes a file away, where there is one.

    Raises:
      StorageError: it may not be taken away.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"Could not remove {path}: {error.strerror}.") from error


def replace(path: Path, by: Path) -> None:
    """A file takes the place and the name of another.

    Raises:
      StorageError: it may not be moved.
    """
    try:
        os.replace(by, path)
    except OSError as error:
        raise StorageError(f"Could not write {path}: {error.strerror}. What was there before is unchanged.") from error


def save_arrays(path: Path, arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> None:
    """Writes arrays by name, `[...]` of any shape, and JSON-serialisable facts as one safetensors file with its own digest.

    Raises:
      StorageError: as `write_whole`.
    """
    write_whole(path, pack_arrays(arrays, facts))


def pack_arrays(arrays: dict[str, np.ndarray], facts: dict[str, Any]) -> bytes:
    """The content of a file of `save_arrays`, for arrays `[...]` by name; `parse_arrays` is its inverse."""
    arrays = {name: np.asarray(array, order="C") for name, array in arrays.items()}  # ascontiguousarray makes scalars vectors
    content = json.dumps(facts, sort_keys=True)
    return _canonical(save_tensors(arrays, {"facts": content, "digest": digest_of(arrays, content)}))


def load_arrays(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The inverse of `save_arrays`: arrays `[...]` by name, and facts.

    Raises:
      StorageError: no such file, cut off, altered, or not one of ours.
    """
    return parse_arrays(read_whole(path), path)


def read_whole(path: Path) -> bytes:
    """A file's content.

    Raises:
      StorageError: no such file, or reading is not allowed.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise StorageError(f"Could not read {path}: {error.strerror}.") from error


def parse_arrays(content: bytes, source: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The inverse of `pack_arrays`: arrays `[...]` by name, and facts; `source` is named where the content is refused."""
    try:
        header_bytes = int.from_bytes(content[:8], "little")
        header = json.loads(content[8 : 8 + min(header_bytes, MAX_HEADER_BYTES)])["__metadata__"]
        facts, digest = header["facts"], header["digest"]
        arrays = load_tensors(content)
        if digest_of(arrays, facts) != digest:
            raise StorageError(f"{source} was altered after it was saved: its digest does not match its content.")
        return arrays, json.loads(facts)
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, StorageError):
            raise
        raise StorageError(f"{source} is not a file that MAML Lab wrote, or it was cut off: {error}.") from error


def to_arrays(tree: PyTree) -> dict[str, np.ndarray]:
    """A pytree's leaves `[...]` by their path, as host copies."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {_name(path): np.array(leaf) for path, leaf in leaves}


def from_arrays(template: PyTree, arrays: dict[str, np.ndarray], source: Path) -> PyTree:
    """A pytree shaped like `template` (arrays, or shapes and types), filled by path from arrays `[...]` of its leaves' shapes.

    Raises:
      StorageError: a leaf is missing or has another shape or type, named.
    """

    def fill(path, leaf):
        name = _name(path)
        if name not in arrays:
            raise StorageError(f"{source} lacks the array {name!r}: it belongs to another model or method.")
        found, wanted = arrays[name], leaf if isinstance(leaf, jax.ShapeDtypeStruct) else np.asarray(leaf)
        both_real = {found.dtype.kind, wanted.dtype.kind} == {"f"}  # a run in 64 bits and one in 32 open each other's files
        if found.shape != wanted.shape or (found.dtype != wanted.dtype and not both_real):
            raise StorageError(
                f"{source} holds {name!r} as {found.dtype}{list(found.shape)} where this model and method need "
                f"{wanted.dtype}{list(wanted.shape)}."
            )
        return found

    return jax.tree_util.tree_map_with_path(fill, template)


def load_state(template: PyTree, arrays: dict[str, np.ndarray], source: Path) -> PyTree:
    """What a network holds beside its parameters, from the arrays `[...]` named "state/...".

    Args:
      template: the state of the network that is to take them.
      arrays: of a learner's file.
      source: that file, named in a refusal.

    Raises:
      StorageError: the file's network and this one do not hold the same.
    """
    wanted, found = set(to_arrays({"state": template})), {name for name in arrays if name.startswith("state/")}
    if wanted != found:
        theirs, mine = (", ".join(sorted(names)) or "nothing" for names in (found - wanted, wanted - found))
        raise StorageError(f"{source} belongs to another model: beside parameters it alone holds {theirs}, this model {mine}.")
    return from_arrays({"state": template}, arrays, source)["state"]


def _name(path: tuple) -> str:
    return jax.tree_util.keystr(path, simple=True, separator="/")


def digest_of(arrays: dict[str, np.ndarray], facts: str) -> str:
    """SHA-256 of facts, and of the names, types, shapes and contents of arrays `[...]`."""
    digest = hashlib.sha256(facts.encode())
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name}:{array.dtype}:{array.shape}:".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def text_digest(text: str) -> str:
    """SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def _canonical(content: bytes) -> bytes:
    """The same file with its header in order, which safetensors shuffles: equal arrays and facts make equal files."""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.dumps(json.loads(content[8:end]), sort_keys=True, separators=(",", ":")).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + content[end:]


def make_sure_of(folder: Path) -> None:
    """Makes the new names in a folder survive a power cut, where the system can.

    Raises:
      StorageError: the disk refused; what was written can be read all the same.
    """
    try:
        sync_folder(folder)
    except OSError as error:
        reason = f"{error.strerror}. What was written is there, and may not outlive a power cut."
        raise StorageError(f"Could not make sure of {folder}: {reason}") from error


def sync_folder(folder: Path) -> None:
    """Makes a rename survive a power cut, where the system can."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
