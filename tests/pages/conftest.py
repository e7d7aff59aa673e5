"""What the pages' tests share: a page opened by its link, and waiting for what it has started."""

import sys
import time
from collections.abc import Callable, Iterable

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.engine_calls import resources
from tests.test_packaging import ROOT


def opened(page: AppTest, parameters: dict[str, str | list[str]]) -> AppTest:
    page.query_params.update(parameters)
    page.run()
    assert not page.exception
    assert page.title, "The page was not shown."
    return page


@pytest.fixture(scope="session")
def open_page() -> Callable[..., AppTest]:
    """Opens a page by its name and a link's parameters, by itself: what a test does to it costs one run each."""

    def open_page(name: str, **parameters: str | list[str]) -> AppTest:
        return opened(AppTest.from_file(ROOT / "pages" / f"{name}.py", default_timeout=300), parameters)

    return open_page


@pytest.fixture(scope="session")
def open_app() -> Callable[..., AppTest]:
    """The same through the app's entrance, as a visitor comes; needed where a page links to others.

    AppTest forgets between runs that the entrance has been passed, so a button that does something without a callback does not.
    """

    def open_app(name: str = "home", **parameters: str | list[str]) -> AppTest:
        app = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=300)
        return opened(app if name == "home" else app.switch_page(f"pages/{name}.py"), parameters)

    return open_app


@pytest.fixture(scope="session")
def wait_for_jobs() -> Callable[[Iterable[str]], None]:
    """Waits until jobs have ended."""

    def wait_for_jobs(job_ids: Iterable[str], seconds: float = 300.0) -> None:
        deadline = time.monotonic() + seconds
        for job_id in job_ids:
            while not resources.jobs().snapshot(job_id).ended:
                assert time.monotonic() < deadline, f"A job has not ended within {seconds} s."
                time.sleep(0.05)

    return wait_for_jobs


@pytest.fixture(scope="package", autouse=True)
def _forget_programs():
    """The pages ask for the same programs, so they are held from one module to the next."""
    yield
    sys.modules["jax"].clear_caches()
