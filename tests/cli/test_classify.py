"""`maml classify`."""

import csv
import io
import json

import numpy as np
import pytest

from maml_engine.__main__ import main
from maml_engine.io.pictures.describing import describe_pictures
from maml_engine.learner import Learner
from maml_engine.learner.pictures import classify_pictures
from tests.io.pictures.drawn import class_folders, drawing, saved
from tests.zips import zipped

TASKS = ["--n-way", "3", "--k-shot", "1", "--k-query", "2", "--image-size", "12", "--meta-batch-size", "2"]
SMALL = [*TASKS, "--num-iterations", "4", "--inner-steps", "1"]


def write(folder, files):
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A learner of drawings, `learner`, and pictures: `support`, `query` of the same classes, and `loose` ones."""
    place = tmp_path_factory.mktemp("pictures")
    (place / "many.zip").write_bytes(zipped(class_folders(12, 4)))
    assert main(["train", "--tasks", "images", "--data", str(place / "many.zip"), *SMALL, "--out", str(place / "learner")]) == 0
    write(place / "support", class_folders(3, 2))
    write(place / "query", class_folders(3, 2, of=lambda seed: drawing(seed + 50)))
    write(place / "loose", {f"{number}.png": saved(drawing(number)) for number in range(3)})
    return place


def table(out):
    header, *rows = csv.reader(io.StringIO(out))
    return header, rows


def test_each_query_picture_gets_a_class_and_probabilities(run, place):
    code, out, err = run("classify", place / "learner", place / "support", "--query", place / "loose")
    header, rows = table(out)
    assert code == 0
    assert header == ["picture", "class", "probability", "p(class 0)", "p(class 1)", "p(class 2)"]
    assert [row[0] for row in rows] == ["0.png", "1.png", "2.png"]
    numbers = np.array([row[2:] for row in rows], float)
    np.testing.assert_allclose(numbers[:, 1:].sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(numbers[:, 1:].max(axis=1), numbers[:, 0])
    assert [row[1] for row in rows] == [header[3 + place].removeprefix("p(")[:-1] for place in numbers[:, 1:].argmax(axis=1)]
    assert "3 classes of 2 pictures each" in err
    found = classify_pictures(
        Learner.load(place / "learner"), describe_pictures(place / "support"), describe_pictures(place / "loose")
    )
    np.testing.assert_allclose(numbers[:, 1:], found.probabilities, rtol=1e-5)


def test_transductive_predictions_are_said_and_one_by_one_they_are_not(run, place):
    code, out, err = run("classify", place / "learner", place / "support", "--query", place / "loose", "--json")
    together = json.loads(out)
    assert code == 0 and together["transductive"] and "Predictions are transductive: 3 query pictures at a time" in err
    code, out, err = run("classify", place / "learner", place / "support", "--query", place / "loose", "--json", "--one-by-one")
    alone = json.loads(out)
    assert code == 0 and not alone["transductive"] and "transductive" not in err
    code, out, _ = run("classify", place / "learner", place / "support", "--query", place / "loose" / "1.png", "--json")
    assert json.loads(out)["pictures"][0]["probabilities"] == pytest.approx(alone["pictures"][1]["probabilities"], abs=2e-6)


def test_folders_of_the_query_that_name_classes_are_counted(run, place):
    code, out, err = run("classify", place / "learner", place / "support", "--query", place / "query", "--json")
    found = json.loads(out)
    right = sum(row["class"] == row["folder"] for row in found["pictures"])
    assert code == 0 and f"{right} of 6 are of the class that their folder is named after" in err


def test_pictures_are_sorted_into_folders_of_their_class(run, place, tmp_path):
    arguments = (
        "classify",
        place / "learner",
        place / "support",
        "--query",
        place / "loose",
        "--out",
        tmp_path / "classes.csv",
    )
    code, out, err = run(*arguments, "--sort", tmp_path / "sorted")
    assert (code, out) == (0, "") and "a folder for each class" in err
    _, rows = table((tmp_path / "classes.csv").read_text())
    for path, name, *_ in rows:
        assert (tmp_path / "sorted" / name / path).read_bytes() == (place / "loose" / path).read_bytes()
    code, _, err = run(*arguments, "--sort", tmp_path / "sorted")
    assert code == 2 and "to a new or an empty folder" in err


def test_bright_ink_is_the_same_drawing(run, place, tmp_path):
    write(tmp_path, {f"{number}.png": saved(drawing(number, ink=255, paper=0)) for number in range(3)})
    dark = run("classify", place / "learner", place / "support", "--query", place / "loose")[1]
    code, bright, err = run("classify", place / "learner", place / "support", "--query", tmp_path)
    assert code == 0 and "bright ink on dark paper" in err
    np.testing.assert_allclose(
        np.array([row[2:] for row in table(bright)[1]], float), np.array([row[2:] for row in table(dark)[1]], float), atol=0.02
    )


@pytest.mark.parametrize(
    ("support", "query", "flags", "complaint"),
    [
        (class_folders(4, 1), None, "", "tells at most 3 classes apart, got 4 ('class 0', 'class 1', 'class 2', 'class 3')"),
        (class_folders(1, 4), None, "", "at least 2 classes, such as a folder for each, got 4 pictures in one folder"),
        ({"a.png": b"hello"}, None, "", "There are no pictures that can be used: 'a.png' must be a picture"),
        (class_folders(2, 1), {"a.txt": b"hello"}, "", "There must be pictures"),
        (class_folders(2, 1), None, "--inner-steps -1", "`inner_steps` must be a whole number >= 0"),
        (class_folders(2, 1), None, "--inner-steps many", "`inner_steps`"),
        (class_folders(2, 1), None, "--ink blue", "`ink` must be one of bright, dark, got 'blue'"),
        (class_folders(2, 1), None, "--layout flat", "`layout` must be one of"),
    ],
)
def test_bad_input_ends_in_one_sentence(run, place, tmp_path, support, query, flags, complaint):
    write(tmp_path / "s", support)
    query = place / "loose" if query is None else write(tmp_path / "q", query)
    code, out, err = run("classify", place / "learner", tmp_path / "s", "--query", query, *flags.split())
    assert (code, out) == (2, "") and complaint in err
    assert len(err.splitlines()) == 1


def test_a_learner_of_something_else_is_refused(run, trained, place):
    code, _, err = run("classify", trained, place / "support", "--query", place / "loose")
    assert code == 2 and "must tell square pictures apart" in err
    code, _, err = run("classify", place / "learner", place / "nowhere", "--query", place / "loose")
    assert code == 2 and "that exists" in err
