"""B2: archives, pictures and tables that are small to send and large to open, or that lie about what they are."""

import importlib
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.faults.forks import forked
from benchmarks.faults.tries import peak_of
from tests.zips import zipped

MAX_SECONDS, MAX_MB = 1.0, 100.0
MODULES = (
    "dashboard.runs",
    "maml_engine.io.pictures.opening",
    "maml_engine.tables.guessing.guess",
    "pandas",
    "pyarrow.csv",
    "PIL.Image",
)
ZEROS = b"\0" * 1_000_000


def figures(quick: bool) -> Iterator[dict[str, Any]]:
    """A figure for each bomb, the small ones alone where `quick`; each in forks, by every reader it may meet."""
    for module in MODULES:
        importlib.import_module(module)
    for name, make in BOMBS.items():
        if not (quick and name in LARGE):
            yield tried(name, make())


def tried(name: str, content: bytes) -> dict[str, Any]:
    """The slowest and the hungriest of the readers of one bomb."""
    slowest, highest, problems, refusals = 0.0, 0.0, {}, {}
    for reader, read in READERS.items():
        if reader == "table" and content[:2] == b"PK":
            continue

        def open_it(read: Callable = read) -> tuple[float, float, str]:
            said = []

            def attempt() -> None:
                try:
                    read(content)
                except ValueError as error:
                    said.append(str(error))

            return *peak_of(attempt), " ".join(said)

        ended = forked(open_it)
        if ended.problem or ended.killed:
            problems[f"{reader}: {ended.problem or 'killed'}"] = [name]
            continue
        took, megabytes, refusal = ended.result
        slowest, highest = max(slowest, took), max(highest, megabytes)
        refusals[reader] = refusal[:120]
        if took > MAX_SECONDS or megabytes > MAX_MB:
            problems[f"{reader}: {took:.1f} s, {megabytes:.0f} MB"] = [name]
        if len(refusal.splitlines()) > 1 or len(refusal) > 1000:
            problems[f"{reader}: no sentence"] = [refusal[:200]]
    figure = {"id": "B2", "what": name, "bytes": len(content), "slowest_s": round(slowest, 2), "extra_mb": round(highest)}
    return figure | {"refusals": refusals, "failed": len(problems), "problems": problems}


def _read_pictures(content: bytes) -> None:
    from maml_engine.io.pictures.archive import Archive
    from maml_engine.io.pictures.limits import PAGE_LIMITS
    from maml_engine.io.pictures.opening import read_picture

    if content[:2] != b"PK":
        read_picture(content, "bomb.png", size=28, limits=PAGE_LIMITS)
        return
    archive = Archive(content, PAGE_LIMITS)
    for name in archive.names[:3]:
        read_picture(archive.read(name), name, size=28, limits=PAGE_LIMITS)


def _read_learner(content: bytes) -> None:
    from dashboard.runs import open_learner

    open_learner(content)


def _read_run(content: bytes) -> None:
    from dashboard.runs import exchange

    exchange.unpacked(content, "somebody")


def _read_table(content: bytes) -> None:
    from maml_engine.tables import guess, read_sheet, validate

    sheet = read_sheet(content)
    validate(sheet, guess(sheet).roles)


READERS: dict[str, Callable[[bytes], None]] = {
    "pictures": _read_pictures,
    "learner": _read_learner,
    "run": _read_run,
    "table": _read_table,
}


