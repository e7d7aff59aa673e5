"""Asking a learner about pictures."""

import numpy as np
import pytest
from PIL import Image

from maml_engine import Experiment, Learner
from maml_engine.io.pictures.describing import describe_pictures
from maml_engine.learner.pictures import classify_pictures, seen_by
from tests.io.pictures.drawn import class_folders, drawing, saved


@pytest.fixture(scope="module")
def learner():
    """One that knows drawings alone; it compares embeddings, which at random tell the same pictures from others."""
    run = {"tasks": "glyphs", "n_way": 4, "k_shot": 1, "k_query": 1, "meta_batch_size": 1}
    return Learner.untrained(Experiment(**run, model="conv4", loss="softmax_cross_entropy", method="protonet"))


def test_one_by_one_a_picture_is_seen_among_the_supports_and_not_normalised_by_itself(learner):
    support = describe_pictures(class_folders(3, 2))
    alone = classify_pictures(learner, support, support, one_by_one=True)
    assert alone.right == 6 and not alone.transductive
    one = classify_pictures(learner, support, describe_pictures({"a.png": saved(drawing(101))}))  # fewer than classes
    assert one.chosen == ["class 1"] and not one.transductive
    np.testing.assert_allclose(one.probabilities[0], alone.probabilities[3], atol=1e-4)


def sheet(seed):
    """A photograph of a drawing in warm light, a little dark, with noise."""
    rng = np.random.default_rng(seed)
    grey = np.asarray(drawing(seed, size=80), np.float32)[..., None]
    seen = (60 + 0.6 * grey) * [1.0, 0.9, 0.7] + rng.normal(0, 3, (80, 80, 3))
    return Image.fromarray(seen.clip(0, 255).astype(np.uint8))


def test_the_same_pictures_are_found_again_and_folders_are_the_truth(learner):
    support = describe_pictures(class_folders(3, 2))
    found = classify_pictures(learner, support, support)
    assert found.classes == ("class 0", "class 1", "class 2")
    assert found.probabilities.shape == (6, 3)  # of the learner's four classes, three are here
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1)
    assert found.right == 6 and found.truth == tuple(np.repeat(found.classes, 2)) and found.chosen == list(found.truth)


def test_photographs_of_sheets_are_drawings_to_a_learner_that_knows_drawings_alone(learner):
    support = describe_pictures(class_folders(3, 1, of=lambda seed: drawing(seed, size=80)))
    query = describe_pictures(class_folders(3, 1, of=sheet, kind="JPEG"))
    assert not query.look.is_drawing
    # White ink on a blackboard, too.
    board = {name: saved(sheet(100 * int(name[6])).point(lambda value: 255 - value)) for name in class_folders(3, 1)}
    drawn = seen_by(learner, support).images.reshape(3, -1).astype(float)
    for pictures in (query, describe_pictures(board)):
        seen = seen_by(learner, pictures).images
        assert seen.shape == (3, 28, 28, 1)
        likeness = np.corrcoef(drawn, seen.reshape(3, -1))[:3, 3:]
        assert likeness.diagonal().min() > 0.95
        assert np.median(seen) == 0  # paper


def test_nothing_drawn_is_noticed(learner):
    query = describe_pictures({"empty.png": saved(Image.new("L", (40, 40), 255)), "full.png": saved(drawing(1))})
    found = classify_pictures(learner, describe_pictures(class_folders(2, 1)), query)
    assert "1 picture shows nothing: 'empty.png'." in found.notes
    assert found.truth == () and found.right == 0
    known = describe_pictures(class_folders(2, 1, of=lambda seed: Image.new("L", (40, 40), 255) if seed else drawing(1)))
    blank = [note for note in classify_pictures(learner, known, query).notes if "nothing" in note]
    assert blank == ["2 pictures show nothing: 'class 1/0.png', 'empty.png'."]


def test_what_cannot_be_asked_is_refused_in_one_sentence(learner):
    pictures = describe_pictures(class_folders(2, 1))
    with pytest.raises(ValueError, match="tells at most 4 classes apart, got 5"):
        classify_pictures(learner, describe_pictures(class_folders(5, 1)), pictures)
    with pytest.raises(ValueError, match="must tell square pictures apart"):
        classify_pictures(Learner.untrained(Experiment()), pictures, pictures)
    with pytest.raises(ValueError, match="`inner_steps` must be a whole number >= 0"):
        classify_pictures(learner, pictures, pictures, inner_steps=-1)
