"""Makes the numbers that come with the app anew: `python -m tools.first_numbers`.

Opens every page as a visitor does who has changed nothing (but for the learner on Characters, and the tasks on Train),
and keeps what the page asks of the engine. A quarter of an hour of compiling on a machine that has compiled nothing yet. With
`--missing` what is there already is kept as it is, and only what a page asks for beyond it is computed: where a page asks for
something new (or another learner ships), and the engine computes as before.
"""

import argparse
import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from dashboard.engine_calls import cache, first_numbers, first_pictures, resources, sine_bench
from dashboard.engine_calls.cache import Answers
from dashboard.page_parts.pitfalls import label_orders
from dashboard.server import warm

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


def main() -> None:
    """Writes all files."""
    parser = argparse.ArgumentParser(prog="python -m tools.first_numbers", description="Makes what comes with the app anew.")
    parser.add_argument("--missing", action="store_true", help="compute only what is not there yet")
    is_anew = not parser.parse_args().missing
    first_numbers.save(made(is_anew=is_anew), first_numbers.FILE)
    first_pictures.save(sine_bench.first_bench())
    if is_anew or not label_orders.FILE.is_file():
        label_orders.save(label_orders.measured())
    print(f"{len(first_numbers.names())} answers, {first_numbers.FILE.stat().st_size / 1e6:.2f} MB in {first_numbers.FILE}")


def made(*, is_anew: bool = True) -> dict[str, Any]:
    """What all pages ask when they are opened, all of it computed here, or what is not written down yet: answers by key."""
    names = frozenset if is_anew else first_numbers.names
    with mock.patch.object(first_numbers, "names", names), fresh_answers() as answers:
        for page in PAGES:
            asked_by(page)
        # Now that all is at hand, nothing is asked on the way to another answer.
        return {key: answers.get(bytes.fromhex(key), _unknown) for page in PAGES for key in asked_by(page)}


def _unknown() -> Any:
    raise RuntimeError("A page asks for something else when it is opened again.")


def asked_by(page: str) -> list[str]:
    """The keys of what a page asks when it is opened, in each of its `warm.first_openings`.

    Raises:
      RuntimeError: the page shows an error.
    """
    keys = []
    for query in warm.first_openings(page):
        resources.forget_shipped_learners()  # as on a server that nobody has visited
        keys += [question.key for question in warm.asked_by(page, query)]
    return keys


@contextlib.contextmanager
def fresh_answers() -> Iterator[Answers]:
    """As on a server that nobody has visited."""
    with mock.patch.object(cache, "ANSWERS", Answers(most_bytes=2**30)) as answers:
        yield answers


if __name__ == "__main__":
    main()
