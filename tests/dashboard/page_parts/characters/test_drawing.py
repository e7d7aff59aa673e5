"""What is taken along from the pad comes back, and nothing else does."""

import io
import zipfile

import pytest

from dashboard.components.drawing_pad.strokes import parse
from dashboard.page_parts.characters import drawing
from maml_engine import Learner
from tests.drawn import drawings
from tests.zips import zipped


def test_drawings_and_learner_go_along_as_a_zip(tmp_path):
    from dashboard.engine_calls import resources

    learner, drawn = resources.shipped_learners()["sinusoid_maml"], drawings(3, 2)
    content = drawing.packed(drawn, learner)
    assert parse(drawing.unpacked(content)) == drawn
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path)
    assert Learner.load(tmp_path / "learner").experiment == learner.experiment


def test_the_file_alone_comes_back_too():
    assert parse(drawing.unpacked(drawings(2, 1).to_json().encode())) == drawings(2, 1)


GOOD = zipped({drawing.DRAWINGS_FILE: drawings(2, 1).to_json().encode()}, zipfile.ZIP_DEFLATED)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04", "cut off, encrypted or damaged"),
        (GOOD[: len(GOOD) // 2], "cut off"),
        (GOOD[:60] + bytes(20) + GOOD[80:], "damaged"),
        (zipped({"other": b"x"}), "there is no drawings.json"),
        (zipped({drawing.DRAWINGS_FILE: b" " * (drawing.MAX_BYTES + 1)}), "larger than 4 MB"),
    ],
)
def test_a_zip_that_cannot_be_read_is_refused_in_one_sentence(content, words):
    with pytest.raises(ValueError, match=words):
        drawing.unpacked(content)
