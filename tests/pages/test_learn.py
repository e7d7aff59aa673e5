import pytest
from streamlit.testing.v1 import AppTest

from dashboard.page_parts.learn import LESSONS

NUMBERS = range(1, len(LESSONS) + 1)


@pytest.fixture(scope="module")
def run(open_app):
    """Opens the Learn page by a link's parameters."""
    return lambda **parameters: open_app("learn", **parameters)


def is_answered(page: AppTest) -> bool:
    return any(message.value.startswith("**Answered.**") for message in page.success)


def equation(page: AppTest) -> str:
    return "\n".join(element.value for element in page.latex)


@pytest.mark.parametrize("number", NUMBERS)
def test_a_lesson_opens_unanswered_and_its_own_controls_can_answer_it(number, run):
    page = run(lesson=str(number))
    assert not page.exception
    assert any(LESSONS[number - 1].title in head.value for head in page.subheader)
    assert not is_answered(page)
    assert any("Not there yet" in message.value for message in page.info)
    before = equation(page)
    assert before.count(r"\underbrace") >= 3
    page.button(key=f"do_{number}").click().run()
    assert not page.exception
    assert is_answered(page)
    assert equation(page) != before  # the values in the equation have followed
    assert page.query_params["answered"] == str(number)
    page.button(key=f"back_{number}").click().run()
    assert not is_answered(page)
    assert equation(page) == before
    assert any("1 of 8 answered" in caption.value for caption in page.caption)


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
    assert any("You answered 2 of 8" in text.value for text in page.markdown)


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
