"""B1: the same bad inputs through the pages: 500 by Streamlit's own test of a page, 50 in a real browser."""

import csv
import functools
import io
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode

from benchmarks.faults.bad_inputs import bad_learner, bad_parameters, bad_pictures, bad_run, bad_table, changed, spoilt
from benchmarks.faults.tries import Tries
from benchmarks.measuring import ROOT
from tests.io.spellings import ODD_CELLS

if TYPE_CHECKING:
    from playwright.sync_api import ConsoleMessage, Page
    from streamlit.testing.v1 import AppTest

PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))
PRETRAINED = ROOT / "maml_engine/pretrained"
OF_PICTURES = tuple(PRETRAINED / name for name in ("glyphs_protonet", "glyphs_unicorn", "omniglot_protonet", "sinusoid_maml"))
TRACES = ("Traceback (most recent call last)", 'File "/')  # of an exception, on a page or in a log


class Upload(NamedTuple):
    """A place of a page where a file can be brought.

    page: its path.
    query: of its link, so that the place is there.
    key: of the uploader.
    make: a bad file.
    name: that the file has.
    opener: words on the button of the popover that the uploader is in; empty for none.
    """

    page: str
    query: dict[str, str]
    key: str
    make: Callable[[random.Random], bytes]
    name: str
    opener: str = ""


def bad_drawings(rng: random.Random) -> bytes:
    """The file of a pad's drawings, changed somewhere."""
    classes = [{"name": name, "drawings": [[[0, 0, 500, 500], [9, 900]]]} for name in "ab"]
    whole = {"format": "MAML Lab drawings", "version": 1, "classes": classes, "query": [[1, 2, 3, 4]]}
    return json.dumps(changed(whole, rng)).encode() if rng.random() < 0.8 else spoilt(json.dumps(whole).encode(), rng)


def _table(rng: random.Random) -> bytes:
    """A file that is hardly a table, or one with odd names and cells that a page goes on with."""
    return bad_table(rng) if rng.random() < 0.4 else _odd_table(rng, rng.sample(ODD_CELLS, 4), tasks=8)


def _rows(rng: random.Random) -> bytes:
    """The same for the rows of one new machine, whose columns are those of the example."""
    return (
        bad_table(rng)
        if rng.random() < 0.4
        else _odd_table(rng, ["machine", *rng.sample(["speed_rpm", "vibration_um", "x"], 3)], tasks=1)
    )


def _odd_table(rng: random.Random, names: list[str], *, tasks: int) -> bytes:
    """Eight rows a task with numbers, of which some cells, and some names of tasks, are odd."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=rng.choice(",;\t"))
    writer.writerow(names)
    named = [rng.choice((f"t{task}", rng.choice(ODD_CELLS))) for task in range(tasks)]
    for task in named * 8:
        numbers = [f"{rng.gauss(0, 10):.2f}" for _ in names[1:]]
        writer.writerow([task, *(cell if rng.random() < 0.97 else rng.choice(ODD_CELLS) for cell in numbers)])
    return written.getvalue().encode()


def _bad_learner_of_pictures(rng: random.Random) -> bytes:
    return bad_learner(rng, OF_PICTURES)


UPLOADS = (
    Upload("your_tasks", {"source": "A file"}, "_tasks_file", _table, "bad.csv"),
    Upload("your_tasks", {}, "_known_file", _rows, "bad.csv", "Rows from a file"),
    Upload("train", {"tasks": "table"}, "_table_file", _table, "bad.csv"),
    Upload("characters", {}, "_known_pictures", bad_pictures, "bad.zip"),
    Upload("characters", {}, "_learner_file", _bad_learner_of_pictures, "bad.zip", "Bring a learner"),
    Upload("characters", {}, "_drawings_file", bad_drawings, "bad.json", "Bring back"),
    Upload("runs", {}, "_run_file_", bad_run, "bad.zip", "Import"),
)


class Bad(NamedTuple):
    """One bad input.

    words: which it is.
    page: that it is for.
    query: of the link to there.
    upload: the place on the page; None where the link is what is bad.
    content: of the file.
    """

    words: str
    page: str
    query: dict[str, Any]
    upload: Upload | None = None
    content: bytes = b""


def drawn(count: int, where: str) -> Iterator[Bad]:
    """Links and files in turn, over all pages and all places that take a file; the same ones every time."""
    for number in range(count):
        rng, turn = random.Random(f"{where} {number}"), number // 2
        if number % 2:
            upload = UPLOADS[turn % len(UPLOADS)]
            words = f"{number}: a file for {upload.key} of {upload.page}"
            yield Bad(words, upload.page, upload.query, upload, upload.make(rng))
        else:
            page = PAGES[turn % len(PAGES)]
            yield Bad(f"{number}: a link to {page}", page, bad_parameters(rng))


def figures(quick: bool) -> Iterator[dict[str, Any]]:
    """In this process, and in a browser beside a server; the engine computes in processes of its own, which are bounded."""
    with tempfile.TemporaryDirectory(prefix="maml-lab-bad-pages-", ignore_cleanup_errors=True) as home:
        os.environ.update(MAML_LAB_HOME=home)
        yield in_this_process(40 if quick else 500)
        yield in_a_browser(10 if quick else 50)


def in_this_process(count: int) -> dict[str, Any]:
    """Each link in a new session; the files for one place one after another in a session that goes on."""
    sessions = {upload.key: _opened(upload.page, upload.query) for upload in UPLOADS}
    for page in PAGES:
        _opened(page, {})
    _wait_until_quiet()
    tries = Tries("B1", "bad inputs through pages", clock=_processor_seconds)

    def give(bad: Bad) -> None:
        upload = bad.upload
        _judge(_opened(bad.page, bad.query) if upload is None else _brought(sessions[upload.key], upload, bad.content))

    for bad in drawn(count, "page"):
        tries.one(functools.partial(give, bad), bad.words)
    return tries.figure()


def _wait_until_quiet() -> None:
    """Home gets the engine ready behind its first picture: that is no answer to an input."""
    used = -1.0
    while time.process_time() - used > 0.1:
        used = time.process_time()
        time.sleep(1)


def _processor_seconds() -> float:
    """Of this process and of the engine's, those that have ended among them."""
    from benchmarks.visitors import processor_seconds
    from dashboard.jobs import POOL

    return processor_seconds([os.getpid(), *POOL.pids()])


