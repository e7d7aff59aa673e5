"""A component's script sent apart from its data, once.

Streamlit sends a component's whole script with every new value: fifty kilobytes with each point that is let go on a bench. So a
large script is an element of its own, which never changes and is therefore only referred to after the first time, and the
component itself has a few lines that wait for it.
"""

import hashlib
import re

import streamlit as st

# Whichever of the two comes first makes the promise.
_PROMISE = """const scripts = (globalThis.mamlLabScripts ??= {});
const script = (scripts["%s"] ??= (() => {
  let give;
  return { promise: new Promise((resolve) => { give = resolve; }), give: (made) => give(made) };
})());
"""
_DEFAULT = re.compile(r"^export default ", re.MULTILINE)


class Apart:
    """One component's script; `caller` is what the component has in its place."""

    def __init__(self, name: str, module: str) -> None:
        """Makes the element.

        Args:
          name: of the component.
          module: its script, which exports by default what Streamlit is to call.
        """
        promise = _PROMISE % f"{name} {hashlib.sha256(module.encode()).hexdigest()[:16]}"
        self.caller = f"{promise}export default async (call) => (await script.promise)(call);\n"
        whole = f"{_DEFAULT.sub('const component = ', module)}\n{promise}script.give(component);\nexport default () => {{}};\n"
        self._key = f"_script_of_{name}"  # nothing is seen of it: `every_page.css`
        self._element = st.components.v2.component(f"script_of_{name}", js=whole)

    def send(self) -> None:
        """Before the component, where it stands on the page."""
        self._element(key=self._key)
