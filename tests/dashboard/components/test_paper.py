"""What every page gets for its print, as Streamlit takes it."""

import re

from dashboard.components import paper


def test_streamlit_takes_the_script_as_it_is():
    style, script = re.fullmatch(r"<style>(.*)</style>\s*<script>(.*)</script>", paper.PAPER, re.DOTALL).groups()
    assert "beforeprint" in script and "@page" in style
    # What looks like a tag inside of either makes DOMPurify, which Streamlit asks, drop the whole element without a word.
    assert not re.search(r"<[/\w!]", style + script)
