"""Your pictures: a folder or a zip of pictures in classes, a learner adapted to some of each, and "what is this one?"."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from dashboard import escape
from dashboard.engine_calls.cache import compute
from dashboard.jobs.pool import EngineLost
from dashboard.widgets import session
from maml_engine import Learner
from maml_engine.io.pictures.limits import PAGE_LIMITS, is_picture, megabytes

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from maml_engine.io.pictures.description import PictureSet

FILES, FOLDER = "A zip, or pictures", "A folder"
WORDS = {"known": "Pictures of each class", "asked": "What is this one? A picture, or many to be sorted"}


@st.fragment
def show(learner: Learner) -> None:
    """The uploads, and once there are any what the learner makes of them; a part of its own."""
    st.subheader("Your pictures", anchor=False)
    st.markdown(
        "Bring pictures in classes of your own, such as a zip with a folder for each class: the learner adapts to a few of "
        "each, the rest says how often it is right, and then it names pictures that it is asked about."
    )
    known = _bring("known")
    st.caption(
        f"At most {megabytes(PAGE_LIMITS.archive_bytes)} in all ({megabytes(PAGE_LIMITS.unpacked_bytes)} unpacked), "
        f"{PAGE_LIMITS.files:,} files, {PAGE_LIMITS.pixels:,} pixels a picture (a JPEG twice that); PNG, JPEG, GIF, BMP, WebP, "
        "TIFF or PNM, known by content. What you bring stays in this session's memory: nothing is shared or written to disk."
    )
    if known is not None:
        from dashboard.page_parts.characters import picture_answers  # nobody waits for it before

        picture_answers.show(learner, known, lambda: _bring("asked"))


def _bring(kind: str) -> "PictureSet | None":
    """The upload of one kind of pictures, "known" or "asked"; what they are, or None where there are none yet."""
    how = st.segmented_control(
        WORDS[kind], [FILES, FOLDER], default=FILES, required=True, key=f"{session.PICTURE_FILES[kind]}_how"
    )
    key = f"{session.PICTURE_FILES[kind]}{'_folder' if how == FOLDER else ''}"
    st.file_uploader(
        WORDS[kind],
        accept_multiple_files="directory" if how == FOLDER else True,
        max_upload_size=PAGE_LIMITS.archive_bytes // 10**6,
        key=key,
        on_change=_take,
        args=(kind, key),
        label_visibility="collapsed",
    )
    held: Any = _sets().get(kind)
    if callable(held):
        with st.spinner("Looking at the pictures"):
            held = _sets()[kind] = held()
    if isinstance(held, str):
        st.error(escape.sentence(held), icon=":material/error:")
        return None
    if held is not None and not st.session_state.get(key):  # who comes back to the page finds an empty upload
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown("The pictures that you brought before are still here.")
            st.button("Forget them", icon=":material/delete:", key=f"forget_{kind}", on_click=_forget, args=(kind,))
    return held


def _sets() -> dict[str, Any]:
    """What this session holds of each kind: a description, a refusal, or what is still to be done for one of them."""
    return st.session_state.setdefault(session.PICTURE_SETS, {})


def _forget(kind: str) -> None:
    """A callback: what there is of one kind, with what was answered about it."""
    _sets().pop(kind, None)
    st.session_state.get(session.PICTURE_ANSWERS, {}).clear()
    if kind == "known":
        st.session_state.pop(session.PICTURE_CLASSES, None)
        st.session_state.pop(session.PICTURE_SHOTS, None)


def _take(kind: str, key: str) -> None:
    """A callback: what was uploaded takes the place of what was there; taken away, it is forgotten."""
    _forget(kind)
    if uploaded := st.session_state[key]:
        _sets()[kind] = _description_of(uploaded)


def _description_of(uploaded: "Sequence[UploadedFile]") -> "Callable[[], PictureSet | str]":
    """Says, when it is asked, what was uploaded."""

    def describe() -> "PictureSet | str":
        from dashboard.page_parts.characters import picture_calls

        if (size := sum(file.size for file in uploaded)) > PAGE_LIMITS.archive_bytes:
            return f"The files must be at most {megabytes(PAGE_LIMITS.archive_bytes)} together, got {megabytes(size)}."
        try:
            return compute(picture_calls.described, (_source(uploaded),), {})
        except (ValueError, EngineLost) as error:
            return str(error)

    return describe


def _source(uploaded: "Sequence[UploadedFile]") -> bytes | Mapping[str, bytes]:
    """One file that is no picture is an archive, or said to be none; else contents by path."""
    if len(uploaded) == 1 and not is_picture((content := uploaded[0].getvalue())[:512]):
        return content
    contents: dict[str, bytes] = {}
    for file in uploaded:
        stem, dot, ending = file.name.rpartition(".")
        number, name = 1, file.name
        while name in contents:
            number += 1
            name = f"{stem} ({number}){dot}{ending}"
        contents[name] = file.getvalue()
    return contents
