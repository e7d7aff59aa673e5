"""What a learner says of pictures that a visitor brings."""

import numpy as np
import pytest

from dashboard.jobs.travel import pack, unpack
from dashboard.page_parts.characters import picture_calls
from dashboard.page_parts.characters.picture_calls import Known, answered, described, judged, parted
from maml_engine.io.pictures.limits import PAGE_LIMITS
from tests.drawn import pad_learner
from tests.io.pictures.drawn import class_folders, drawing, saved
from tests.zips import zipped


def known(shots=2, **folders):
    pictures = described(zipped(class_folders(**folders)))
    return Known(pictures, tuple(one.name for one in pictures.classes), shots)


def test_support_and_what_is_held_back_share_nothing_and_a_class_of_two_keeps_one_back():
    files = class_folders(3, 5) | {
        "two/1.png": saved(drawing(1)),
        "two/2.png": saved(drawing(2)),
        "one/1.png": saved(drawing(3)),
    }
    pictures = described(zipped(files))
    support, rest = parted(Known(pictures, tuple(one.name for one in pictures.classes), 3))
    assert {one.name: len(one.paths) for one in support.classes} == {"one": 1, "two": 1} | dict.fromkeys(
        ("class 0", "class 1", "class 2"), 3
    )
    assert {one.name: len(one.paths) for one in rest.classes} == {"two": 1} | dict.fromkeys(
        ("class 0", "class 1", "class 2"), 2
    )
    assert sorted((*support.paths, *rest.paths)) == sorted(files)


def test_classes_that_take_no_part_are_no_answer():
    asked = known(classes=4)
    found = judged(pad_learner("protonet"), asked._replace(names=("class 1", "class 3")))
    assert found.held_back is not None and found.held_back.classes == ("class 1", "class 3") and len(found.support) == 2
    assert all(pictures.shape == (2, 28, 28) and pictures.max() > 200 for pictures in found.support.values())


def test_folders_of_another_kind_are_no_classes_of_what_is_asked():
    mixed = zipped({"scans/1.png": saved(drawing(100)), "2.png": saved(drawing(200)), "more/3.png": saved(drawing(0))})
    found = answered(pad_learner("protonet"), known(), described(mixed)).found
    assert sorted(found.paths) == ["2.png", "more/3.png", "scans/1.png"] and found.truth == ()
    np.testing.assert_allclose(found.probabilities.sum(axis=1), 1, rtol=1e-5)
    told = answered(pad_learner("protonet"), known(), described(zipped(class_folders(2, 1)))).found
    assert told.truth == ("class 0", "class 1")


def test_a_learned_head_is_asked_about_as_many_classes_as_it_has_or_fewer():
    learner = pad_learner("maml", ways=5)
    assert picture_calls.most_classes(learner) == 5
    found = judged(learner, known()).held_back
    assert found is not None and found.classes == ("class 0", "class 1", "class 2")
    with pytest.raises(ValueError, match="at most 5 classes apart, got 6"):
        judged(learner, known(classes=6))


def test_too_many_are_refused_before_any_is_decoded(monkeypatch):
    monkeypatch.setattr(picture_calls, "MOST_ASKED", 2)
    with pytest.raises(ValueError, match="at most 2 pictures at a time, got 3"):
        answered(pad_learner("protonet"), known(), described(zipped(class_folders(1, 3, name="x"))))


def test_a_description_travels_between_processes_within_a_page_s_limits():
    pictures = described(zipped(class_folders()))
    again = unpack(pack(pictures))
    assert again.found.limits == PAGE_LIMITS and again.classes == pictures.classes
    assert again.found.files.read(again.paths[0]) == pictures.found.files.read(pictures.paths[0])
