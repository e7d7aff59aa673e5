import pytest
from streamlit.testing.v1 import AppTest

from dashboard.components.parameter_plane import scene as planes
from dashboard.components.sine_bench import scene as benches
from dashboard.engine_calls import plane
from dashboard.engine_calls.gradients import STEP_SIZES
from dashboard.page_parts.learn.in_the_plane import LOOPS
from dashboard.page_parts.learn.lessons import LESSONS
from dashboard.page_parts.learn.on_the_bench import GOOD_POINTS, ONE_SIDE

NUMBERS = range(1, len(LESSONS) + 1)


@pytest.fixture(scope="module")
def run(open_app):
    """Opens the Learn page by a link's parameters."""
    return lambda **parameters: open_app("learn", **parameters)


def is_answered(page: AppTest) -> bool:
    return any(message.value.startswith("**Answered.**") for message in page.success)


def equation(page: AppTest) -> str:
    return "\n".join(element.value for element in page.latex)


def answer(page: AppTest, number: int) -> None:
    """As a visitor does: the picture says what stands in it now, or a slider is moved."""
    if number == 6:
        page.select_slider(key="learn_lr").set_value(STEP_SIZES[0]).run()
        return
    star = tuple(plane.optima(LOOPS.landscape).best.theta)
    by_hand = {
        1: benches.spell({"points": GOOD_POINTS}),
        2: benches.spell({"inner_lr": 0.01}),
        3: planes.spell({"theta": star}),
        4: planes.spell({"inner_steps": 0}),
        5: planes.spell({"inner_lr": 0.7}),
        7: planes.spell({"proximal": 0.4}),
        8: benches.spell({"points": ONE_SIDE}),
    }
    (key,) = LESSONS[number - 1].own
    page.session_state[key] = by_hand[number]
    page.run()
    assert not page.exception


def says(page: AppTest, words: str) -> bool:
    return any(words in message.value for message in [*page.info, *page.success, *page.caption])


@pytest.mark.parametrize("number", NUMBERS)
def test_a_lesson_opens_unanswered_and_is_answered_in_its_picture(number, run):
    page = run(lesson=str(number))
    assert not page.exception
    assert any(LESSONS[number - 1].title in head.value for head in page.subheader)
    assert not is_answered(page)
    assert says(page, "**Not there yet.**") and says(page, "asked.")
    before = equation(page)
    assert before.count(r"\underbrace") >= 3
    answer(page, number)
    assert is_answered(page)
    assert equation(page) != before  # the values in the equation have followed
    assert page.query_params["answered"] == str(number)
    page.button(key=f"back_{number}").click().run()
    assert not is_answered(page)
    assert equation(page) == before
    assert says(page, "1 of 8 answered")


@pytest.mark.parametrize("number", NUMBERS)
def test_what_the_page_does_does_not_count_as_answered(number, run):
    page = run(lesson=str(number))
    page.button(key=f"do_{number}").click().run()
    assert not page.exception
    assert not is_answered(page)
    assert not says(page, "Not there yet") and says(page, "**Done for you**")
    assert says(page, "0 of 8 answered, 1 done for you")
    assert "answered" not in page.query_params
    assert page.query_params["learn_done"] == str(number)
    page.button(key=f"back_{number}").click().run()
    answer(page, number)
    assert is_answered(page)
    assert page.query_params["answered"] == str(number)
    assert "learn_done" not in page.query_params


def test_a_link_that_brings_an_answer_answers_nothing(run):
    page = run(lesson="2", learn_step="1,l0.01")
    assert says(page, "Solved by the link") and says(page, "0 of 8 answered")
    assert not is_answered(page)


def test_six_points_with_a_small_error_say_why_they_do_not_count(run):
    page = run(lesson="1", learn_shots=benches.spell({"points": (*GOOD_POINTS, (3.5, 0.0))}))
    (verdict,) = [message.value for message in page.info if "Not there yet" in message.value]
    assert verdict.endswith("**Not there yet.** 6 points are more than the 5 that are allowed: remove some.")


def test_on_and_back_go_through_all_of_them(run):
    page = run()
    assert page.pills(key="lesson").value == 1
    assert page.button(key="back").disabled
    page.button(key="on").click().run()
    assert page.pills(key="lesson").value == 2
    page.button(key="back").click().run()
    assert page.pills(key="lesson").value == 1


def test_the_last_one_says_how_many_were_answered_and_where_to_go(run):
    page = run(lesson="8", answered="1.3.77.x")
    assert not page.exception
    assert any("You answered 2 of 8.**" in text.value for text in page.markdown)


def test_the_last_one_says_what_the_page_did(run):
    page = run(lesson="8", answered="1.3", learn_done="3.4.6")
    assert any("You answered 2 of 8.** The page did steps 4, 6 for you." in text.value for text in page.markdown)


def test_both_loops_stand_at_the_start_and_nowhere_else(run):
    assert [
        len([e for e in run(lesson=str(number)).get("bidi_component") if e.proto.component_name == "two_loops"])
        for number in (1, 2)
    ] == [2, 0]


def test_a_link_to_a_lesson_that_there_is_not_opens_the_first(run):
    page = run(lesson="99", learn_loops="1,tnan~5")
    assert not page.exception
    assert page.pills(key="lesson").value == 1


def test_a_term_is_lit_and_said_in_words(run):
    page = run(lesson="5")
    page.pills(key="term_5").set_value(1).run()
    assert not page.exception
    assert r"\boxed{(I - \alpha H)}" in equation(page)
    assert any("the derivative of the inner loop" in text.value for text in page.markdown)
