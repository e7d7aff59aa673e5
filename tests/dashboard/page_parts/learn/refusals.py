"""What a refusal must hold."""

import re


def refusal(asked) -> str:
    """The sentence that a visitor reads; "" where nothing is refused."""
    return next((each.refusal for each in asked if not each.is_met), "")


def assert_it_says_why(asked):
    """One sentence, with a value that stands there (or that there is none) and with what is asked."""
    for each in asked:
        if each.is_met:
            continue
        assert re.fullmatch(r"[A-Zkαθ0-9].*[^.]\.", each.refusal), each.refusal
        assert not re.search(r"\. [A-Z]", each.refusal), each.refusal
        assert re.search(r"\d|diverged|no angle", each.refusal), each.refusal
        assert re.search(r"asked|allowed|was to", each.refusal), each.refusal
