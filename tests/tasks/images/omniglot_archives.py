"""Small archives in the layout of Omniglot's authors, of pictures that the tests draw."""

import io
import zipfile

import numpy as np
from PIL import Image


def drawing(rng):
    """105 x 105, one bit a pixel; ink 0."""
    ink = np.zeros((105, 105), bool)
    row, column = rng.integers(20, 80, 2)
    ink[row : row + 4, 10:95] = True
    ink[10:95, column : column + 4] = True
    file = io.BytesIO()
    Image.fromarray(~ink).convert("1").save(file, "PNG")
    return file.getvalue()


def write_archive(path, top, alphabets, start=1):
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{top}/", b"")  # the authors' have entries for folders
        number = start
        for alphabet, count in alphabets.items():
            for character in range(1, count + 1):
                folder = f"{top}/{alphabet}/character{character:02d}"
                archive.writestr(f"{folder}/", b"")
                for drawer in range(20, 0, -1):  # in no order
                    archive.writestr(f"{folder}/{number:04d}_{drawer:02d}.png", drawing(rng))
                number += 1


def write_runs(path):
    """Two runs of twenty pictures; those that are asked, by run and place, and the class of each, the same in both."""
    rng = np.random.default_rng(1)
    known, asked = ([[drawing(rng) for _ in range(20)] for _ in range(2)] for _ in range(2))
    order = rng.permutation(20)
    with zipfile.ZipFile(path, "w") as archive:
        for run in range(2):
            lines = []
            for place in range(20):
                archive.writestr(f"run{run + 1:02d}/training/class{place + 1:02d}.png", known[run][place])
                archive.writestr(f"run{run + 1:02d}/test/item{place + 1:02d}.png", asked[run][place])
                right = f"run{run + 1:02d}/training/class{order[place] + 1:02d}.png"
                lines.append(f"run{run + 1:02d}/test/item{place + 1:02d}.png {right}")
            archive.writestr(f"run{run + 1:02d}/class_labels.txt", "\n".join(lines))
    return asked, order
