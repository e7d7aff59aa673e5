"""What methods are called and where they were published."""

import inspect
import re
import sys

import pytest

from dashboard.method_names import COLOURS, NAMES, PAPERS, PICTURE_NAMES, SOLVING
from dashboard.widgets.control_tables import NEEDS_CONTEXT
from maml_engine import METHODS
from maml_engine.tasks import PICTURES
from tests.test_few_shot_images import NO_PICTURES


@pytest.mark.parametrize("name", METHODS.built_in)
def test_every_method_has_a_name_a_colour_and_the_paper_that_its_module_names(name):
    assert name in NAMES and name in COLOURS
    paper, module = PAPERS[name], sys.modules[METHODS[name].__module__]
    said = inspect.getsource(module)
    surname = re.split(" et al| and ", paper.authors)[0]
    assert re.search(rf"{surname}[^()]*, {paper.year}\b", said)
    assert re.fullmatch(r"10\.48550/arXiv\.\d{4}\.\d{5}", paper.doi)
    assert paper.link == f"[{paper.authors}, {paper.year}](https://doi.org/{paper.doi})"


def test_no_two_methods_share_a_paper_but_maml_and_its_first_order():
    shared = [name for name, paper in PAPERS.items() if [*PAPERS.values()].count(paper) > 1]
    assert shared == ["maml", "fomaml"]


def test_what_solves_and_which_tasks_are_pictures_is_said_as_the_engine_has_it():
    assert {name for name in METHODS.built_in if METHODS[name].support_gives == "solution"} == SOLVING
    assert set(PICTURE_NAMES) == set(PICTURES)
    assert set(NEEDS_CONTEXT) == set(NO_PICTURES)
