"""Zip archives of bytes by path, and back."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any


def zipped(files: Mapping[Any, bytes], compression: int = zipfile.ZIP_STORED, level: int | None = None) -> bytes:
    """An archive of files by path, or by `ZipInfo`; of the same files the same bytes every time."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, part in files.items():
            entry = zipfile.ZipInfo(name) if isinstance(name, str) else name
            archive.writestr(entry, part, compression, level)
    return content.getvalue()


def unzipped(content: bytes) -> dict[str, bytes]:
    """The files of an archive by path."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
