"""Files that somebody hands over, by path: a folder, a zip archive, one picture, or uploads; read one by one when asked for."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Protocol

from maml_engine.checks import shown
from maml_engine.io.pictures.archive import Archive, clean_path, is_hidden
from maml_engine.io.pictures.limits import LIMITS, Limits, UnusableFile, is_picture, too_large

Source = str | os.PathLike | bytes | IO[bytes] | Mapping[str, bytes]
HEAD = 512  # bytes that say what a file is


class Files(Protocol):
    """What can be read file by file.

    names: paths with slashes, hidden files left out.
    notes: one sentence for each thing that was put right.
    """

    names: tuple[str, ...]
    notes: list[str]

    def read(self, name: str) -> bytes:
        """The content of one file; raises UnusableFile."""
        ...

    def head(self, name: str, count: int) -> bytes:
        """Its first bytes; raises UnusableFile."""
        ...


class OnDisk:
    """Files at their places on this machine."""

    def __init__(self, places: Mapping[str, Path], limits: Limits = LIMITS):
        """Takes where they lie.

        Args:
          places: by path, as the files are to be called.
          limits: what is read at the most.
        """
        self._places, self._limits = dict(places), limits
        self.names = tuple(self._places)
        self.notes: list[str] = []

    @classmethod
    def below(cls, folder: Path, limits: Limits = LIMITS) -> "OnDisk":
        """All files below a folder. Links are followed, but never to a folder twice.

        Raises:
          ValueError: there are too many, or a folder cannot be read.
        """
        places: dict[str, Path] = {}
        seen: set[str] = set()
        for here, folders, files in os.walk(folder, followlinks=True, onerror=_refuse):
            real = os.path.realpath(here)
            if real in seen:
                folders.clear()
                continue
            seen.add(real)
            folders[:] = sorted(name for name in folders if name[:1] != "." and name != "__MACOSX")
            for file in sorted(files):
                place = Path(here) / file
                name = clean_path(place.relative_to(folder).as_posix())
                if not is_hidden(name) and place.is_file():  # a pipe would never end
                    places[name] = place
            if len(places) > limits.files:
                raise ValueError(f"The folder must hold at most {limits.files:,} files, got more in {folder}.")
        return cls(places, limits)

    def read(self, name: str) -> bytes:
        """The content of one file; raises UnusableFile."""
        most = self._limits.file_bytes
        content = self.head(name, most + 1)
        if len(content) > most:
            raise too_large(name, most)
        return content

    def head(self, name: str, count: int) -> bytes:
        """Its first bytes; raises UnusableFile."""
        try:
            with self._places[name].open("rb") as file:
                return file.read(count)
        except OSError as error:
            raise UnusableFile(f"{shown(name)} cannot be read ({error.strerror}).") from None


class Given:
    """Files that are in memory."""

    def __init__(self, contents: Mapping[str, bytes], limits: Limits = LIMITS):
        """Takes contents by path.

        Args:
          contents: by path; an upload's name.
          limits: what is read at the most.

        Raises:
          ValueError: there are too many.
        """
        if len(contents) > limits.files:
            raise ValueError(f"There must be at most {limits.files:,} files, got {len(contents):,}.")
        self._limits = limits
        self._contents = {clean_path(name).lstrip("/"): content for name, content in contents.items()}
        self._contents = {name: content for name, content in self._contents.items() if name and not is_hidden(name)}
        self.names = tuple(self._contents)
        self.notes: list[str] = []

    def read(self, name: str) -> bytes:
        """The content of one file; raises UnusableFile."""
        if len(self._contents[name]) > self._limits.file_bytes:
            raise too_large(name, self._limits.file_bytes)
        return self._contents[name]

    def head(self, name: str, count: int) -> bytes:
        """Its first bytes."""
        return self._contents[name][:count]


def open_files(source: Source, limits: Limits = LIMITS) -> Files:
    """What was handed over, as files.

    Args:
      source: a folder, a zip archive or a picture by its path; an archive's or a picture's bytes, or an open file of them; or
        contents by path, as several uploads are.
      limits: what is read at the most.

    Raises:
      ValueError: one sentence with what it is instead, or which limit it is beyond.
    """
    if isinstance(source, Mapping):
        return Given(source, limits)
    if isinstance(source, str | os.PathLike):
        path = Path(source)
        if path.is_dir():
            return OnDisk.below(path, limits)
        if not path.is_file():
            raise ValueError(f"Pictures must be in a folder, a zip archive or a picture that exists, got {shown(str(path))}.")
        try:
            with path.open("rb") as file:
                head = file.read(HEAD)
        except OSError as error:
            raise ValueError(f"The file {shown(str(path))} cannot be read ({error.strerror}).") from None
        return OnDisk({path.name: path}, limits) if is_picture(head) else Archive(path, limits)
    content = source if isinstance(source, bytes) else source.read(limits.archive_bytes + 1)
    return Given({"picture": content}, limits) if is_picture(content[:HEAD]) else Archive(content, limits)


def _refuse(error: OSError) -> None:
    raise ValueError(f"The folder {shown(str(error.filename))} cannot be read ({error.strerror}).") from None
