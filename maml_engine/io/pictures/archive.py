"""A zip archive of a stranger's: its paths are judged before anything is unpacked, its files are read one by one and counted.

Nothing is ever written to disk: a path in an archive is a name, no place.
"""

import io
import re
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path
from typing import IO

from maml_engine.checks import shown
from maml_engine.io.decode import decode
from maml_engine.io.pictures.limits import LIMITS, Limits, UnusableFile, is_archive, kind_of, megabytes, too_large

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2)  # LZMA may ask for gigabytes to unpack a few bytes
ENTRY, LINK, KIND_OF_FILE = b"PK\x01\x02", 0o120000, 0o170000  # an entry of the list at the end; bits of Unix's file modes
DRIVE = re.compile(r"[A-Za-z]:")
UTF8, ENCRYPTED = 0x800, 0x1  # flag bits of an entry
UNSEEN, JOINERS = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"), "\u200c\u200d"  # of which some scripts need two
# What goes wrong in files that are damaged, or made to break readers.
DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(NotImplementedError, RuntimeError, ValueError, IndexError, KeyError),
)


class Archive:
    """The files of a zip archive, by path.

    names: of its files, without hidden ones and what a Mac adds; in the order of the archive.
    notes: one sentence for each thing that was put right.
    """

    def __init__(self, source: bytes | str | Path, limits: Limits = LIMITS):
        """Reads the list of an archive's files, and judges it.

        Args:
          source: its bytes, or where it lies.
          limits: what is read at the most.

        Raises:
          ValueError: one sentence: no zip archive, cut off, encrypted, too large, of too many files, or of paths that lead out.
        """
        self._source, self._limits = source, limits
        self.notes: list[str] = []
        self._zip = _opened(source, limits)
        entries = [entry for entry in self._zip.infolist() if not entry.orig_filename.endswith("/")]
        paths = [clean_path(name) for name in _names(entries)]
        for path, entry in zip(paths, entries, strict=True):
            _check_entry(path, entry)
        unpacked = sum(entry.file_size for entry in entries)
        if unpacked > limits.unpacked_bytes:
            raise ValueError(
                f"The archive must hold at most {megabytes(limits.unpacked_bytes)} when it is unpacked, got "
                f"{megabytes(unpacked)} in {len(entries):,} files."
            )
        kept = [(path, entry) for path, entry in zip(paths, entries, strict=True) if path and not is_hidden(path)]
        self._entries = dict(kept)
        if len(self._entries) < len(kept):
            twice = len(kept) - len(self._entries)
            self.notes.append(f"{twice} paths come more than once in the archive: the last of each counts.")
        self.names = tuple(self._entries)

    def read(self, name: str) -> bytes:
        """The content of one file.

        Raises:
          UnusableFile: it is damaged, packed in a way that is not read here, or too large.
        """
        return self._start(name, self._limits.file_bytes, whole=True)

    def head(self, name: str, count: int) -> bytes:
        """The first bytes of one file; as `read`."""
        return self._start(name, count, whole=False)

    def _start(self, name: str, most: int, *, whole: bool) -> bytes:
        """Bytes are counted as they are unpacked: what an archive says of a file's size is not relied on."""
        entry = self._entries[name]
        if entry.compress_type not in METHODS:
            raise UnusableFile(f"{shown(name)} is packed by a method that is not read here: pack it again as a plain zip.")
        try:
            with self._zip.open(entry) as file:
                content = file.read(most + 1 if whole else most)
        except DAMAGE as error:
            raise UnusableFile(f"{shown(name)} is damaged in the archive ({_reason(error)}).") from None
        if len(content) > most:
            raise too_large(name, most)
        return content

    def __getstate__(self):
        return self._source, self._limits

    def __setstate__(self, state):
        self.__init__(*state)


def clean_path(name: str) -> str:
    """A path with slashes between folders, composed letters, and no characters that cannot be seen."""
    parts = unicodedata.normalize("NFC", name.replace("\\", "/")).split("/")
    visible = ("".join(mark for mark in part if mark in JOINERS or unicodedata.category(mark) not in UNSEEN) for part in parts)
    begins = "/" if parts[0] == "" and len(parts) > 1 else ""
    return begins + "/".join(part for part in visible if part not in ("", "."))


