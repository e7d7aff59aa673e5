"""The drawing pad: what a browser or a file may send, what a network sees, and which learners the browser computes."""

import json

import numpy as np
import pytest

from dashboard.components.drawing_pad.strokes import FORMAT, MAX_STROKES, SIZE, checked, parse, raster
from dashboard.components.drawing_pad.weights import weights
from tests.drawn import drawings, pad_learner, pad_learners

GOOD = {"classes": [{"name": "A", "drawings": [[[0, 0, 10, 10]]]}, {"name": "", "drawings": [[]]}], "query": []}


def test_what_is_taken_along_comes_back():
    drawn = drawings(ways=3, shots=2)
    assert parse(drawn.to_json()) == drawn
    assert checked(json.loads(json.dumps(drawn.sent()))) == drawn


def test_empty_drawings_are_left_out_and_names_are_given():
    assert checked(GOOD).drawings == ((((0, 0, 10, 10),),), ())
    assert checked(GOOD).names == ("A", "2")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"classes": None}, "2 to 10 classes, got something else"),
        ({"classes": GOOD["classes"] * 6}, "2 to 10 classes, got 12"),
        ({"classes": [{"name": 1, "drawings": []}] * 2}, "Class 1 must have a name"),
        ({"classes": [{"name": "A", "drawings": [[]] * 6}] * 2}, "at most 5 drawings"),
        ({"classes": [7, 8]}, "Class 1"),
        ({"query": None}, "list of at most 40 strokes"),
        ({"query": [[1, 1]] * (MAX_STROKES + 1)}, "list of at most 40 strokes"),
        ({"query": [[1]]}, "x and y in turn"),
        ({"query": [[1, 2, 3]]}, "x and y in turn"),
        ({"query": ["12"]}, "x and y in turn"),
        ({"query": [[1, 1001]]}, "whole numbers from 0 to 1000"),
        ({"query": [[1, -1]]}, "whole numbers"),
        ({"query": [[1, 1.5]]}, "whole numbers"),
        ({"query": [[1, True]]}, "whole numbers"),
        ({"query": [[1, 1] * 1501]}, "at most 1500 points"),
    ],
)
def test_what_is_no_drawing_is_refused_in_one_sentence(change, words):
    with pytest.raises(ValueError, match=words):
        checked(GOOD | change)


@pytest.mark.parametrize("text", [b"\x89PNG\r\n", "{", "[" * 100_000, '{"format": "x"}', "[]", json.dumps({"format": FORMAT})])
def test_another_file_is_refused_in_one_sentence(text):
    with pytest.raises(ValueError, match=r"drawings|classes"):
        parse(text)


def test_support_is_class_by_class():
    x, y = drawings(ways=3, shots=2).support()
    assert x.shape == (6, SIZE, SIZE, 1) and x.min() >= 0 and x.max() == 1
    np.testing.assert_array_equal(y.argmax(1), [0, 0, 1, 1, 2, 2])


def test_a_drawing_is_centred_and_as_large_as_the_training_images():
    image = raster(((0, 0, 400, 0, 400, 900),))
    rows, columns = np.where(image >= 0.5)
    assert (rows.min() + rows.max(), columns.min() + columns.max()) == (SIZE - 1, SIZE - 1)
    assert abs(np.ptp(rows) - 17) <= 1
    np.testing.assert_allclose(image, raster(((100, 50, 300, 50, 300, 500),)), atol=1e-9)
    assert not raster(()).any()


@pytest.mark.parametrize("name", pad_learners())
def test_weights_of_each_kind_are_sent(name):
    sent = weights(pad_learners()[name])
    json.dumps(sent)
    assert sent["layout"]["features"] == [1, 16, 16, 16, 16]
    assert sent["digest"] == weights(pad_learners()[name])["digest"]


@pytest.mark.parametrize(
    ("learner", "words"),
    [
        (lambda: pad_learner("metasgd"), "MetaSGD"),
        (lambda: pad_learner("maml", norm="batch"), "normalises a picture by others"),
        (lambda: pad_learner("maml", inner_optimizer="momentum"), "inner optimiser"),
    ],
)
def test_a_learner_that_the_browser_cannot_compute_says_why(learner, words):
    with pytest.raises(ValueError, match=words):
        weights(learner())
