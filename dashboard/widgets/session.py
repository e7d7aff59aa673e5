"""Every session key there is, and how a session begins. Light: a first picture need not wait for the engine's import."""

import streamlit as st

# Widgets that are bound to the link have the name of what they set: the Experiment's fields, `learner`, a page's own.
KEPT = "_kept"  # field -> value, for fields that are not the default, on whichever page they were set
SHOWN = "_shown"  # the fields that have a widget in this run
VALID = "_valid"  # the last Experiment that was accepted
NOTES = "_notes"  # sentences about the link that the visitor came by
STRANGE = "_strange"  # the link's keys that are no field
CAME_BY = "_came_by"  # what the link says of a page's own widgets, until a page has been shown to its end
PLACE = "_place"  # below the title, where sentences about the link stand
EXTRA = "_extra_"  # + field: values of a slider that lie between its marks
RUNS = "_runs"  # job ids of the runs whose learner is offered on every page
JOB = "_job"  # the job id of the run that the Train page shows
SEEN_END = "_seen_end"  # the job id whose end the Train page has shown
REFUSED = "_refused_"  # + name in the link: why the jobs of that name were refused
SAVED = "_saved"  # one sentence about a learner that was just saved
TABLE_NAMED = "_table_named"  # the uploaded file of which it was said that the link names another


def begin() -> None:
    """What every run of a page begins with."""
    settle()
    st.session_state[SHOWN] = []


def settle() -> None:
    """Takes in the link that the visitor came by, once a session, before any widget is made.

    What the link spells in another way, or wrongly, is put right in the address, since widgets read it there themselves.
    """
    if KEPT in st.session_state:
        return
    st.session_state[SHOWN] = []
    st.session_state[KEPT], st.session_state[NOTES], st.session_state[STRANGE] = {}, [], []
    came_by = {name: st.query_params.get_all(name) for name in st.query_params}
    if not came_by:
        return
    from dashboard.widgets import links

    link = links.read(came_by)
    st.session_state[CAME_BY] = link.others
    st.session_state[KEPT] = {name: value for name, value in link.values.items() if value != links.FIELDS[name].default}
    st.session_state[NOTES] = link.notes
    st.session_state[STRANGE] = [name for name in link.others if name not in links.RESERVED]
    wanted = {**link.others, **{name: [content] for name, content in links.write(link.values).items()}}
    if came_by != wanted:
        st.query_params.from_dict(wanted)
        st.rerun()
