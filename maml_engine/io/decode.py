"""A file's bytes as text: its encoding by marks and by likelihood, or one sentence that says what it is instead."""

import codecs
import re
import unicodedata

import numpy as np

MAX_LINES = 5_000_000
MAX_LINE = 2_000_000  # bytes: a thousand columns of two thousand
MAX_JUDGED = 20_000  # bytes beyond ASCII that an encoding is judged by

_MAGIC = {
    b"PK\x03\x04": "a ZIP archive or a spreadsheet",
    b"\xd0\xcf\x11\xe0": "a spreadsheet of an old kind",
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF": "a PDF document",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"SQLite format 3": "an SQLite database",
    b"\x89HDF": "an HDF5 file",
    b"RDX": "an R workspace",
    b"{\\rtf": "a text document (RTF)",
}
_MARKS = {  # the longer first: a mark of UTF-32 begins like one of UTF-16
    codecs.BOM_UTF32_LE: ("utf-32", "UTF-32"),
    codecs.BOM_UTF32_BE: ("utf-32", "UTF-32"),
    codecs.BOM_UTF8: ("utf-8-sig", "UTF-8"),
    codecs.BOM_UTF16_LE: ("utf-16", "UTF-16"),
    codecs.BOM_UTF16_BE: ("utf-16", "UTF-16"),
}
# Where nothing marks it: what a text reads like under each. The first wins among equals.
_LIKELY = {
    "cp1252": "Windows-1252 (Latin-1)",
    "mac_roman": "Mac Roman",
    "cp850": "the DOS code page 850",
    "cp1250": "Windows-1250",
    "iso8859_2": "Latin-2",
    "cp1251": "Windows-1251",
    "koi8_r": "KOI8-R",
    "cp1253": "Windows-1253",
    "cp1254": "Windows-1254",
    "cp932": "Shift JIS",
    "euc_jp": "EUC-JP",
    "gb18030": "GB 18030",
    "euc_kr": "EUC-KR",
    "big5": "Big5",
}
# The letters beyond ASCII of one language each: a text is written in one. Behind the blank those that are rare in it.
_LETTERS = [
    dict.fromkeys(common, 1.0) | dict.fromkeys(rare, 0.7)
    for common, _, rare in (
        letters.partition(" ")
        for letters in (
            "äöüß", "éèàêç âëîïôùûüÿæœ", "áéíóúñ ü", "áãçéíóõ âàêôú", "àèéìòù íú", "åäöæø é", "àçéèíóò ïúü",
            "ąćęłńóśźż", "áčďéěíňóřšťúůýž", "áéíóöőúüű", "ăâîșțşţ", "âçğıîöşüûi̇", "čćđšž",
        )
    )
]  # fmt: skip
_COMMON = {"cp1252": 0.15, "mac_roman": 0.05, "cp850": -0.1}  # where a letter or two decide, how common each is
_SYMBOLS = set("°µ²³€£·–’‘“”«»§±×º")


def decode(content: bytes) -> tuple[str, str]:
    """The text, with line ends of one kind, and the name of its encoding.

    Raises:
      ValueError: what the file is instead, that it is empty, or that it holds too many lines or one that is too long.
    """
    for magic, kind in _MAGIC.items():
        if content.startswith(magic):
            raise ValueError(f"The file must be a text CSV, got {kind}: export its table as CSV first.")
    codec, name = next((found for mark, found in _MARKS.items() if content.startswith(mark)), (_by_zeros(content), ""))
    name = name or codec.upper().removesuffix("-LE").removesuffix("-BE")
    if not codec and b"\0" in content:
        raise ValueError(f"The file must be a text CSV, got binary data (a zero byte at position {content.index(0)}).")
    if not codec.startswith(("utf-16", "utf-32")):
        _check_lines(content)
    if codec:
        text = content.decode(codec, errors="replace")
    else:
        text, name = _decode_unmarked(content)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise ValueError("The file must hold a header and rows, got an empty file.")
    if (lines := text.count("\n")) > MAX_LINES:
        raise ValueError(f"The file must have at most {MAX_LINES:,} lines, got {lines:,}.")
    _refuse_markup(text)
    return text, name


