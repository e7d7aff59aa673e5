"""Bad inputs through pages; 500 of them, and 50 in a browser: `make faults`."""

from benchmarks.faults.bad_pages import PAGES, UPLOADS, in_this_process


def test_no_bad_input_is_a_traceback_on_a_page():
    """Each place that takes a file, and each page by a bad link, once at the least."""
    count = 2 * max(len(PAGES), len(UPLOADS))
    figure = in_this_process(count)
    assert figure["tries"] == count
    assert figure["problems"] == {}
    assert figure["refused"] > 0.1 * count
