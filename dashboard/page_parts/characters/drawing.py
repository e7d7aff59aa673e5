"""The pad, and below it the way to take along what is drawn there, with the learner, and to bring it back."""

import hashlib
import io
import zipfile
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from dashboard import escape
from dashboard.components.drawing_pad import Drawings, drawing_pad
from dashboard.components.drawing_pad.strokes import parse
from dashboard.engine_calls import resources
from dashboard.engine_calls.cache import fingerprint
from dashboard.page_parts.characters import choices, learner_choice, learner_upload
from dashboard.widgets import session
from maml_engine import Learner
from maml_engine.learner.learner import LEARNER_FILE

PAD = "pad"
DRAWINGS_FILE = "drawings.json"
MAX_BYTES = 4 * 2**20  # of a file that is brought back, unpacked: thirty times what the pad can hold


@st.fragment
def show_pad(learner: Learner) -> None:
    """The pad in a part of its own: what is drawn runs nothing else of the page."""
    if st.session_state.get(session.LEARNER_TAKEN):  # it came with drawings: the rest of the page shows it too
        st.session_state[session.LEARNER_TAKEN] = False
        st.rerun()
    drawn = drawing_pad(PAD, choices.subject(learner), given=st.session_state.get(session.BROUGHT))
    with st.container(horizontal=True, vertical_alignment="center", key="pad_files"):
        st.download_button(
            "Take along (zip)",
            lambda: packed(drawn, learner),
            "maml-lab-characters.zip",
            "application/zip",
            icon=":material/download:",
            key="pad_take",
            on_click="ignore",
            disabled=drawn is None,
            help="Your drawings and the learner: a folder that `Learner.load` opens, and a file that the pad takes back.",
        )
        with st.popover("Bring back", icon=":material/upload:", key="pad_bring"):
            st.file_uploader(
                "Drawings that you took along",
                type=["zip", "json"],
                max_upload_size=learner_upload.LIMITS.archive_bytes // 10**6,
                key=session.BROUGHT_FILE,
                on_change=bring_back,
                help="The zip, or its drawings.json. What is on the pad makes room for it; Undo brings that back. A learner in "
                "the zip that does not come with the app is brought back too.",
            )
    if sentence := st.session_state.get(session.BROUGHT_REFUSED):
        st.error(escape.sentence(sentence), icon=":material/error:")


def bring_back() -> None:
    """A callback: the pad takes over what was uploaded."""
    file = st.session_state[session.BROUGHT_FILE]
    st.session_state[session.BROUGHT_REFUSED] = ""
    if file is None:
        return
    try:
        content = file.getvalue()
        drawings = parse(unpacked(content))
        learner = learner_upload.learner_in(content) if LEARNER_FILE.encode() in content else None
    except ValueError as error:
        st.session_state[session.BROUGHT_REFUSED] = str(error)
        return
    shipped = map(fingerprint, resources.shipped_learners().values())
    if learner is not None and fingerprint(learner) not in shipped:
        learner_choice.take(learner)
        st.session_state[session.LEARNER_TAKEN] = True
    st.session_state[session.BROUGHT] = (f"{file.file_id} {hashlib.sha256(content).hexdigest()[:16]}", drawings)


def packed(drawn: Drawings, learner: Learner) -> bytes:
    """Drawings and learner as a zip."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, TemporaryDirectory() as folder:
        archive.writestr(DRAWINGS_FILE, drawn.to_json())
        learner.save(folder)
        for path in sorted(Path(folder).iterdir()):
            archive.write(path, f"learner/{path.name}")
    return buffer.getvalue()


def unpacked(content: bytes) -> bytes:
    """The drawings' file out of what was uploaded, the zip or the file itself.

    Raises:
      ValueError: it is a zip, and one that cannot be read or holds no drawings; says why, in one sentence.
    """
    if not content.startswith(b"PK"):
        return content
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if DRAWINGS_FILE not in archive.namelist():
                raise ValueError(f"The zip holds no drawings: there is no {DRAWINGS_FILE} in it.")
            with archive.open(DRAWINGS_FILE) as file:  # an encrypted one is refused here
                found = file.read(MAX_BYTES + 1)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, zlib.error):
        raise ValueError("The zip cannot be read: it is cut off, encrypted or damaged.") from None
    if len(found) > MAX_BYTES:
        raise ValueError(f"The drawings in the zip are larger than {MAX_BYTES // 2**20} MB, more than a pad can hold.")
    return found