def clean_name(cell: str) -> str:
    """A column's name without control characters, and without blanks around it."""
    return "".join(mark for mark in cell if unicodedata.category(mark) not in ("Cc", "Cf", "Co", "Cn")).strip()


def _by_zeros(content: bytes) -> str:
    """UTF-16 or UTF-32 without a mark, by where the zero bytes of plain letters stand; "" where it is neither."""
    head = np.frombuffer(content[:4000], np.uint8)
    if len(head) < 8 or not (head == 0).any():
        return ""
    if len(content) % 4 == 0:
        zeros = (head[: len(head) // 4 * 4].reshape(-1, 4) == 0).mean(axis=0)
        if zeros[3] > 0.9 and zeros[2] > 0.9 and zeros[0] < 0.1:
            return "utf-32-le"
        if zeros[0] > 0.9 and zeros[1] > 0.9 and zeros[3] < 0.1:
            return "utf-32-be"
    zeros = (head[: len(head) // 2 * 2].reshape(-1, 2) == 0).mean(axis=0)
    if len(content) % 2 or abs(zeros[0] - zeros[1]) < 0.4:
        return ""
    return "utf-16-le" if zeros[1] > zeros[0] else "utf-16-be"


def _check_lines(content: bytes) -> None:
    """Refuses a line that no table has, before it is copied."""
    if len(content) <= MAX_LINE:
        return
    marks = np.frombuffer(content, np.uint8)
    ends = np.flatnonzero((marks == 10) | (marks == 13))
    lengths = np.diff(ends, prepend=-1, append=len(content))
    if lengths.max() > MAX_LINE:
        place = int(np.argmax(lengths)) + 1
        raise ValueError(f"Row {place} must have at most {MAX_LINE:,} characters, got {lengths.max() - 1:,}: is it a table?")

    quotes = np.flatnonzero(marks == ord('"'))
    if len(quotes):  # a quoted cell may hold lines of its own: those that open, and those that close
        edge = np.frombuffer(b",;\t|\n\r", np.uint8)
        before, after = marks[np.maximum(quotes - 1, 0)], marks[np.minimum(quotes + 1, len(marks) - 1)]
        opening = quotes[np.isin(before, edge) | (quotes == 0)]
        closing = quotes[np.isin(after, edge) | (quotes == len(marks) - 1)]
        ends = np.append(closing, len(content))[np.searchsorted(closing, opening, side="right")]
        if len(opening) and (ends - opening).max() > MAX_LINE:
            place = 1 + int(np.count_nonzero(marks[: opening[np.argmax(ends - opening)]] == 10))
            raise ValueError(f"Row {place} opens a quote that is not closed within {MAX_LINE:,} characters: is it a table?")


def _decode_unmarked(content: bytes) -> tuple[str, str]:
    try:
        return content.decode(), "UTF-8"
    except UnicodeDecodeError:
        pass
    beyond = _beyond_ascii(content)
    scores = {codec: _likelihood(beyond, codec) + _COMMON.get(codec, 0.0) for codec in _LIKELY}
    codec = max(scores, key=scores.__getitem__)
    return content.decode(codec, errors="replace"), _LIKELY[codec]


def _beyond_ascii(content: bytes) -> bytes:
    """The words that hold bytes beyond ASCII, blanks between them."""
    words = re.findall(rb"[A-Za-z\x80-\xff\x40-\x7e]*[\x80-\xff][A-Za-z\x80-\xff\x40-\x7e]*", content[: 40 * MAX_JUDGED])
    return b" ".join(words)[:MAX_JUDGED]


def _likelihood(words: bytes, codec: str) -> float:
    """How much a text reads like one under a codec: points a character beyond ASCII; what cannot be is at the bottom."""
    try:
        text = words.decode(codec)
    except UnicodeDecodeError as error:
        if error.start < len(words) - 4:
            return -np.inf
        text = words[: error.start].decode(codec)
    characters = [mark for mark in text if ord(mark) > 127]
    letters = [mark.lower() for mark in characters if unicodedata.category(mark) in ("Ll", "Lu")]
    points = sum(_points(mark, codec) for mark in characters)
    if codec in _ALPHABETS:
        points += max(sum(known.get(mark, 0.0) for mark in letters) for known in _ALPHABETS[codec])
    for pattern in (_CAPITAL_INSIDE, _SYMBOL_INSIDE, _DEGREES):
        points -= 1.5 * len(pattern.findall(text))
    if codec not in _ALPHABETS:  # words of another script hold no Latin letters
        points -= 2 * len(_SCRIPTS_MIXED.findall(text))
    return points / max(1, len(characters))


_ALPHABETS: dict[str, list[dict[str, float]]] = dict.fromkeys(("cp1252", "mac_roman", "cp850"), _LETTERS[:7])
_ALPHABETS |= dict.fromkeys(("cp1250", "iso8859_2", "cp1254"), _LETTERS)
# A capital after a small letter, or a sign between letters, is a letter misread.
_CAPITAL_INSIDE = re.compile(r"[a-zß-öø-ÿа-яα-ω](?=[^\x00-\x7f])(?=[À-ÖØ-ÞŒŠŽŸА-ЯΑ-Ω])")
_SYMBOL_INSIDE = re.compile(r"(?<=[^\W\d_])[^\x00-\x7f\w\s’‘](?=[^\W\d_])")
_DEGREES = re.compile(r"(?<![^\W\d_])[^\x00-\x7f°º](?=[CFK]\b)")  # before a C by itself stands a degree
_SCRIPTS_MIXED = re.compile(r"[A-Za-z][\u0370-\U0010ffff]|[\u0370-\U0010ffff][A-Za-z]")


def _points(mark: str, codec: str) -> float:
    """Of one character beyond ASCII; letters of Latin alphabets are counted apart."""
    kind, number = unicodedata.category(mark), ord(mark)
    if kind in ("Cc", "Co", "Cn"):
        return -3.0
    if codec in ("cp932", "euc_jp"):
        return 1.0 if 0x3040 <= number < 0x30FF else 0.75 if 0x4E00 <= number < 0xA000 else -1.0
    if codec in ("gb18030", "big5"):
        return (0.8 if _is_common(mark) else 0.2) if 0x4E00 <= number < 0xA000 else -1.0
    if codec == "euc_kr":
        return 0.85 if 0xAC00 <= number < 0xD7B0 else -0.5
    if codec in ("cp1251", "koi8_r", "cp1253"):
        script = "GREEK" if codec == "cp1253" else "CYRILLIC"
        if not unicodedata.name(mark, "").startswith(script):
            return -0.5
        return 0.9 if mark.islower() else 0.5
    return 0.9 if mark in _SYMBOLS else 0.0 if kind in ("Ll", "Lu") else -0.7


def _is_common(mark: str) -> bool:
    """Whether a Chinese character is among the commoner half of GB 2312."""
    try:
        return 0xB0 <= mark.encode("gb2312")[0] <= 0xD7
    except UnicodeEncodeError:
        return False


def _refuse_markup(text: str) -> None:
    """What is text, but no table."""
    head = text[:2000].lstrip("\ufeff \n\t").lower()
    kinds = {"<!doctype html": "a web page (HTML)", "<html": "a web page (HTML)", "<table": "a web page's table (HTML)"}
    kinds |= {"<?xml": "XML", "<svg": "a picture (SVG)", '{"': "JSON", "[{": "JSON", "{\n": "JSON", "[[": "JSON", "[\n": "JSON"}
    for start, kind in kinds.items():
        if head.startswith(start):
            raise ValueError(f"The file must be a text CSV, got {kind}: export its table as CSV first.")
