from maml_engine.io.readings import numbers
from maml_engine.runtime.short_cache import MAX_LENGTH, cached_if_short


def test_short_texts_are_kept_and_long_ones_are_judged_anew():
    asked = []
    length = cached_if_short(maxsize=2)(lambda text: asked.append(text) or len(text))
    for text in ("a", "a", "b" * MAX_LENGTH, "c" * (MAX_LENGTH + 1), "c" * (MAX_LENGTH + 1)):
        assert length(text) == len(text)
    assert [len(text) for text in asked] == [1, MAX_LENGTH, MAX_LENGTH + 1, MAX_LENGTH + 1]
    assert length.cache_info().currsize == 2


def test_a_stranger_s_long_cells_do_not_stay():
    before = numbers.looks_like_number.cache_info().currsize
    assert not numbers.looks_like_number("x" * 10**6)
    assert numbers.looks_like_number.cache_info().currsize == before
