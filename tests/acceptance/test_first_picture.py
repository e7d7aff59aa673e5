"""How long a visitor waits for each page's first picture, beside the targets: `make acceptance`.

From asking until the picture is drawn, headless Chromium and server on one machine; `benchmarks/first_pictures.py` says how.
"""

import pytest

from benchmarks import first_pictures
from benchmarks.first_pictures import CLICK_TARGET, COLD_TARGET, LINK_TARGET, PAGES, middle

pytestmark = pytest.mark.acceptance

VISITS = 5


def test_the_first_picture_of_every_page(browser):
    found = first_pictures.measured(browser, list(PAGES), visits=VISITS, cold=True)
    print("", *first_pictures.table(found), sep="\n")
    floor, _ = middle(found["link"]["floor"])
    targets = {"cold": COLD_TARGET, "link": LINK_TARGET * floor, "click": CLICK_TARGET}
    short = {
        (kind, page): f"{seconds:.2f} s, target {target:.2f}"
        for kind, target in targets.items()
        for page, waits in found[kind].items()
        if page != "floor" and (seconds := middle(waits)[0]) > target
    }
    assert not short
