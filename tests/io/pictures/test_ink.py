"""Whether pictures are drawings, and of which ink."""

import numpy as np
import pytest

from maml_engine.io.pictures.ink import cleaned, is_blank, look_of, with_ink
from maml_engine.io.pictures.opening import read_picture
from tests.io.pictures.drawn import drawing, photo, saved


def pictures(of, count=12, **options):
    return [read_picture(saved(of(seed, **options)), "a", size=64, colour=True) for seed in range(count)]


@pytest.mark.parametrize(
    ("ink", "paper", "expected"),
    [(0, 255, "dark"), (255, 0, "bright"), (60, 210, "dark"), (200, 20, "bright"), (30, 180, "dark")],
)
def test_drawings_are_known_by_their_paper(ink, paper, expected):
    assert look_of(pictures(drawing, ink=ink, paper=paper)) == (True, True, expected, paper, 0.0)


def test_photographs_are_no_drawings_grey_ones_neither():
    assert look_of(pictures(photo))[:3] == (False, False, "bright")
    assert look_of([np.repeat(picture[..., :1], 3, axis=-1) for picture in pictures(photo)])[:3] == (False, True, "bright")
    noise = np.random.default_rng(0).integers(0, 256, (12, 64, 64, 3), dtype=np.uint8)
    assert look_of(list(noise))[:3] == (False, False, "bright")


def test_one_odd_picture_among_many_decides_nothing():
    assert look_of([*pictures(drawing, 11), *pictures(photo, 1)])[:3] == (True, True, "dark")
    assert look_of([*pictures(drawing, 11), *pictures(drawing, 2, ink=255, paper=0)]).ink == "dark"


def test_how_many_drawings_have_the_other_ink():
    bright = pictures(drawing, 4, ink=255, paper=0)
    assert look_of([*pictures(drawing, 12), *bright]).others == 0.25
    assert look_of([*pictures(drawing, 1), *bright, *pictures(photo, 1)]).others == 0.2


def test_ink_is_bright_whichever_it_was():
    dark, bright = np.array([0, 200], np.uint8), np.array([255, 55], np.uint8)
    assert with_ink(dark, "dark").tolist() == with_ink(bright, "bright").tolist() == [255, 55]


def test_paper_that_a_camera_saw_is_cleaned_and_clean_paper_stays():
    rng = np.random.default_rng(0)
    clean = 255 - np.asarray(drawing(3, size=64))[..., None]
    assert cleaned(clean) is clean
    seen = np.clip(60 + 0.5 * clean + rng.normal(0, 3, clean.shape), 0, 255).astype(np.uint8)
    result = cleaned(seen)
    assert result[clean == 0].mean() < 5
    assert result[clean == 255].mean() > 240


def test_nothing_drawn_is_noticed_and_not_blown_up():
    rng = np.random.default_rng(0)
    paper = rng.integers(40, 50, (28, 28, 1)).astype(np.uint8)
    assert is_blank(paper) and cleaned(paper) is paper
    assert not is_blank(np.asarray(drawing(0))[..., None])


def test_a_sheet_in_warm_light_may_be_taken_for_drawings():
    sheets = [(picture * [0.8, 0.7, 0.5]).astype(np.uint8) for picture in pictures(drawing, 6)]
    assert not look_of(sheets).is_drawing
    assert look_of(sheets).as_drawing()[:3] == (True, False, "dark")
    assert look_of([255 - sheet for sheet in sheets]).as_drawing().ink == "bright"
