"""What was brought, mended with a click; what the adapted learner says of it, and of pictures that it is asked about."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import escape
from dashboard.engine_calls.cache import compute, fingerprint
from dashboard.figures import characters as figures
from dashboard.jobs.pool import EngineLost
from dashboard.page_parts.characters import choices, picture_calls
from dashboard.widgets import page, run_words, session
from maml_engine import Learner
from maml_engine.io.pictures.describing import laid_out
from maml_engine.io.pictures.description import PictureSet
from maml_engine.io.pictures.layouts import LAYOUTS
from maml_engine.io.pictures.sorting import sorted_paths, sorted_zip
from maml_engine.io.write_csv import table_csv
from maml_engine.learner.pictures import Classified

FEW = 3  # sentences that are shown at once; more are folded away
OTHER_INK = {"dark": "bright", "bright": "dark"}
SHARE = st.column_config.ProgressColumn("probability", min_value=0.0, max_value=1.0, format="percent")


def show(learner: Learner, known: PictureSet, ask: Callable[[], PictureSet | None]) -> None:
    """Everything below the upload.

    Args:
      learner: adapts.
      known: the visitor's pictures, by class.
      ask: makes the upload of the pictures to be asked about, and gives what is there.
    """
    _show_set("known", known, learner)
    try:
        known.check_classes(2)
    except ValueError as error:
        st.error(escape.sentence(error), icon=":material/error:")
        return
    names, shots = _choose(learner, known)
    if len(names) < 2:
        st.info("Choose at least two classes.", icon=":material/info:")
        return
    question = picture_calls.Known(known, names, shots)
    judged = _answer("known", picture_calls.judged, learner, question)
    if judged is None:
        return
    _show_judged(learner, judged, question)
    asked = ask()
    if asked is None:
        return
    _show_set("asked", asked, learner)
    answered = _answer("asked", picture_calls.answered, learner, question, asked)
    if answered is not None:
        _show_answered(answered, known, asked)


def _show_set(kind: str, pictures: PictureSet, learner: Learner) -> None:
    """What pictures are taken for, with what else they may be as buttons, and what was left out."""
    st.markdown(f":material/photo_library: {escape.markdown(pictures)}")
    mended: dict[str, Callable[[], PictureSet]] = {}
    if kind == "known":
        for layout in pictures.layouts:
            if layout not in (pictures.layout, "unlabelled"):
                mended[f"Read as {LAYOUTS[layout]}"] = lambda layout=layout: laid_out(pictures, layout=layout)
        if pictures.layout == "list" and len(pictures.labels) > 1:
            for label in pictures.labels[:6]:
                mended[f"Classes are in {label!r}"] = lambda label=label: laid_out(pictures, layout="list", label=label)
    if pictures.look.is_drawing or picture_calls.takes_drawings(learner):
        drawn = pictures.as_drawings()
        other = OTHER_INK[drawn.look.ink]
        mended[f"The ink is {other}, not {drawn.look.ink}"] = lambda: drawn.with_ink(other)
    with st.container(horizontal=True):
        for place, (label, mend) in enumerate(mended.items()):
            st.button(
                escape.markdown(label, 90),
                icon=":material/build:",
                key=f"mend_{kind}_{place}",
                on_click=_mend,
                args=(kind, mend),
            )
    if picture_calls.takes_drawings(learner) and not pictures.look.is_drawing and kind == "known":
        st.warning(
            "This learner was trained on drawings: it takes your pictures for grey drawings of 28 x 28, and tells photographs "
            "apart badly. `maml train --tasks images` trains one on pictures, and `maml classify` asks it.",
            icon=":material/warning:",
        )
    _say([*pictures.notes, *(one.sentence for one in pictures.left_out)], kind)


def _mend(kind: str, mend: Callable[[], PictureSet]) -> None:
    """A callback: the pictures are read in another way."""
    if kind == "known":
        st.session_state.pop(session.PICTURE_CLASSES, None)
        st.session_state.pop(session.PICTURE_SHOTS, None)
    st.session_state[session.PICTURE_SETS][kind] = mend()


def _say(sentences: Sequence[str], kind: str) -> None:
    """Sentences about what was read; more than a few are folded away."""
    for sentence in sentences[:FEW]:
        st.markdown(f":gray[:material/info:] {escape.markdown(sentence)}")
    if len(sentences) > FEW:
        with st.expander(f"{len(sentences) - FEW} more notes", icon=":material/info:", key=f"picture_notes_{kind}"):
            st.markdown("\n".join(f"- {escape.markdown(sentence)}" for sentence in sentences[FEW : FEW + 100]))


def _choose(learner: Learner, known: PictureSet) -> tuple[tuple[str, ...], int]:
    """Which classes take part, and how many pictures of each are adapted to."""
    names = [one.name for one in known.classes]
    most = picture_calls.most_classes(learner)
    if len(held := st.session_state.get(session.PICTURE_CLASSES, ())) > most:  # another learner takes fewer
        st.session_state[session.PICTURE_CLASSES] = held[:most]
    chosen = st.multiselect(
        "Classes",
        names,
        default=names[:most],
        max_selections=most,
        key=session.PICTURE_CLASSES,
        help=f"At most {most}.",
    )
    if len(names) > most:
        st.caption(f"{most} classes of {len(names)} take part, as many as are compared here with this learner.")
    spare = max(len(one.paths) for one in known.classes) - 1
    shots = 1
    if spare > 1:
        most_shots = min(picture_calls.MOST_SHOTS, spare)
        shots = st.slider(
            "Pictures of each class to adapt to",
            1,
            most_shots,
            min(5, most_shots),
            key=session.PICTURE_SHOTS,
            help="Drawn at random, always the same ones. The rest is held back; a class keeps at least one back if it has two.",
        )
    return tuple(name for name in names if name in chosen), shots


def _answer(kind: str, function: Callable[..., Any], learner: Learner, *question: Any) -> Any:
    """The engine's answer, of which this session keeps the last; None where it refused, which is said."""
    answers = st.session_state.setdefault(session.PICTURE_ANSWERS, {})
    key = (fingerprint(learner), *question)  # descriptions are equal to themselves alone
    if answers.get(kind, ((),))[0] != key:
        try:
            with st.spinner("Adapting"):
                answers[kind] = (key, compute(function, (learner, *question), {}))
        except (ValueError, EngineLost) as error:
            answers.pop(kind, None)
            st.error(escape.sentence(error), icon=":material/error:")
            return None
    return answers[kind][1]