def _zip(files: dict[Any, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    return zipped(files, method, 9)


def _names_of_all(part: bytes) -> bytes:
    """A member under every name that a reader looks for."""
    wanted = ("a/1.png", "run.json", "curves.safetensors", "learner.zip", "learner/experiment.json", "learner/table.json")
    return _zip(dict.fromkeys([*wanted, "learner/learner.safetensors", "learner/ensemble.safetensors"], part))


def _nested() -> bytes:
    inner = _zip({"x": ZEROS * 10})
    for _ in range(5):
        inner = _zip({f"{number}.zip": inner for number in range(16)})
    return inner


def _overlapping() -> bytes:
    """Many entries of one content (the trick of zip bombs that need no nesting): each header leads to the same bytes."""
    plain = _zip({"a.png": ZEROS * 20})
    at = plain.index(b"PK\x01\x02")
    end = plain.index(b"PK\x05\x06")
    entry = plain[at:end]
    listed = b"".join(entry.replace(b"a.png", b"%05d" % number) for number in range(5000))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 5000, 5000, len(listed), at, 0)
    return plain[:at] + listed + tail


def _lying(size: int) -> bytes:
    """A member of 100 MB that says it has `size` bytes."""
    content = bytearray(_names_of_all(ZEROS * 30))
    at = -1
    while (at := content.find(b"PK\x01\x02", at + 1)) >= 0:
        content[at + 24 : at + 28] = struct.pack("<I", size)
    return bytes(content)


def _link() -> bytes:
    entry = zipfile.ZipInfo("learner/learner.safetensors")
    entry.external_attr = 0o120777 << 16
    return _zip({entry: b"/etc/passwd"})


def png(width: int, height: int, rows: bytes = b"\0" * 1000) -> bytes:
    """A PNG that says it is so large."""
    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = (head, b"IDAT" + zlib.compress(rows, 9), b"IEND")
    chunks = [struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in parts]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _png_text() -> bytes:
    """A picture with a hundred megabytes of words in it."""
    plain, words = png(8, 8, b"\0" * 200), b"zTXtwords\0\0" + zlib.compress(ZEROS * 100, 9)
    chunk = struct.pack(">I", len(words) - 4) + words + struct.pack(">I", zlib.crc32(words))
    return plain[:33] + chunk + plain[33:]


def _rows(number: int) -> bytes:
    return b"task,x,y\n" + b"a,1.25,2\n" * number


NAMES = {
    "leads out": "../../x.png",
    "absolute": "/etc/x.png",
    "of another drive": "C:\\x.png",
    "with NUL": "a\0/x.png",
    "with a mark that turns": "a/\u202egnp.x",
}
BOMBS: dict[str, Callable[[], bytes]] = {
    "zip in zip in zip, five deep": _nested,
    "zip of 5,000 entries over one content": _overlapping,
    "zip 1032:1": lambda: _names_of_all(ZEROS * 200),
    "zip of 65,535 names": lambda: _zip({f"{number}.png": b"" for number in range(65_535)}),
    "zip whose sizes lie, small": lambda: _lying(10),
    "zip whose sizes lie, 4 GB": lambda: _lying(2**32 - 1),
    "zip with a link": _link,
    **{f"zip of a path that {name}": lambda path=path: _zip({path: b"x"}) for name, path in NAMES.items()},
    "zip of names that differ in case": lambda: _zip({"a/X.png": png(8, 8), "A/x.png": png(8, 8), "a/x.PNG": png(8, 8)}),
    "zip in LZMA": lambda: _zip({"learner/experiment.json": ZEROS}, zipfile.ZIP_LZMA),
    "PNG of 14,000 x 14,000": lambda: png(14_000, 14_000, ZEROS * 20),
    "PNG of 1 x 2^31 - 1": lambda: png(1, 2**31 - 1),
    "PNG of 4,000 x 3,000, all there": lambda: png(4000, 3000, b"\0" * (12_001 * 3000)),
    "PNG with 100 MB of words": _png_text,
    "FITS named .png": lambda: b"SIMPLE  =                    T" + b" " * 10_000,
    "PostScript named .png": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 99999 99999\n",
    "PNG cut off": lambda: png(100, 100, b"\0" * 30_100)[:60],
    "JSON 100,000 deep": lambda: _names_of_all(b"[" * 100_000 + b"]" * 100_000),
    "JSON 100,000 deep, objects": lambda: _names_of_all(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
    "JSON of a number of a million digits": lambda: _names_of_all(b'{"format": ' + b"9" * 1_000_000 + b"}"),
    "arrays of 10^12 numbers": lambda: _names_of_all(_safetensors({"a": {"dtype": "F32", "shape": [10**6, 10**6]}})),
    "arrays of an endless header": lambda: _names_of_all((2**62).to_bytes(8, "little") + b"{" * 100),
    "CSV with NUL": lambda: b"task,x,y\n" + b"a\0,1,2\n" * 50_000,
    "CSV in UTF-16": lambda: _rows(200_000).decode().encode("utf-16"),
    "CSV with marks that turn": lambda: "task,\u202ex,y\n\u202ea,1,2\n".encode() * 1000,
    "CSV of one field of 45 MB": lambda: b'task,x,y\n"' + b"a" * 45_000_000,
    "CSV of one column, 10^7 rows": lambda: b"x\n" + b"1\n" * 10_000_000,
    "CSV of 50 MB": lambda: _rows(5_500_000),
    "CSV of a header of 20 MB": lambda: b",".join(b"c%d" % number for number in range(2_500_000)) + b"\n",
    "CSV of 200 MB": lambda: _rows(22_000_000),
}
LARGE = {name for name in BOMBS if " MB" in name or "10^7" in name}


def _safetensors(tensors: dict[str, Any]) -> bytes:
    import json

    header = json.dumps({"__metadata__": {"facts": "{}", "digest": ""}, "a": {**tensors["a"], "data_offsets": [0, 4 * 10**12]}})
    return len(header).to_bytes(8, "little") + header.encode() + b"\0" * 64
