"""Pictures as arrays."""

import numpy as np
import pytest

from maml_engine.io.pictures.describing import describe_pictures, laid_out
from maml_engine.io.pictures.limits import Limits
from maml_engine.io.pictures.loading import load_pixels, load_pool
from maml_engine.io.pictures.opening import read_picture
from tests.io.pictures.drawn import class_folders, drawing, photo, saved
from tests.real_data import real_file
from tests.zips import zipped


def test_classes_lie_side_by_side_with_ink_bright():
    files = class_folders(3, 4)
    pool = load_pool(describe_pictures(zipped(files)))
    assert pool.images.shape == (12, 28, 28, 1) and pool.images.dtype == np.uint8
    assert (pool.first.tolist(), pool.count.tolist()) == ([0, 4, 8], [4, 4, 4])
    assert pool.names == ("class 0", "class 1", "class 2") and pool.splits == ("", "", "")
    expected = 255 - read_picture(files["class 1/2.png"], "", size=28)
    np.testing.assert_array_equal(pool.images[6], expected)
    inverted = load_pool(describe_pictures(class_folders(3, 4, of=lambda seed: drawing(seed, ink=255, paper=0))))
    np.testing.assert_allclose(inverted.images.astype(int), pool.images, atol=1)


def test_colours_and_size_may_be_said():
    pictures = describe_pictures(class_folders(2, 2, of=photo))
    assert load_pool(pictures).images.shape == (4, 40, 40, 3)
    assert load_pool(pictures, size=16, colour="grey").images.shape == (4, 16, 16, 1)
    with pytest.raises(ValueError, match="`size` must be a whole number >= 8 and <= 1024, got 4"):
        load_pool(pictures, size=4)
    with pytest.raises(ValueError, match="`colour` must be one of auto, colour, grey, got 'red'"):
        load_pool(pictures, colour="red")


def test_pictures_that_break_only_when_decoded_are_left_out_then(monkeypatch):
    monkeypatch.setattr("maml_engine.io.pictures.describing.MEASURED", 2)
    files = class_folders(3, 4)
    files["class 1/1.png"] = files["class 1/1.png"][:100]
    files["class 1/2.png"] = files["class 1/2.png"][:100]
    pictures = describe_pictures(files)
    pool = load_pool(pictures)
    assert pool.count.tolist() == [4, 2, 4] and len(pool.images) == 10
    assert [one.names for one in pool.left_out] == [("class 1/1.png",), ("class 1/2.png",)]
    pool = load_pool(pictures, min_pictures=3)
    assert pool.names == ("class 0", "class 2") and len(pool.images) == 8
    assert pool.left_out[-1].sentence == "1 class of fewer than 3 pictures left out: 'class 1'."


def test_the_digest_is_of_the_content_however_it_is_packed_or_read():
    files = class_folders(3, 3)
    digest = load_pool(describe_pictures(files)).digest
    for other in (
        describe_pictures(zipped({f"top/{name}": files[name] for name in reversed(files)})),
        describe_pictures(files, min_pictures=2),
        laid_out(describe_pictures(files), layout="classes"),
    ):
        assert load_pool(other, size=16).digest == digest
    assert load_pixels(laid_out(describe_pictures(files), layout="unlabelled")).digest == digest
    changed = files | {"class 0/1.png": files["class 0/2.png"]}
    assert load_pool(describe_pictures(changed)).digest != digest
    assert load_pool(describe_pictures(files | {"labels.csv": b"file,label\nclass 0/1.png,a\n"})).digest != digest


def test_more_than_memory_is_meant_for_is_refused_before_it_is_decoded():
    pictures = describe_pictures(class_folders(2, 3, of=photo), limits=Limits(pool_bytes=10_000))
    with pytest.raises(ValueError, match=r"at most 0\.01 MB of memory, got 0\.0288 MB \(6 of 40 x 40 in colour\)"):
        load_pool(pictures)
    assert load_pool(pictures, size=20, colour="grey").images.nbytes == 2400


def test_pictures_without_classes_are_a_query():
    pictures = describe_pictures({f"{number}.png": saved(drawing(number)) for number in range(3)})
    pixels = load_pixels(pictures, clean=True)
    assert pixels.paths == ("0.png", "1.png", "2.png") and pixels.images.shape == (3, 28, 28, 1)
    with pytest.raises(ValueError, match="at least 1 classes"):
        load_pool(pictures)


def test_omniglots_own_archive_is_an_alphabet_of_characters():
    pictures = describe_pictures(real_file("omniglot/images_background_small1.zip"))
    assert str(pictures) == (
        "136 classes of 20 pictures each: folders of folders: an alphabet, and in it a folder for each character; drawings of "
        "dark ink, 105 x 105 pixels."
    )
    pool = load_pool(pictures)
    assert pool.images.shape == (2720, 28, 28, 1) and not pool.left_out
    assert 0.07 < pool.images.mean() / 255 < 0.11
    assert sum(name.startswith("Greek/") for name in pool.names) == 24
