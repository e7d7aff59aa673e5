"""Sidebar widgets from the Experiment's own fields, bound to the query string.

A page lists the fields that it shows. The others keep the value that the link or another page gave them.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAPIException

from dashboard import escape
from dashboard.widgets import control_tables, links
from dashboard.widgets.control_tables import GROUPS, PICTURE_LOSS, RELEVANT, SLIDERS, STEPS
from dashboard.widgets.links import FIELDS, TABLE_FIELDS
from dashboard.widgets.session import AWAY, EXTRA, JOB, KEPT, LEARNER_WRITTEN, NOTES, OTHER_KIND, SHOWN, STRANGE, VALID, settle
from maml_engine.experiment import Experiment
from maml_engine.tasks import PICTURES

# So many controls need no folding.
FOLD_ABOVE = 8


def experiment_controls(*names: str, pictures: Collection[str] = (), **fixed: Any) -> Experiment:
    """The sidebar's widgets for the fields `names`, and the run that they and the link describe.

    A value that cannot work is answered by one sentence in the main area, and the last run that can work is given back.

    Args:
      names: fields of the Experiment, in any order. Where `tasks` is a table that the page has not got yet, the run is
        described without it.
      pictures: tasks of pictures that the page offers beside functions; on a page without any, settings of pictures are put
        aside until a page comes that has them.
      fixed: values that the page sets itself, over widgets and link.
    """
    settle()
    _settle_kind(pictures)
    kept = st.session_state[KEPT]
    kept = kept if kept.get("tasks") in PICTURES else control_tables.of_functions(kept)
    values = {name: kept.get(name, spec.default) for name, spec in FIELDS.items()} | fixed
    if "tasks" not in (*names, *fixed):  # a table's rows are at hand only where tasks are chosen
        values |= _no_table()
    try:
        for group, members in GROUPS.items():
            shown = [name for name in members if name in names and name not in fixed]
            if shown and any(_is_relevant(name, values) for name in shown):
                with _group(group, folded=len(names) > FOLD_ABOVE):
                    for name in shown:
                        if _is_relevant(name, values):
                            st.session_state[SHOWN] = [*st.session_state[SHOWN], name]
                            values[name] = _widget(name, values["tasks"], pictures)
        if values["tasks"] in PICTURES:
            values["loss"] = PICTURE_LOSS
        values = {name: value if _is_relevant(name, values) else FIELDS[name].default for name, value in values.items()}
        is_complete = values["tasks"] != "table" or values["data"]
        experiment = Experiment.from_values(values if is_complete else values | _no_table())
    except ValueError as error:
        st.error(escape.sentence(error), icon=":material/error:")
        return _last_valid("tasks" in (*names, *fixed))
    listed = {name: values[name] for name in (*names, *fixed)}
    st.session_state[KEPT] = {name: value for name, value in (kept | listed).items() if value != FIELDS[name].default}
    st.session_state[VALID] = experiment
    return experiment


def current(name: str) -> Any:
    """The value of a field before its widget is made: of the last run of the page, or of the link."""
    settle()
    default = st.session_state[KEPT].get(name, FIELDS[name].default)
    return st.session_state.get(name, default)


def likely(name: str) -> Any:
    """The same before a page has begun, and the link is taken in."""
    kept = st.session_state.get(KEPT, st.query_params).get(name, FIELDS[name].default)
    return st.session_state.get(name, kept)


# The link.


def by_name(key: str, options: Iterable[Any], shown: Callable[[Any], str], *, several: bool = False) -> None:
    """Lets a link name the options of a bound widget by themselves; call it before the widget is made.

    Streamlit writes and reads the address by what the options are shown as, which may change with a word on a page.

    Args:
      key: the widget's, and its name in the link.
      options: what the widget offers, as the link spells it.
      shown: the widget's `format_func`.
      several: whether more than one can be chosen.
    """
    if key in st.session_state or key not in st.query_params:
        return
    labels = {shown(option) for option in options}
    named = {Experiment.spell(option): shown(option) for option in options} | {label: label for label in labels}
    there = st.query_params.get_all(key)
    linked = links.apart(there) if several else there
    spelled = [named[part] for part in linked if part in named]
    if spelled and spelled != there:
        if unknown := [part for part in linked if part not in named]:
            st.session_state[NOTES] = [*st.session_state[NOTES], links.unknown_part_note(key, unknown)]
        st.query_params[key] = spelled if several else spelled[0]
        st.rerun()  # a widget reads the address as it was when the run began, and drops what it does not know


def relevant(kept: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of `kept` that mean something beside the others."""
    values = {name: kept.get(name, spec.default) for name, spec in FIELDS.items()}
    return {name: value for name, value in kept.items() if _is_relevant(name, values)}


