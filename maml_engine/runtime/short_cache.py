"""Answers about strangers' words, kept while the words are short: a cell of a megabyte is judged anew each time."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

Answer = TypeVar("Answer")

MAX_LENGTH = 60


def cached_if_short(maxsize: int) -> Callable[[Callable[[str], Answer]], Callable[[str], Answer]]:
    """A decorator: the answers about the last `maxsize` texts of at most `MAX_LENGTH` letters are kept."""

    def decorate(function: Callable[[str], Answer]) -> Callable[[str], Answer]:
        kept = lru_cache(maxsize=maxsize)(function)

        @wraps(function)
        def ask(text: str) -> Answer:
            return kept(text) if len(text) <= MAX_LENGTH else function(text)

        ask.cache_info, ask.cache_clear = kept.cache_info, kept.cache_clear  # type: ignore[attr-defined]
        return ask

    return decorate
