"""Who opens page after page without a pause is slowed down; who looks at what they open never is."""

import pytest

from dashboard.server.script_share import SHARE, SPARE_SECONDS, ScriptShare


class Session:
    """Runs its script on a clock of its own."""

    def __init__(self):
        self.share, self.now, self.spent, self.waited = ScriptShare(), 100.0, 0.0, 0.0

    def run(self, seconds: float, *, pause: float = 0.0) -> None:
        with self.share.run(now=lambda: self.now, spent=lambda: self.spent, wait=self.wait):
            self.now, self.spent = self.now + seconds, self.spent + seconds
        self.now += pause

    def wait(self, seconds: float) -> None:
        self.now, self.waited = self.now + seconds, self.waited + seconds


@pytest.fixture(autouse=True)
def hosted(monkeypatch):
    monkeypatch.setenv("MAML_LAB_HOSTED", "1")


def test_who_never_pauses_gets_their_share_and_no_more():
    session = Session()
    while session.now < 160.0:
        session.run(0.02)
    assert session.spent == pytest.approx(SPARE_SECONDS + SHARE * 60.0, rel=0.1)


@pytest.mark.parametrize(("seconds", "pause"), [(0.1, 1.0), (0.02, 0.1)], ids=["clicks", "a slider that is dragged"])
def test_a_visitor_who_looks_at_what_comes_never_waits(seconds, pause):
    session = Session()
    for _ in range(1000):
        session.run(seconds, pause=pause)
    assert session.waited == 0.0


def test_a_run_that_ends_by_an_error_counts_like_any_other():
    session = Session()
    with pytest.raises(KeyError), session.share.run(now=lambda: 100.0, spent=lambda: session.spent, wait=session.wait):
        session.spent = 50.0
        raise KeyError
    session.run(0.1)
    assert session.waited > 0.0


def test_at_home_nobody_waits(monkeypatch):
    monkeypatch.setenv("MAML_LAB_HOSTED", "0")
    session = Session()
    while session.now < 160.0:
        session.run(0.02)
    assert session.waited == 0.0
