"""Pictures sorted into a folder for each class: where each goes, as a folder or as a zip archive."""

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from maml_engine.checks import shown
from maml_engine.io.arrays import StorageError, write_whole
from maml_engine.io.pictures.files import Files

FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]')  # which Windows has no files of
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def sorted_paths(paths: Sequence[str], classes: Sequence[str]) -> dict[str, str]:
    """Where each picture goes: a folder of its class, and in it its own name; with its folders in the name where two are alike.

    Args:
      paths: of the pictures.
      classes: of each, the name of its class.
    """
    went: dict[str, str] = {}
    taken: set[str] = set()
    for path, name in zip(paths, classes, strict=True):
        folder = "/".join(_safe(part) for part in name.split("/"))
        *folders, file = map(_safe, path.split("/"))
        target = f"{folder}/{file}"
        if target.lower() in taken:
            target = f"{folder}/{'_'.join([*folders, file])}"
        number = 2
        while target.lower() in taken:
            stem, dot, ending = target.rpartition(".")
            target, number = f"{stem if dot else ending} ({number}){dot}{ending if dot else ''}", number + 1
        taken.add(target.lower())
        went[path] = target
    return went


def sorted_folder(files: Files, went: Mapping[str, str], folder: Path) -> None:
    """Copies pictures to where they go below a folder, as they are.

    Args:
      files: what holds them.
      went: by path, where to.
      folder: new, or empty.

    Raises:
      StorageError: it is not empty, the disk is full, or writing is not allowed.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StorageError(f"The sorted pictures must go to a new or an empty folder, got {shown(str(folder))}.")
    for path, target in went.items():
        write_whole(folder / target, files.read(path))


def sorted_zip(files: Files, went: Mapping[str, str]) -> bytes:
    """The same as a zip archive; pictures are packed as they are, since they are compressed already."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for path, target in went.items():
            archive.writestr(zipfile.ZipInfo(target), files.read(path))
    return content.getvalue()


def _safe(part: str) -> str:
    """A name that every system takes for a file or folder, and for nothing else."""
    name = FORBIDDEN.sub("_", part.replace("/", "_")).strip(" .")[:120]
    return f"_{name}" if not name or RESERVED.fullmatch(name) else name
