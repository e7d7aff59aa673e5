"""Controls whose choices are all at hand: the browser shows a choice on the page's charts, and Python is not asked.

A choice stands in the address under the control's key, and there Python reads it when the page runs for another reason
(`chosen`), so it draws what the visitor sees. What differs for each other choice goes along with the controls (`switch`), and
Streamlit's own Plotly shows it; where the browser cannot reach that, the page runs again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from dashboard.components import address
from dashboard.components.bundle import browser_module, style_sheet
from dashboard.figures import plain
from dashboard.figures.changes import Changes, between

HERE = Path(__file__).parent
SHARED = HERE.parent / "shared"


@dataclass(frozen=True)
class Control:
    """One choice.

    key: its name in the link.
    label: for the reader; empty shows none.
    choices: as the page knows each -> as it is shown; `str` spells it in the link.
    default: one of them.
    slider: whether it is one; else buttons side by side.
    help: what else to say of it.
    """

    key: str
    label: str
    choices: Mapping[Any, str]
    default: Any
    slider: bool = False
    help: str = ""

    @property
    def sent(self) -> dict[str, Any]:
        """What the browser gets."""
        choices = [[str(value), label] for value, label in self.choices.items()]
        spelled = {"key": self.key, "label": self.label, "help": self.help, "default": str(self.default)}
        return spelled | {"slider": self.slider, "choices": choices}


class Picture(NamedTuple):
    """What of a chart hangs on which controls.

    chart: its key.
    by: those controls.
    changes: by their values, one after the other.
    """

    chart: str
    by: Sequence[Control]
    changes: Mapping[tuple[Any, ...], Changes]

    @classmethod
    def of(cls, chart: str, control: Control, figures: Mapping[Any, plain.Figure]) -> "Picture":
        """A chart with a figure for each choice of one control."""
        found = zip(figures, between(list(figures.values())), strict=True)
        return cls(chart, [control], {(value,): changes for value, changes in found})


def chosen(control: Control) -> Any:
    """What the address says: a choice as the link spells it or as it is shown, and the default for all else."""
    spelled = address.fixed().get(control.key, st.query_params.get(control.key))
    values = {label: value for value, label in control.choices.items()} | {str(value): value for value in control.choices}
    value = st.session_state[control.key] = values.get(spelled, control.default)
    return value


def choose(control: Control, value: Any) -> None:
    """Sets a choice from Python, as a callback may."""
    st.session_state[control.key] = value
    if value != control.default:
        st.query_params[control.key] = str(value)
    elif control.key in st.query_params:
        del st.query_params[control.key]


def switch(key: str, controls: Sequence[Control], pictures: Sequence[Picture] = ()) -> None:
    """Shows controls side by side.

    Args:
      key: one a page.
      controls: whose values the page has from `chosen`.
      pictures: what a choice changes.
    """
    if all(address.is_fixed(control.key) for control in controls):
        return
    data = {
        "controls": [control.sent | {"is_fixed": address.is_fixed(control.key)} for control in controls],
        "values": {control.key: str(chosen(control)) for control in controls},
        "pictures": [_picture_sent(picture) for picture in pictures],
    }

    def take_in() -> None:
        """The browser could not show it itself; anybody can forge what it says."""
        said = st.session_state[key].get("chosen")
        for control in controls:
            if address.is_fixed(control.key):
                continue
            spelled = said.get(control.key) if isinstance(said, dict) else None
            choose(control, {str(value): value for value in control.choices}.get(spelled, control.default))

    _SWITCH(key=key, data=[data], on_chosen_change=take_in)


def _picture_sent(picture: Picture) -> dict[str, Any]:
    changes = {
        spell(values): {
            "traces": {str(number): plain.encoded(properties) for number, properties in each.traces.items()},
            "layout": plain.encoded(each.layout),
            "alt": each.alt,
        }
        for values, each in picture.changes.items()
    }
    return {"chart": picture.chart, "by": [control.key for control in picture.by], "changes": changes}


def spell(values: tuple[Any, ...]) -> str:
    """Values of several controls as the browser joins them."""
    return "|".join(map(str, values))


_SWITCH = st.components.v2.component(
    "switch",
    html='<div class="switch"></div>',
    css=style_sheet(SHARED / "button.css", HERE / "switch.css"),
    js=browser_module(HERE / "index.js"),
)
