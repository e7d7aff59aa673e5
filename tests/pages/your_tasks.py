"""The Your tasks page as a visitor uses it."""

from pathlib import Path

import numpy as np
from streamlit.testing.v1 import AppTest

from tests.reading import as_read

PAGE = Path(__file__).resolve().parents[2] / "pages" / "your_tasks.py"


def open_page(**parameters):
    page = AppTest.from_file(PAGE, default_timeout=300)
    for name, value in parameters.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def table(tasks=8, rows=8, header="machine,speed,vibration", separator=","):
    """Lines with a level of their own, as a file."""
    rng = np.random.default_rng(0)
    lines = [header.replace(",", separator)]
    for task in range(tasks):
        level = rng.normal()
        lines += [
            separator.join([f"M{task}", f"{x:.3f}", f"{level + x + rng.normal(0, 0.1):.3f}"]) for x in rng.normal(size=rows)
        ]
    return "\n".join(lines).encode()


def upload(page, content, name="brought.csv"):
    if page.segmented_control(key="source").value != "A file":
        page.segmented_control(key="source").set_value("A file").run()
    page.file_uploader(key="_tasks_file").set_value((name, content, "text/csv")).run()
    assert not page.exception
    return page


def shown(page):
    """The words on the page."""
    return as_read(" ".join(part.value for part in [*page.markdown, *page.caption, *page.error, *page.info]))


def button(page, key):
    return next((one for one in page.button if one.key == key), None)
