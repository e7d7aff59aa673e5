"""Your pictures, on the Characters page: from an upload to what is said of it, and to what is asked about."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.io.pictures.drawn import saved
from tests.reading import as_read
from tests.zips import zipped

SHAPES = {
    "cross": [((8, 8), (32, 32)), ((32, 8), (8, 32))],
    "bar": [((20, 5), (20, 35))],
    "corner": [((8, 6), (8, 34)), ((8, 34), (34, 34))],
}


def drawn(name, seed, *, ink=0, paper=255):
    """A shape by another hand each time."""
    rng = np.random.default_rng(seed)
    picture = Image.new("L", (40, 40), paper)
    for line in SHAPES[name]:
        points = [tuple(float(value + rng.normal(0, 1)) for value in point) for point in line]
        ImageDraw.Draw(picture).line(points, fill=ink, width=3)
    return saved(picture)


def shapes(pictures=4, **look):
    return {f"{name}/{place}.png": drawn(name, place, **look) for name in SHAPES for place in range(pictures)}


def bring(page, content, kind="known"):
    """Uploads files: one by its content, or several by name."""
    files = content if isinstance(content, dict) else {"brought.zip": content}
    uploads = [(name, each, "") for name, each in files.items()]
    page.file_uploader(key=f"_{kind}_pictures").set_value(uploads).run()
    assert not page.exception
    return page


def press(page, label):
    next(button for button in page.button if label in as_read(button.label)).click().run()
    assert not page.exception
    return page


def said(page):
    return [as_read(each.value) for each in (*page.markdown, *page.caption, *page.info)]


def refusals(page):
    return [as_read(each.value) for each in page.error]


def accuracy(page):
    return next((metric.value for metric in page.metric if metric.label.startswith("Right about")), None)


@pytest.fixture(scope="module")
def brought(open_page):
    """Shapes in folders, a text file among them that is no picture."""
    return bring(open_page("characters"), zipped(shapes() | {"bar/9.png": b"no picture"}))


def test_nothing_is_shown_before_something_is_brought(open_page):
    page = open_page("characters")
    assert accuracy(page) is None and not page.multiselect
    assert any("50 MB" in each and "nothing is shared or written to disk" in each for each in said(page))


def test_the_layout_what_was_left_out_and_how_often_it_is_right(brought):
    words = said(brought)
    assert any("3 classes of 4 pictures each: a folder for each class; drawings of dark ink" in each for each in words)
    assert any("bar/9.png" in each and "must be a picture" in each for each in words)
    assert accuracy(brought) == "100 %" and "3 of 3 pictures that it has not adapted to." in words
    assert brought.slider(key="_picture_shots").value == 3


def test_one_picture_is_ranked_and_many_are_sorted(brought):
    page = bring(brought, {"what.png": drawn("corner", 77)}, "asked")
    ranked = page.dataframe[-1].value
    assert ranked["class"].iloc[0] == "corner" and ranked["probability"].sum() == pytest.approx(1, abs=1e-5)
    assert ranked["probability"].is_monotonic_decreasing and any("It is most likely corner" in each for each in said(page))
    page = bring(page, zipped({"in/a.png": drawn("cross", 90), "in/b.png": drawn("bar", 91), "in/c.png": b"text"}), "asked")
    assert dict(zip(*(page.dataframe[-1].value[name] for name in ("picture", "class")), strict=True)) == {
        "in/a.png": "cross",
        "in/b.png": "bar",
    }
    assert {"take_sorted", "take_classes"} <= {each.proto.id.split("-")[-1] for each in page.get("download_button")}


def test_another_reading_and_another_ink_are_a_click_away(open_page):
    deep = {f"Greek/{name}": content for name, content in shapes(2).items()}
    page = bring(open_page("characters"), zipped(deep | {"Latin/l/1.png": drawn("bar", 50)}))
    assert page.multiselect[0].value == ["Greek/bar", "Greek/corner", "Greek/cross", "Latin/l"]
    press(page, "Read as a folder for each class")
    assert page.multiselect[0].value == ["Greek", "Latin"]
    press(page, "The ink is bright, not dark")
    assert any("drawings of bright ink" in each for each in said(page))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"a text", "Pictures must come as a folder, a zip archive or a picture, got text"),
        (zipped(shapes())[:-40], "The zip archive is cut off"),
        (zipped({"../x.png": drawn("bar", 0)}), "The archive must hold paths within its own folder"),
        (zipped({"bar/1.png": drawn("bar", 0)}), "must be of at least 2 classes"),
        ({"1.png": drawn("bar", 0), "2.png": drawn("cross", 0)}, "got 2 pictures in one folder"),
        (zipped({"a/1.png": b"x", "b/1.png": b"y"}), "There are no pictures that can be used"),
    ],
    ids=["text", "cut off", "path", "one class", "no classes", "no picture"],
)
def test_what_cannot_be_used_is_one_sentence_and_the_page_stands(open_page, content, sentence):
    page = bring(open_page("characters"), content)
    (refusal,) = refusals(page)
    assert sentence in refusal and accuracy(page) is None
    assert accuracy(bring(page, zipped(shapes(2)))) == "100 %" and not refusals(page)


def test_what_is_taken_away_is_forgotten(open_page):
    page = bring(open_page("characters"), zipped(shapes(1)))
    assert any("No class has a picture to be held back" in each for each in said(page)) and page.multiselect
    page.file_uploader(key="_known_pictures").set_value(None).run()
    assert not page.multiselect and not page.session_state["_picture_sets"] and not page.session_state["_picture_answers"]


def test_files_of_one_name_are_each_looked_at(open_page):
    page = open_page("characters")
    uploads = [("x.png", drawn("bar", 1), ""), ("x.png", drawn("cross", 1), ""), ("x.png", drawn("corner", 1), "")]
    page.file_uploader(key="_known_pictures").set_value(uploads).run()
    assert any("got 3 pictures in one folder" in each for each in refusals(page))


def test_a_folder_comes_with_its_paths(open_page):
    page = open_page("characters")
    page.segmented_control(key="_known_pictures_how").set_value("A folder").run()
    uploads = [(f"mine/{name}", content, "") for name, content in shapes(2).items()]
    page.file_uploader(key="_known_pictures_folder").set_value(uploads).run()
    assert page.multiselect[0].value == sorted(SHAPES) and accuracy(page) == "100 %"
    page.segmented_control(key="_known_pictures_how").set_value("A zip, or pictures").run()
    assert any("are still here" in each for each in said(page)) and accuracy(page) == "100 %"
    press(page, "Forget them")
    assert not page.multiselect and not page.session_state["_picture_answers"]


def test_of_a_list_with_two_labels_the_other_is_a_click_away(open_page):
    names = [name.replace("/", "_") for name in shapes(2)]
    rows = "".join(f"{name},{name.split('_')[0]},{'AB'[place % 2]}\n" for place, name in enumerate(names))
    files = dict(zip(names, shapes(2).values(), strict=True)) | {"labels.csv": f"file,shape,writer\n{rows}".encode()}
    page = bring(open_page("characters"), files)
    assert page.multiselect[0].value == sorted(SHAPES) and accuracy(page) == "100 %"
    press(page, "Classes are in 'writer'")
    assert page.multiselect[0].value == ["A", "B"]
    press(page, "Classes are in 'shape'")
    assert page.multiselect[0].value == sorted(SHAPES)