def keep_in_link(own: Mapping[str, Any] | None = None) -> None:
    """Writes what no widget of this page writes into the address, so that a reload keeps it.

    That is the fields that the page does not show, the run of the Train page, and of the page's own what code keeps there: its
    jobs, and what was changed in its pictures. A visit to another page has dropped them from the address.

    Args:
      own: the page's own part of the link: key -> default.
    """
    shown = st.session_state[SHOWN]
    kept = {name: value for name, value in relevant(st.session_state[KEPT]).items() if name not in shown}
    texts = {links.JOB_KEY: st.session_state.get(JOB), links.LEARNER_KEY: st.session_state.get(links.LEARNER_KEY)}
    wanted = links.write(kept) | {name: content for name, content in texts.items() if content}
    if wanted or st.query_params:
        wanted[links.VERSION_KEY] = str(links.VERSION)
    # A default of "" is that of a text which code keeps; the others are their widgets'.
    texts = {name: st.session_state.get(name) for name, default in (own or {}).items() if default == ""}
    wanted |= {name: content for name, content in texts.items() if content}
    missing = {name: value for name, value in wanted.items() if st.query_params.get(name) != value}
    for name, value in missing.items():
        with contextlib.suppress(StreamlitAPIException):  # a widget of this page holds the name, and writes it itself
            st.query_params[name] = value


def choose(experiment: Experiment) -> None:
    """A callback: every field as this run has it, on whichever page its widget is."""
    _set(experiment.changes())
    st.session_state.pop(AWAY, None)
    _clean_address(st.session_state[KEPT])


def _clean_address(kept: Mapping[str, Any]) -> None:
    """Fields that are at their defaults do not stand in the address."""
    for name in [name for name in st.query_params if name in FIELDS and name not in kept]:
        with contextlib.suppress(StreamlitAPIException):  # bound: its widget takes it out
            del st.query_params[name]


def _set(changes: Mapping[str, Any]) -> None:
    """Before widgets are made: every field as it is here, the others at their defaults."""
    for name, spec in FIELDS.items():
        if name in st.session_state:
            st.session_state[name] = _widget_value(name, changes.get(name, spec.default))
    st.session_state[KEPT] = dict(changes)
    st.session_state.pop(VALID, None)


def reset(own: Mapping[str, Any]) -> None:
    """A callback: every control back to its default, and the address with it.

    Args:
      own: the page's own widgets, key -> default.
    """
    for name, spec in FIELDS.items():
        if name in st.session_state:
            st.session_state[name] = _widget_value(name, spec.default)
    for key, value in own.items():
        st.session_state[key] = value
    st.session_state[links.LEARNER_KEY] = st.session_state[LEARNER_WRITTEN] = ""
    for key in (KEPT, NOTES, STRANGE):
        st.session_state[key] = type(st.session_state.get(key, []))()
    for key in (VALID, JOB, OTHER_KIND, AWAY):
        st.session_state.pop(key, None)
    for name in list(st.query_params):
        try:
            del st.query_params[name]
        except StreamlitAPIException:  # bound: its widget takes it out
            continue


# Functions or pictures: what was set for one kind is put aside while the other is looked at.


def _settle_kind(pictures: Collection[str]) -> None:
    """Before any widget is made: the settings that are kept are of the kind that the page shows."""
    state = st.session_state
    before, tasks = state[KEPT].get("tasks", FIELDS["tasks"].default), current("tasks")
    if not pictures:
        if before in PICTURES:
            came_by_link = OTHER_KIND not in state
            rest = control_tables.of_functions(state[KEPT]) if came_by_link else state[OTHER_KIND]
            state[OTHER_KIND], state[AWAY] = state[KEPT], True
            _come_with(rest)
        return
    if state.pop(AWAY, False) and before not in PICTURES:
        found, state[OTHER_KIND] = state[OTHER_KIND], state[KEPT]
        before = tasks = found["tasks"]
        _come_with(found)
    if (tasks in PICTURES) != (before in PICTURES):
        start = control_tables.PICTURE_START if tasks in PICTURES else {}
        found = {**state.get(OTHER_KIND, start), "tasks": tasks}
        state[OTHER_KIND] = state[KEPT]
        _set(found)
        _clean_address(found)
    elif tasks in PICTURES:
        state.setdefault(OTHER_KIND, {})
    if tasks in PICTURES:
        _set_right(tasks, pictures)


