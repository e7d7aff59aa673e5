"""Characters: the pad's learner, an episode to play, and its answers."""

import json

import numpy as np
import pytest

from dashboard.downloads.files import learner_zip
from dashboard.page_parts.characters import choices, engine_calls
from dashboard.results import AccuracyCurve
from dashboard.widgets import session
from maml_engine import Experiment, Learner
from tests.drawn import drawings


@pytest.fixture
def characters(open_page):
    return open_page("characters")


def pad(page) -> dict:
    """What the pad is sent."""
    (sent,) = [each.proto for each in page.get("bidi_component") if each.proto.component_name == "drawing_pad"]
    return json.loads(sent.json)[0]


def press(page, key: str):
    next(button for button in page.button if button.key == key).click().run()
    assert not page.exception
    return page


def metrics(page) -> dict[str, str]:
    return {metric.label: metric.value for metric in page.metric}


def test_the_pad_has_a_learner_that_the_browser_computes(characters):
    sent = pad(characters)
    assert sent["learner"]["why"] == "" and sent["weights"]["digest"] == sent["learner"]["digest"]
    assert sent["learner"]["label"] == choices.label(choices.learners()[choices.DEFAULT])


def test_every_learner_that_is_offered_goes_to_the_pad(open_page):
    digests = set()
    for name in choices.learners():
        sent = pad(open_page("characters", picture_learner=name))
        assert sent["learner"]["why"] == ""
        digests.add(sent["learner"]["digest"])
    assert len(digests) == len(choices.learners())


def test_a_game_asks_each_question_once_and_then_says_both_scores(characters):
    assert not metrics(characters)
    for _ in range(15):
        press(characters, "guess_B")
    assert metrics(characters)["You"] == "3 of 15"
    right, of = map(int, metrics(characters)["The learner"].split(" of "))
    assert of == 15 and right >= 10
    press(characters, "play_again")
    assert characters.session_state[session.GUESSES] == ()


def test_who_gives_up_sees_the_answers_and_is_judged_by_those_given(characters):
    press(characters, "guess_A")
    press(characters, "show_answers")
    assert metrics(characters)["You"] in ("0 of 1", "1 of 1")


def test_another_episode_is_another_game(characters):
    press(characters, "guess_A")
    press(characters, "another_episode")
    assert characters.session_state[session.EPISODE_SEED] == 1
    assert characters.session_state[session.GUESSES] == ()


def test_conv4_s_figures_are_said_to_compare_methods(characters):
    assert any("compare *methods*" in caption.value and "96 %" in caption.value for caption in characters.caption)


# A learner of the visitor's own.


def brought(**changes) -> bytes:
    """A tiny one of five classes, whose queries are normalised together."""
    run = {"tasks": "glyphs", "model": "conv4", "filters": 2, "loss": "softmax_cross_entropy", "k_shot": 1, "norm": "batch"}
    return learner_zip(Learner.untrained(Experiment(**run | {"method": "maml", "inner_steps": 2} | changes)))


@pytest.fixture
def counted(monkeypatch):
    """Accuracy is counted, not measured: whose."""
    asked = []

    def accuracy_curve(learner, source, *, ways, shots):
        del source, shots
        asked.append((learner.experiment.method, learner.experiment.norm, ways))
        steps = engine_calls.steps_of(learner) + 1
        return AccuracyCurve(*np.full((3, steps), 0.5))

    monkeypatch.setattr(engine_calls, "accuracy_curve", accuracy_curve)
    return asked


def bring(page, content: bytes, name="learner.zip", key=session.LEARNER_FILE):
    page.file_uploader(key=key).set_value((name, content, "")).run()
    assert not page.exception
    return page


def test_a_learner_that_is_brought_plays_and_is_shown_in_both_ways(open_page, counted):
    page = bring(open_page("characters"), brought())
    assert pad(page)["learner"]["label"] == "Yours: MAML, trained on Glyphs"
    assert "normalises a picture by others" in pad(page)["learner"]["why"]
    assert {("maml", "batch", 5), ("maml", "support", 5)} <= set(counted)
    press(page, "show_answers")
    assert {"The learner, transductive", "The learner, inductive"} == set(metrics(page))
    assert page.slider(key="answer_step").value == 2 and page.slider(key="answer_step").max == 10
    other = next(each for each in page.button_group if each.key == session.STATISTICS)
    other.set_value("support").run()
    assert not page.exception
    page.session_state["picture_task"] = "10.1"
    page.run()
    assert any("5 classes apart, no more and no fewer; got 10" in each.value for each in page.info)
    assert ("maml", "batch", 10) not in counted and not page.exception


def test_what_is_no_learner_is_refused_and_the_shipped_one_stays(open_page, counted):
    page = bring(open_page("characters"), b"no zip")
    (refusal,) = [error.value for error in page.error]
    assert "must come as a zip" in refusal and pad(page)["learner"]["label"].startswith("ProtoNet")
    page = bring(page, brought(method="protonet", norm="group"))
    assert not page.error and pad(page)["learner"]["label"] == "Yours: ProtoNet, trained on Glyphs, 5-way 1-shot"
    press(page, "forget_learner") if any(button.key == "forget_learner" for button in page.button) else page.file_uploader(
        key=session.LEARNER_FILE
    ).set_value([]).run()
    assert pad(page)["learner"]["label"] == "ProtoNet, trained on Glyphs"


def test_what_was_taken_along_with_a_learner_brings_both_back(open_page, counted, tmp_path):
    from dashboard.page_parts.characters import drawing, learner_upload

    mine = learner_upload.learner_in(brought(method="unicorn", norm="layer"))
    page = bring(open_page("characters"), drawing.packed(drawings(3, 2), mine), "mine.zip", session.BROUGHT_FILE)
    sent = pad(page)
    assert sent["learner"]["label"].startswith("Yours: UNICORN") and len(sent["given"]["drawings"]["classes"]) == 3
    shipped = choices.shipped()[choices.DEFAULT]
    page = bring(open_page("characters"), drawing.packed(drawings(3, 2), shipped), "mine.zip", session.BROUGHT_FILE)
    assert pad(page)["learner"]["label"] == "ProtoNet, trained on Glyphs"
