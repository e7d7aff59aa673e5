"""One picture: opened by its content, judged before it is decoded, and made upright, eight bits deep and of one size.

What it is called plays no part. Only formats of a short list are opened, and no more than the first picture of an animation.
"""

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from maml_engine.checks import shown
from maml_engine.io.pictures.limits import LIMITS, Limits, UnusableFile, kind_of
from maml_engine.runtime.extras import brought_by

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
ENDINGS = (".png", ".jpg", ".jpeg", ".jfif", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm", ".pnm")
ALLOWED = "PNG, JPEG, GIF, BMP, WebP, TIFF or PNM"
GREY_MODES = ("1", "L", "LA", "La", "I", "I;16", "I;16B", "I;16L", "F")
ORIENTATION = 274  # where EXIF says how the camera was held
PAPER = 255
DEPTHS = (255, 4095, 65_535)  # of 8, 12 and 16 bits


class Header(NamedTuple):
    """What a picture says of itself before it is decoded.

    width: pixels across, upright.
    height: pixels down.
    is_grey: whether it has no colours, judged by how it is stored.
    """

    width: int
    height: int
    is_grey: bool


def read_header(content: bytes, name: str, limits: Limits = LIMITS) -> Header:
    """What a picture says of itself.

    Args:
      content: of the file.
      name: what a refusal calls it.
      limits: of its pixels.

    Raises:
      UnusableFile: one sentence: no picture of the formats that are opened, too many pixels, or damaged.
    """
    with _picture(content, name, limits) as image:
        width, height = image.size
        if _orientation(image) >= 5:
            width, height = height, width
        return Header(width, height, image.mode in GREY_MODES)


def read_picture(
    content: bytes, name: str, *, size: int | None = None, colour: bool = False, whole: bool = False, limits: Limits = LIMITS
) -> np.ndarray:
    """A picture as bytes, upright; what is transparent shows white paper.

    Args:
      content: of the file.
      name: what a refusal calls it.
      size: height and width to scale it to; None leaves it as it is.
      colour: whether to keep its colours.
      whole: whether a picture that is not square is set on a square of its paper, as a drawing should be; else it is cropped
        about its middle, as is usual with photographs.
      limits: of its pixels.

    Returns:
      uint8 `[height, width, channels]`, 1 channel or 3; 255 is white.

    Raises:
      UnusableFile: as `read_header`, or it is cut off.
    """
    with _picture(content, name, limits) as image:
        orientation = _orientation(image)
        if size is not None:
            image.draft(None, (2 * size, 2 * size))  # a JPEG is decoded no larger than it need be
        elif image.width * image.height > limits.pixels:
            raise _too_many_pixels(name, image.size, limits.pixels)
        image.load()
        image = _upright(_plain(image, colour), orientation)
        if size is not None and image.size != (size, size):
            image = _on_paper(image, size) if whole else _cropped(image, size)
        pixels = np.array(image)
        return pixels if pixels.ndim == 3 else pixels[..., None]


@contextmanager
def _picture(content: bytes, name: str, limits: Limits) -> Iterator["Image.Image"]:
    """A picture that is opened but not decoded; whatever goes wrong with it becomes one sentence."""
    with brought_by("pictures"):
        from PIL import Image, UnidentifiedImageError

    bombs = (Image.DecompressionBombError, Image.DecompressionBombWarning)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"PIL\.")  # of metadata that is odd, and pixels that are counted here
            image = Image.open(io.BytesIO(content), formats=FORMATS)
            # A JPEG is decoded at a fraction of its size.
            most = 2 * limits.pixels if image.format in ("JPEG", "MPO") else limits.pixels
            if image.width * image.height > most:
                raise _too_many_pixels(name, image.size, most)
            yield image
    except UnusableFile:
        raise
    except UnidentifiedImageError:
        raise UnusableFile(f"{shown(name)} must be a picture ({ALLOWED}), got {kind_of(content[:512])}.") from None
    except bombs as error:
        got = next((f"{int(number):,}" for number in re.findall(r"\((\d+) pixels", str(error))), "far more")
        raise UnusableFile(f"{shown(name)} must have at most {limits.pixels:,} pixels, got {got}.") from None
    except Exception as error:  # readers of damaged pictures fail in any way
        reason = " ".join(str(error).split())[:60].rstrip(".") or type(error).__name__
        raise UnusableFile(
            f"{shown(name)} is cut off or damaged: {kind_of(content[:512])} that cannot be read ({reason})."
        ) from None


def _too_many_pixels(name: str, size: tuple[int, int], most: int) -> UnusableFile:
    width, height = size
    return UnusableFile(f"{shown(name)} must have at most {most:,} pixels, got {width:,} x {height:,}: make it smaller.")


def _orientation(image: "Image.Image") -> int:
    """How it is to be turned, 1 to 8 as EXIF counts; 1 where it does not say."""
    try:
        turn = image.getexif().get(ORIENTATION, 1)
    except Exception:  # EXIF that is damaged does not make a picture unusable
        return 1
    return turn if turn in range(1, 9) else 1


def _upright(image: "Image.Image", orientation: int) -> "Image.Image":
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(turns[orientation]) if orientation in turns else image


def _plain(image: "Image.Image", colour: bool) -> "Image.Image":
    """Eight bits deep, grey or in colour, on paper."""
    from PIL import Image

    if image.mode.startswith("I") or image.mode == "F":
        image = Image.fromarray(_eight_bits(np.asarray(image)))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, _paper_of(image)), image)
    return image.convert("RGB" if colour else "L")


def _eight_bits(values: np.ndarray) -> np.ndarray:
    """Numbers `[height, width]` of another depth as bytes: their depth is the least that holds the largest of them."""
    values = np.nan_to_num(values.astype(np.float32), posinf=0.0, neginf=0.0).clip(0)
    largest = values.max(initial=0.0)
    depth = 1.0 if 0 < largest <= 1 else next((depth for depth in DEPTHS if largest <= depth), largest)
    return np.round(values * (255.0 / depth)).astype(np.uint8)


def _paper_of(image: "Image.Image") -> tuple[int, int, int, int]:
    """White; black under white ink, which white paper would hide."""
    small = np.asarray(image.reduce(max(1, min(image.size) // 32))) if min(image.size) > 64 else np.asarray(image)
    visible = small[small[..., 3] > 127][:, :3]
    is_white = len(visible) and visible.min() > 230 and (small[..., 3] < 128).any()
    return (0, 0, 0, 255) if is_white else (PAPER, PAPER, PAPER, 255)


def _cropped(image: "Image.Image", size: int) -> "Image.Image":
    from PIL.Image import Resampling

    side = min(image.size)
    left, top = (image.width - side) / 2, (image.height - side) / 2
    return image.resize((size, size), Resampling.LANCZOS, box=(left, top, left + side, top + side), reducing_gap=3.0)


def _on_paper(image: "Image.Image", size: int) -> "Image.Image":
    from PIL import Image

    scale = size / max(image.size)
    width, height = (max(1, round(side * scale)) for side in image.size)
    small = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=3.0)
    if width == height:
        return small
    pixels = np.asarray(small)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    paper: Any = np.median(edge, axis=0).astype(int)
    square = Image.new(small.mode, (size, size), tuple(paper) if paper.ndim else int(paper))
    square.paste(small, ((size - width) // 2, (size - height) // 2))
    return square
