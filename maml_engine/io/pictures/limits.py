"""How much is read of what strangers hand over, and what a file is by its first bytes."""

from dataclasses import dataclass

from maml_engine.checks import shown


@dataclass(frozen=True)
class Limits:
    """What is read at the most.

    archive_bytes: of an archive as it is handed over.
    unpacked_bytes: of all files in an archive together.
    file_bytes: of one file.
    files: in a folder or an archive, whatever they are.
    pixels: of one picture. A JPEG may have twice as many: it is decoded at a half to an eighth of its sides.
    pool_bytes: of all pictures together as arrays; below 2^31, beyond which the compiler cannot address one array.
    """

    archive_bytes: int = 4_000_000_000
    unpacked_bytes: int = 4_000_000_000
    file_bytes: int = 50_000_000
    files: int = 200_000
    pixels: int = 25_000_000
    pool_bytes: int = 2_000_000_000


LIMITS = Limits()
# For a page, where several visitors share one machine.
PAGE_LIMITS = Limits(
    archive_bytes=50_000_000,
    unpacked_bytes=250_000_000,
    file_bytes=25_000_000,
    files=20_000,
    pixels=12_000_000,
    pool_bytes=200_000_000,
)


class UnusableFile(ValueError):
    """One file that cannot be used, among others that can; the message is one sentence for the person at the screen."""


_KINDS = {
    b"\x89PNG": "a PNG picture",
    b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture",
    b"BM": "a BMP picture",
    b"II*\0": "a TIFF picture",
    b"MM\0*": "a TIFF picture",
    b"PK": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"7z\xbc\xaf": "a 7z archive",
    b"Rar!": "a RAR archive",
    b"\xfd7zXZ": "an xz archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"%PDF": "a PDF document",
    b"%!PS": "a PostScript document",
    b"8BPS": "a Photoshop document",
    b"SIMPLE  =": "a FITS file",
    b"\x89HDF": "an HDF5 file",
    b"\x93NUMPY": "a NumPy array",
    b"MZ": "a Windows program",
    b"\x7fELF": "a program",
}
_BOXES = {"avif": "an AVIF picture", "heic": "a HEIC picture, as iPhones save them", "mif1": "a HEIC picture"}
_ARCHIVES = ("a zip archive", "a gzip archive", "a bzip2 archive", "a 7z archive", "a RAR archive", "an xz archive")
_PICTURES = ("a PNG picture", "a JPEG picture", "a GIF picture", "a BMP picture", "a TIFF picture", "a WebP picture")


def kind_of(head: bytes) -> str:
    """What a file is by its first hundred bytes or so, with its article; never by its name."""
    if not head:
        return "an empty file"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "a WebP picture"
    if head[4:8] == b"ftyp":
        brand = head[8:12].decode("latin-1")
        return _BOXES.get(brand, "a HEIC picture, as iPhones save them" if brand.startswith("he") else "a film")
    if head[257:262] == b"ustar":
        return "a tar archive"
    if head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return "a PNM picture"
    for magic, kind in _KINDS.items():
        if head.startswith(magic):
            return kind
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<svg", b"<?xml")):
        return "an SVG picture" if b"<svg" in text else "XML"
    if text.startswith((b"<!doctype", b"<html")):
        return "a web page (HTML)"
    is_text = not any(byte < 9 or 13 < byte < 27 for byte in head)
    return f"text ({shown(head[:24].decode('utf-8', 'replace'))})" if is_text else "data of an unknown kind"


def is_picture(head: bytes) -> bool:
    """Whether a file begins as a picture that is opened here."""
    return kind_of(head) in (*_PICTURES, "a PNM picture")


def is_archive(head: bytes) -> bool:
    """Whether a file begins as an archive of any kind."""
    return kind_of(head) in (*_ARCHIVES, "a tar archive", "a zstd archive")


def too_large(name: str, most: int) -> UnusableFile:
    """The refusal of one file."""
    return UnusableFile(f"{shown(name)} must be a file of at most {megabytes(most)}, got a larger one.")


def megabytes(count: int) -> str:
    """A number of bytes for a sentence."""
    return f"{count / 1e6:,.3g} MB" if count < 1e9 else f"{count / 1e9:,.3g} GB"