def _show_judged(learner: Learner, judged: picture_calls.Judged, known: picture_calls.Known) -> None:
    """The support as the network sees it, and how often the learner is right about what was held back."""
    run = run_words.of_run(learner.experiment, learner.iteration, title=choices.label(learner))
    with page.pictures_of(run):
        alt = f"Pictures of {len(judged.support)} classes that the learner adapts to, as the network sees them"
        page.chart(figures.classes_figure(judged.support), "your_support", alt)
    found = judged.held_back
    if found is None:
        st.info("No class has a picture to be held back: nothing says how often the learner is right.", icon=":material/info:")
        return
    if _has_diverged(found):
        return
    total = len(found.paths)
    st.metric(
        "Right about the pictures held back",
        f"{100 * found.right / total:.0f} %",
        help=f"After adapting to up to {known.shots} of each class; guessing is right {100 / len(found.classes):.0f} %.",
    )
    st.caption(f"{found.right} of {total:,} pictures that it has not adapted to.")
    _say(_new_notes(found, known.pictures), "held_back")
    wrong = [place for place, (one, other) in enumerate(zip(found.chosen, found.truth, strict=True)) if one != other]
    if wrong:
        with st.expander(f"Where it is wrong ({len(wrong)})", icon=":material/close:", key="wrong_pictures"):
            columns = {
                "picture": [found.paths[place] for place in wrong],
                "class": [found.truth[place] for place in wrong],
                "taken for": [found.chosen[place] for place in wrong],
                "probability": found.probabilities.max(axis=1)[wrong],
            }
            st.dataframe(pd.DataFrame(columns), hide_index=True, column_config={"probability": SHARE})


def _show_answered(answered: picture_calls.Answered, known: PictureSet, asked: PictureSet) -> None:
    """Ranked classes of one picture, or the classes of many and the zip of them."""
    found = answered.found
    if _has_diverged(found):
        return
    if len(found.paths) == 1:
        order = np.argsort(-found.probabilities[0], kind="stable")
        best = found.classes[order[0]]
        st.markdown(f"**It is most likely {escape.markdown(best, 60)}** ({100 * found.probabilities[0, order[0]]:.0f} %)")
        left, right = st.columns([1, 2], gap="medium")
        with left:
            page.chart(figures.classes_figure({"": answered.seen}, row=90), "your_picture", "As the network sees it")
        columns = {"class": [found.classes[place] for place in order], "probability": found.probabilities[0, order]}
        right.dataframe(pd.DataFrame(columns), hide_index=True, column_config={"probability": SHARE}, key="ranked_classes")
    else:
        if found.truth:
            st.markdown(f"**{found.right} of {len(found.paths):,}** are of the class that their folder is named after.")
        columns = {"picture": found.paths, "class": found.chosen, "probability": found.probabilities.max(axis=1)}
        st.dataframe(pd.DataFrame(columns), hide_index=True, column_config={"probability": SHARE}, key="sorted_pictures")
        with st.container(horizontal=True):
            st.download_button(
                "Sorted pictures (zip)",
                lambda: sorted_zip(asked.found.files, sorted_paths(found.paths, found.chosen)),
                "sorted-pictures.zip",
                "application/zip",
                icon=":material/folder_zip:",
                key="take_sorted",
                on_click="ignore",
                help="The pictures as they are, in a folder for each class.",
            )
            by_class = {f"p({name})": found.probabilities[:, place] for place, name in enumerate(found.classes)}
            st.download_button(
                "Answers (CSV)",
                lambda: table_csv(columns | by_class),
                "classes-of-pictures.csv",
                "text/csv",
                icon=":material/download:",
                key="take_classes",
                on_click="ignore",
            )
    st.caption("The probabilities are the network's own, calibrated by nothing: the share that is right stands above.")
    _say(_new_notes(found, known, asked), "answered")


def _new_notes(found: Classified, *told: PictureSet) -> list[str]:
    """What adapting adds to what was told: pictures that could not be decoded or are blank, what was predicted together."""
    known = {sentence for each in told for sentence in (*each.notes, *(one.sentence for one in each.left_out))}
    sentences = dict.fromkeys([*found.notes, *(one.sentence for one in found.left_out)])
    return [sentence for sentence in sentences if sentence not in known]


def _has_diverged(found: Classified) -> bool:
    is_lost = not np.isfinite(found.probabilities).all()
    if is_lost:
        st.error("Adapting diverged: its predictions are no finite numbers. Choose another learner.", icon=":material/error:")
    return is_lost