def is_hidden(path: str) -> bool:
    """Whether a file is a system's own: of a name that begins with a dot, or what Macs and Windows put beside pictures."""
    *folders, name = path.split("/")
    return "__MACOSX" in folders or any(part[:1] == "." for part in (*folders, name)) or name.lower() in SYSTEM_FILES


SYSTEM_FILES = ("thumbs.db", "desktop.ini", "ehthumbs.db")


def _opened(source: bytes | str | Path, limits: Limits) -> zipfile.ZipFile:
    with io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb") as file:
        _check_file(file, limits)
    try:
        return zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source)
    except DAMAGE as error:
        is_cut = "central directory" in str(error) or "not a zip file" in str(error)
        reason = "cut off: its end, which lists its files, is missing" if is_cut else f"damaged ({_reason(error)})"
        raise ValueError(f"The zip archive is {reason}.") from None


def _check_file(file: IO[bytes], limits: Limits) -> None:
    """Refuses what is no zip archive or too large a one, before its list of files is read."""
    head = file.read(512)
    size = file.seek(0, io.SEEK_END)
    if size > limits.archive_bytes:
        raise ValueError(f"The archive must be at most {megabytes(limits.archive_bytes)}, got {megabytes(size)}.")
    if head[:4] not in (b"PK\x03\x04", b"PK\x05\x06"):
        advice = ": unpack it, and hand over the folder or a zip of it" if is_archive(head) else ""
        raise ValueError(f"Pictures must come as a folder, a zip archive or a picture, got {kind_of(head)}{advice}.")
    if (count := _count(file, ENTRY)) > limits.files:  # half a kilobyte of memory goes into each
        raise ValueError(f"The archive must hold at most {limits.files:,} files, got {count:,}.")


def _count(file: IO[bytes], mark: bytes) -> int:
    """How often a mark of four bytes comes in a file."""
    count, before = 0, b""
    file.seek(0)
    while piece := file.read(1 << 24):
        count += (before + piece).count(mark)
        before = piece[-len(mark) + 1 :]
    return count


def _names(entries: list[zipfile.ZipInfo]) -> list[str]:
    """Paths as they were meant: those that are not said to be UTF-8 are in the encoding of somebody's system."""
    unsaid = [entry for entry in entries if not entry.flag_bits & UTF8]
    raw = b"\n".join(entry.orig_filename.encode("cp437", "replace").replace(b"\n", b" ") for entry in unsaid)
    if raw.isascii():
        return [entry.orig_filename for entry in entries]
    try:
        text, encoding = decode(raw)
    except ValueError:
        text, encoding = "", ""
    lines = text.split("\n")
    if len(lines) != len(unsaid) or encoding in ("", "Mac Roman"):  # Macs write UTF-8: it is DOS's code page, as by default
        return [entry.orig_filename for entry in entries]
    meant = dict(zip(map(id, unsaid), lines, strict=True))
    return [meant.get(id(entry), entry.orig_filename) for entry in entries]


def _check_entry(path: str, entry: zipfile.ZipInfo) -> None:
    """Refuses what no archive of pictures holds."""
    if entry.flag_bits & ENCRYPTED:
        raise ValueError(f"The archive must not be encrypted, got {shown(path)} under a password.")
    if path.startswith("/") or DRIVE.match(path) or ".." in path.split("/"):
        raise ValueError(f"The archive must hold paths within its own folder, got {shown(path)}.")
    kind = entry.external_attr >> 16 & KIND_OF_FILE
    if kind == LINK:
        raise ValueError(f"The archive must hold files, got {shown(path)}, a link to elsewhere.")
    if kind not in (0, 0o100000, 0o040000):
        raise ValueError(f"The archive must hold files, got {shown(path)}, a device or the like.")


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:80].rstrip(".") or type(error).__name__
