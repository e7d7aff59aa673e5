"""Characters: the pad's learner, an episode to play, and its answers."""

import json

import pytest

from dashboard.page_parts.characters import choices
from dashboard.widgets import session


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
