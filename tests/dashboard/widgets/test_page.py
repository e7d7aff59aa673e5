"""What a page says when a process of the engine's was lost."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.widgets import page


def lost():
    from dashboard.jobs import EngineLost
    from dashboard.widgets import page

    page.say_or_raise(EngineLost("The process ended."))


def test_a_lost_process_is_told_in_a_sentence_and_other_errors_go_on():
    app = AppTest.from_function(lost).run()
    assert not app.exception
    assert [error.value for error in app.error] == ["The process ended."]
    with pytest.raises(RuntimeError, match="another"):
        page.say_or_raise(RuntimeError("another"))
