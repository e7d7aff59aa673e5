"""What a page says when a process of the engine's was lost."""

from streamlit.testing.v1 import AppTest


def lost():
    from dashboard.jobs import EngineLost
    from dashboard.widgets import page

    assert page.say_lost_process(EngineLost("The process ended."))
    assert not page.say_lost_process(RuntimeError("another"))


def test_a_lost_process_is_told_in_a_sentence_and_other_errors_are_not():
    app = AppTest.from_function(lost).run()
    assert not app.exception
    assert [error.value for error in app.error] == ["The process ended."]
