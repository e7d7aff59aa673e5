"""The app and the browser of `tests/browser`: one of each, for all figures."""

from tests.browser.conftest import app, app_home, browser  # noqa: F401  (fixtures)
