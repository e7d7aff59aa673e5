"""Pictures that the tests draw themselves."""

import io

import numpy as np
from PIL import Image, ImageDraw


def drawing(seed, *, size=40, ink=0, paper=255):
    """A few strokes, grey."""
    rng = np.random.default_rng(seed)
    picture = Image.new("L", (size, size), paper)
    pen = ImageDraw.Draw(picture)
    for _ in range(2):
        pen.line([tuple(map(int, point)) for point in rng.uniform(0.2 * size, 0.8 * size, (3, 2))], fill=ink, width=3)
    return picture


def photo(seed, *, width=40, height=32):
    """Smooth colours without any paper."""
    small = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def saved(picture, kind="PNG", **options):
    """A picture's file."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def class_folders(classes=3, pictures=4, *, name="class {}", of=drawing, kind="PNG", top=""):
    """Files by path: a folder for each class."""
    return {
        f"{top}{name.format(number)}/{place}.png": saved(of(100 * number + place), kind)
        for number in range(classes)
        for place in range(pictures)
    }
