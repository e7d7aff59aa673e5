"""One picture: what is refused, and what comes out of those that are odd."""

import time
import tracemalloc
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from maml_engine.io.pictures.limits import Limits, UnusableFile
from maml_engine.io.pictures.opening import read_header, read_picture
from tests.io.pictures.drawn import drawing, photo, saved

GREY = saved(drawing(1))


def corner(kind="RGB", *, red=(255, 0, 0)):
    """White, and red in the upper left."""
    picture = Image.new("RGB", (40, 20), (255, 255, 255))
    picture.paste(red, (0, 0, 20, 10))
    return picture.convert(kind)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM"])
def test_each_format_is_opened_by_its_content(kind):
    picture = read_picture(saved(corner(), kind), "whatever.txt", colour=True)
    assert picture.shape == (20, 40, 3)
    assert picture[2, 2, 0] > 200 > 60 > picture[2, 2, 1]
    np.testing.assert_allclose(picture[15, 30], 255, atol=4)
    assert read_header(saved(corner(), kind), "x")[:2] == (40, 20)


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"hello", r"must be a picture \(PNG, JPEG, GIF, BMP, WebP, TIFF or PNM\), got text \('hello'\)"),
        (b"", "got an empty file"),
        (b"%PDF-1.7", "got a PDF document"),
        (b"\0\0\0\x18ftypheic", "got a HEIC picture, as iPhones save them"),
        (b'<svg xmlns="x"/>', "got an SVG picture"),
        (b"SIMPLE  =                    T", "got a FITS file"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "got a PostScript document"),
        (GREY[:100], "is cut off or damaged: a PNG picture"),
        (saved(photo(0, width=400, height=300), "JPEG")[:2000], "is cut off or damaged: a JPEG picture"),
    ],
)
def test_what_is_no_picture_is_refused_by_its_name_in_one_sentence(content, complaint):
    with pytest.raises(UnusableFile, match=complaint) as refusal:
        read_picture(content, "a.png")
    assert str(refusal.value).startswith("'a.png' ") and len(str(refusal.value).splitlines()) == 1


