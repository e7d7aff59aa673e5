"""Stages that hand a value on."""

from maml_engine.tables.steps import Step, within


def stage():
    yield Step("first", 0.0)
    yield Step("second", 0.5, 20, 0.1)
    return "result"


def test_a_stage_within_a_longer_work_has_its_share_and_hands_its_value_on():
    steps, result = [], None

    def work():
        nonlocal result
        result = yield from within(stage(), 0.2, 0.6)

    steps = list(work())
    assert [step.share for step in steps] == [0.2, 0.4]
    assert (steps[1].iteration, steps[1].validation) == (20, 0.1)
    assert result == "result"