def _opened(page: str, parameters: dict[str, Any]) -> "AppTest":
    from streamlit.testing.v1 import AppTest

    app = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=300)
    app.query_params.update(parameters)
    return app.switch_page(f"pages/{page}.py").run()


def _brought(app: "AppTest", upload: Upload, content: bytes) -> "AppTest":
    (uploader,) = [each for each in app.get("file_uploader") if str(each.key).startswith(upload.key)]
    file = (upload.name, content, "")
    uploader.set_value([file] if upload.key == "_known_pictures" else file)
    return app.run()


def _judge(app: "AppTest") -> None:
    """A page with its title and no traceback; what it refuses is raised, so that it is looked at as a parser's sentence is."""
    assert not app.exception, f"{app.exception[0].message[:150]} {app.exception[0].stack_trace[-2:]}"
    assert app.title, "the page was not shown"
    sentences = [element.value for kind in (app.error, app.warning, app.info, app.markdown) for element in kind]
    assert not [sentence for sentence in sentences if any(trace in sentence for trace in TRACES)], "a traceback on the page"
    if app.error:
        raise ValueError(app.error[0].value)


def in_a_browser(count: int) -> dict[str, Any]:
    """Each in a new tab of a headless Chromium; time and memory are the server's, its log is read in the end."""
    from benchmarks.first_pictures import chromium
    from benchmarks.visitors import Server
    from tests.browser.waiting import new_context, wait_until_idle

    server = Server("streamlit_app.py")
    try:
        tries = Tries("B1", "bad inputs in a browser", clock=server.cpu_seconds, resident=lambda: server.memory_mb()[0])
        with chromium() as browser:
            context, _ = new_context(browser)

            def give(bad: Bad) -> None:
                page = context.new_page()
                complaints = _complaints_of(page)
                try:
                    path = "" if bad.page == "home" else bad.page
                    page.goto(f"http://127.0.0.1:{server.port}/{path}?{urlencode(bad.query, doseq=True)}")
                    wait_until_idle(page)
                    if bad.upload is not None:
                        _bring_there(page, bad.upload, bad.content)
                        wait_until_idle(page)
                    _judge_there(page, complaints)
                finally:
                    page.close()

            for bad in drawn(count, "browser"):
                tries.one(functools.partial(give, bad), bad.words)
        if any(trace in server.log() for trace in TRACES):
            tries.wrong("a traceback in the server's log", "all")
        return tries.figure()
    finally:
        server.stop()


def _complaints_of(page: "Page") -> list[str]:
    """A list into which the browser writes what it finds wrong."""
    found: list[str] = []

    def hear(message: "ConsoleMessage") -> None:
        # Streamlit itself looks for its server below the page's path first.
        if message.type == "error" and "/_stcore/" not in str(message.location):
            found.append(f"{message.text} {message.location}")

    page.on("console", hear)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def _bring_there(page: "Page", upload: Upload, content: bytes) -> None:
    if upload.opener:
        page.get_by_role("button", name=upload.opener).click()
    field = page.locator(f'[class*="st-key-{upload.key}"] input[type=file]').first
    with page.expect_response(lambda response: response.request.method == "PUT"):
        field.set_input_files({"name": upload.name, "mimeType": "application/octet-stream", "buffer": content})
    page.wait_for_timeout(200)  # until the browser, which has sent the file, asks for what is made of it


def _judge_there(page: "Page", complaints: list[str]) -> None:
    """As `_judge`, by what is to be seen."""
    assert page.locator('[data-testid="stException"]').count() == 0, "an exception on the page"
    assert page.locator("h1").count() > 0, "the page was not shown"
    words = page.locator("body").inner_text()
    assert not any(trace in words for trace in TRACES), "a traceback on the page"
    assert not complaints, f"the browser complains: {complaints[0][:200]}"
    refusals = page.locator('[data-testid="stAlertContentError"]').all_inner_texts()
    if refusals:
        raise ValueError(refusals[0].strip().splitlines()[-1])