def png_header(width, height):
    import struct
    import zlib

    head = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = b"IDAT" + zlib.compress(b"\0" * 1000)
    parts = [struct.pack(">I", len(part) - 4) + part + struct.pack(">I", zlib.crc32(part)) for part in (head, data)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(
    ("width", "height", "complaint"),
    [
        (6000, 6000, "at most 25,000,000 pixels, got 6,000 x 6,000"),
        (11_000, 10_000, "at most 25,000,000 pixels, got "),
        (20_000, 20_000, "at most 25,000,000 pixels, got 400,000,000"),
        (1, 2**31 - 1, "at most 25,000,000 pixels, got "),
    ],
)
def test_too_many_pixels_are_refused_before_they_are_decoded(width, height, complaint):
    tracemalloc.start()
    begin = time.process_time()
    with pytest.raises(UnusableFile, match=complaint):
        read_picture(png_header(width, height), "large.png", size=28)
    assert time.process_time() - begin < 1.0
    assert tracemalloc.get_traced_memory()[1] < 1e6
    tracemalloc.stop()


def test_a_jpeg_may_have_twice_as_many_where_it_is_scaled_down():
    content, limits = saved(photo(2, width=300, height=200), "JPEG"), Limits(pixels=40_000)
    assert read_picture(content, "a.jpg", size=28, limits=limits).shape == (28, 28, 1)
    with pytest.raises(UnusableFile, match="at most 40,000 pixels, got 300 x 200"):
        read_picture(content, "a.jpg", limits=limits)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_turned_as_the_camera_was_held(orientation):
    """The corner that is red when upright, stored as a camera of each orientation would store it."""
    from PIL.Image import Transpose as By

    back = {
        2: By.FLIP_LEFT_RIGHT,
        3: By.ROTATE_180,
        4: By.FLIP_TOP_BOTTOM,
        5: By.TRANSPOSE,
        6: By.ROTATE_90,
        7: By.TRANSVERSE,
        8: By.ROTATE_270,
    }
    stored = corner().transpose(back[orientation]) if orientation > 1 else corner()
    exif = Image.Exif()
    exif[274] = orientation
    for kind in ("JPEG", "PNG", "WEBP"):
        content = saved(stored, kind, exif=exif)
        picture = read_picture(content, "a", colour=True)
        assert picture.shape == (20, 40, 3)
        assert picture[2, 2, 1] < 60 and picture[15, 2, 1] > 200 and picture[2, 35, 1] > 200
        assert read_header(content, "a")[:2] == (40, 20)


def test_exif_that_is_damaged_makes_no_picture_unusable():
    content = saved(corner(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\xff\xff\xff\xff")
    assert read_picture(content, "a").shape == (20, 40, 1)


def test_colours_for_print_and_of_a_palette_become_what_is_seen():
    for kind, mode in [("JPEG", "CMYK"), ("TIFF", "CMYK"), ("PNG", "P"), ("GIF", "P"), ("TIFF", "YCbCr")]:
        picture = read_picture(saved(corner(mode), kind), "a", colour=True)
        assert picture[2, 2, 0] > 200 > 90 > picture[2, 2, 1], (kind, mode)
        assert picture[15, 30].min() > 240, (kind, mode)


@pytest.mark.parametrize(("dtype", "largest"), [(np.uint16, 65_535), (np.uint16, 4095), (np.int32, 65_535), (np.float32, 1)])
def test_deeper_pictures_become_eight_bits(dtype, largest):
    ramp = np.linspace(0, largest, 256).reshape(16, 16).astype(dtype)
    picture = read_picture(saved(Image.fromarray(ramp), "TIFF"), "a")
    np.testing.assert_allclose(picture.ravel(), np.arange(256), atol=1)
    if dtype == np.uint16:
        picture = read_picture(saved(Image.fromarray(ramp)), "a")
        np.testing.assert_allclose(picture.ravel(), np.arange(256), atol=1)


def test_numbers_that_are_not_finite_are_black():
    values = np.array([[np.nan, 1.0], [np.inf, 0.5]], np.float32)
    assert read_picture(saved(Image.fromarray(values), "TIFF"), "a").ravel().tolist() == [0, 255, 0, 128]


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_of_an_animation_the_first_picture_is_taken(kind):
    content = saved(corner(), kind, save_all=True, append_images=[corner(red=(0, 0, 255)), corner(red=(0, 255, 0))])
    picture = read_picture(content, "a", colour=True)
    assert picture.shape == (20, 40, 3)
    assert picture[2, 2, 0] > 200 > 60 > picture[2, 2, 2]


def test_what_is_transparent_shows_white_paper_and_white_ink_black():
    for ink, paper in [(0, 255), (255, 0)]:
        picture = Image.new("RGBA", (80, 80), (128, 128, 128, 0))
        picture.paste((ink, ink, ink, 255), (20, 20, 60, 60))
        grey = read_picture(saved(picture), "a")
        assert (grey[5, 5, 0], grey[40, 40, 0]) == (paper, ink)
        small = read_picture(saved(picture.resize((24, 24))), "a", size=28)
        assert abs(int(small[2, 2, 0]) - paper) < 5 and abs(int(small[14, 14, 0]) - ink) < 5
    palette = Image.new("P", (10, 10), 0)
    palette.putpalette([0, 0, 0, 255, 0, 0])
    palette.paste(1, (0, 0, 5, 5))
    assert read_picture(saved(palette, transparency=0), "a", colour=True)[8, 8].tolist() == [255, 255, 255]
    key = saved(Image.new("RGB", (4, 4), (1, 2, 3)), transparency=(1, 2, 3))
    assert read_picture(key, "a", colour=True).min() == 255


def test_a_photograph_is_cropped_about_its_middle_and_a_drawing_set_on_its_paper():
    wide = Image.new("L", (90, 30), 200)
    wide.paste(0, (28, 0, 62, 30))
    assert read_picture(saved(wide), "a", size=28).max() < 5
    whole = read_picture(saved(wide), "a", size=28, whole=True)[..., 0]
    assert whole.shape == (28, 28)
    assert whole[0, 0] == whole[-1, -1] == whole[14, 0] == 200
    assert whole[14, 14] == 0
    for size in [(1, 500), (500, 1), (1, 1), (3, 2)]:
        for is_whole in (False, True):
            assert read_picture(saved(Image.new("RGB", size)), "a", size=28, colour=True, whole=is_whole).shape == (28, 28, 3)


def test_thin_strokes_are_not_lost_when_scaled_down():
    picture = Image.new("1", (105, 105), 1)
    picture.paste(0, (50, 0, 53, 105))
    small = 255 - read_picture(saved(picture), "a", size=28)
    assert small[..., 0].sum(axis=1).min() > 150  # in every row about as much ink as there was


@settings(max_examples=200)
@given(st.sampled_from(["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM"]), st.data())
def test_pictures_altered_anywhere_are_decoded_or_refused_in_one_sentence(kind, data):
    content = bytearray(saved(corner(), kind))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        picture = read_picture(bytes(content), "a.png", size=28, colour=True)
        assert picture.shape == (28, 28, 3) and picture.dtype == np.uint8
    except UnusableFile as refusal:
        assert len(str(refusal).splitlines()) == 1


def test_odd_metadata_warns_nobody():
    content = saved(Image.new("P", (8, 8)), transparency=bytes(range(8)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert read_picture(content, "a").shape == (8, 8, 1)
