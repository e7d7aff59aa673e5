"""`python -m dashboard.server.warm`: compiles what the pages need, so that no visitor waits for the compiler.

For before a lecture, and a step of the Dockerfile. Opens every page as its visitor does who has changed nothing, has the engine
compute all that it asks, what comes with the app as well, and begins the run that Train offers. What is compiled lies in
`MAML_LAB_HOME`, for this kind of processor; beside it stands what was done, so that the command can be given again.
"""

import argparse
import hashlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from streamlit import config
from streamlit.logger import set_log_level

from dashboard.server import home, start_up
from maml_engine.runtime.compilation_cache import enable_compilation_cache

if TYPE_CHECKING:
    from dashboard.engine_calls.cache import Question

ROOT = Path(__file__).resolve().parents[2]
# How pages are opened beside their `first_openings`: what else their controls show at once.
OPENINGS = {
    "learn": [{"lesson": str(number)} for number in range(2, 9)],
    "parameter_space": [{"space": "The real network"}],
}
SECONDS = 1800  # for a page, on a machine that is busy with much else


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command; 1 where compiled programs cannot be kept."""
    parser = argparse.ArgumentParser(prog="python -m dashboard.server.warm", description="Compiles what the pages need.")
    parser.add_argument("--pages", default="", help="only these, by their names in the address; all where none is named")
    options = parser.parse_args(arguments)
    folder = enable_compilation_cache()
    if (trouble := home.look()) or folder is None:
        print(f"Nothing can be kept: the folder of MAML_LAB_HOME {trouble or 'is open to others'}.", file=sys.stderr)
        return 1
    be_quiet()
    start_up.import_all()
    names = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
    for line in warmed(options.pages.split(",") if options.pages else names, folder / f"warmed-{_sources()}.txt"):
        print(line, flush=True)
    files = [path for path in folder.rglob("*") if path.is_file()]
    print(f"{len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.0f} MB in {folder}")
    return 0


def be_quiet() -> None:
    """Streamlit need not say that no browser is there; where it reads its settings afterwards, it would say so again."""
    config.get_config_options()
    set_log_level("error")


def warmed(pages: Sequence[str], done: Path) -> Iterator[str]:
    """Compiles for these pages what is not yet in the list `done`, and says of each page what it took."""
    from dashboard.engine_calls import cache
    from dashboard.jobs import POOL
    from maml_engine import Experiment, train

    known = set(done.read_text().split() if done.is_file() else ())
    for page in pages:
        began, count = time.monotonic(), len(known)
        asked = [each for query in (*first_openings(page), *OPENINGS.get(page, ())) for each in asked_by(page, query)]
        work: dict[str, Callable[[], Any]] = {
            each.key: partial(cache.compute, each.function, each.args, each.kwargs) for each in asked
        }
        if page == "train":
            work[Experiment().digest] = lambda: next(POOL.stream(train, Experiment()))
        for key in [key for key in work if key not in known]:
            work[key]()  # whether or not the answer comes with the app
            known.add(key)
            with done.open("a") as file:
                file.write(f"{key}\n")
        yield f"{page}: {len(known) - count} answers, {time.monotonic() - began:.1f} s"


def first_openings(page: str) -> list[dict[str, str]]:
    """With which query strings a page is opened first: with none, Characters with each of its learners, Train with pictures."""
    from dashboard.engine_calls import resources

    learners = list(resources.picture_learners()) if page == "characters" else []
    pictures = ["glyphs"] if page == "train" else []
    return [{}, *({"picture_learner": name} for name in learners), *({"tasks": name} for name in pictures)]


def asked_by(page: str, query: Mapping[str, str]) -> "list[Question]":
    """What a page asks of the engine when it is opened.

    Raises:
      RuntimeError: the page shows an error, or nothing.
    """
    from streamlit.testing.v1 import AppTest

    from dashboard.engine_calls import cache

    app = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=SECONDS)
    app = app if page == "home" else app.switch_page(f"pages/{page}.py")
    for name, value in query.items():
        app.query_params[name] = value
    with cache.overheard() as questions:
        app.run()
    if app.exception or not app.title:
        raise RuntimeError(f"{page} was not shown: {[error.value for error in app.exception]}")
    return questions


def _sources() -> str:
    """Names this version of the app: of another one other programs may be compiled."""
    digest = hashlib.sha256()
    for folder in ("dashboard", "maml_engine", "pages"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


if __name__ == "__main__":
    sys.exit(main())