def _come_with(kept: Mapping[str, Any]) -> None:
    """On the way from another page: what its widgets held is not this page's."""
    for name in FIELDS:
        st.session_state.pop(name, None)
    _set(kept)


def _set_right(tasks: str, pictures: Collection[str]) -> None:
    """What a link says of pictures and cannot be here gives way, with a sentence; the network is one for pictures anyway."""
    kept = st.session_state[KEPT]
    choices = {name: FIELDS[name].metadata["choices"] for name in ("tasks", "model", "method")}
    known = {name: control_tables.offered(name, of_field, tasks, pictures) for name, of_field in choices.items()}
    wrong = {name: kept[name] for name, options in known.items() if name in kept and kept[name] not in options}
    if not wrong:
        return
    mended = {name: control_tables.PICTURE_START[name] for name in wrong}
    st.session_state[NOTES] = [
        *st.session_state[NOTES],
        *(control_tables.why_not_pictures(name, value, mended[name]) for name, value in wrong.items()),
    ]
    _set(kept | mended)
    for name, value in mended.items():
        st.query_params[name] = value
    st.rerun()  # a widget reads the address as it was when the run began, and drops what it does not know


# Widgets.


def _widget(name: str, tasks: str, pictures: Collection[str]) -> Any:
    """The widget of one field, and its value in the field's own type; `tasks` those that are chosen."""
    _bring_back(name)
    spec = FIELDS[name]
    kind, default = spec.metadata["kind"], spec.default
    label = f"{control_tables.label(name, tasks)} (`{name}`)"
    common = {"label": label, "key": name, "bind": "query-params", "help": _help(name)}
    if name in SLIDERS:
        return st.select_slider(options=_marks(name), value=default, format_func=Experiment.spell, **common)
    if kind == "choice":
        options = control_tables.offered(name, spec.metadata["choices"], tasks, pictures)
        first = default if default in options else control_tables.PICTURE_START[name]
        return st.selectbox(options=options, index=options.index(first), **common)
    if kind == "switch":
        return st.toggle(value=default, **common)
    if kind == "number":
        step = STEPS.get(name, 1 if isinstance(default, int) else 0.1)
        value = st.number_input(value=default, step=step, format="%d" if isinstance(default, int) else "%.6g", **common)
        return default if value is None else value
    content = st.text_input(value=Experiment.spell(default), **common)
    return default if content == Experiment.spell(default) else Experiment.parse(name, content)


def _bring_back(name: str) -> None:
    """Hands a value that came by a link to another page to a widget that is made for the first time."""
    kept = st.session_state[KEPT]
    if name in kept and name not in st.session_state and name not in st.query_params:
        st.session_state[name] = _widget_value(name, kept[name])
        with contextlib.suppress(StreamlitAPIException):  # bound already: its widget writes it there
            st.query_params[name] = Experiment.spell(kept[name])


def _widget_value(name: str, value: Any) -> Any:
    return Experiment.spell(value) if FIELDS[name].metadata["kind"] in ("interval", "text") else value


def _marks(name: str) -> list[float]:
    """The slider's marks, with those that a link has added; they stay for the session."""
    extra = set(st.session_state.get(EXTRA + name, ()))
    with contextlib.suppress(KeyError, ValueError):
        extra.add(Experiment.parse(name, st.query_params[name]))  # back and forward bring back what was
    extra |= {st.session_state[KEPT][name]} if name in st.session_state[KEPT] else set()
    st.session_state[EXTRA + name] = tuple(sorted(extra - set(SLIDERS[name])))
    return sorted({*SLIDERS[name], *extra})


def _help(name: str) -> str:
    spec = FIELDS[name]
    sentence = spec.metadata["help"]
    return f"{sentence[0].upper()}{sentence[1:]}. The default is {Experiment.spell(spec.default)}."


def _group(title: str, folded: bool):
    if folded:
        return st.sidebar.expander(title, expanded=title in ("Inner loop", "Outer loop"))
    return st.sidebar.container()


def _is_relevant(name: str, values: Mapping[str, Any]) -> bool:
    return name not in RELEVANT or RELEVANT[name](values)


def _no_table() -> dict[str, Any]:
    return {name: FIELDS[name].default for name in ("tasks", *TABLE_FIELDS)}


def _last_valid(may_have_table: bool) -> Experiment:
    experiment = st.session_state.get(VALID, Experiment())
    return experiment if may_have_table else dataclasses.replace(experiment, **_no_table())
