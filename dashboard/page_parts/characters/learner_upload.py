"""A learner that a visitor brings: the zip of a folder of `maml train`, or what this page gave, opened within limits."""

import jax
import numpy as np

from dashboard.runs.exchange import load_files
from maml_engine import Learner
from maml_engine.io.pictures.archive import Archive
from maml_engine.io.pictures.limits import Limits, kind_of
from maml_engine.learner.learner import EXPERIMENT_FILE, LEARNER_FILE
from maml_engine.learner.pictures import picture_shape

LIMITS = Limits(archive_bytes=20_000_000, unpacked_bytes=40_000_000, file_bytes=20_000_000, files=1000)
# What a page can adapt while its visitor waits, beside other visitors.
MAX_PARAMETERS, MAX_SIDE, MAX_STEPS, MAX_WAYS = 1_000_000, 84, 20, 50


def learner_in(content: bytes) -> Learner:
    """The learner in a zip; nothing of it is executed, nor kept on the disk.

    Raises:
      ValueError: no zip, one that cannot be read, without a learner or with several, of another kind, or too large a one; says
        why, in one sentence.
    """
    if content[:2] != b"PK":
        raise ValueError(f"A learner must come as a zip of its folder, got {kind_of(content[:512])}.")
    archive = Archive(content, LIMITS)
    found = [name for name in archive.names if name.rpartition("/")[2] == LEARNER_FILE]
    if len(found) != 1:
        held = f"{len(found)} of them" if found else "none"
        raise ValueError(f"The zip must hold one {LEARNER_FILE}, as folders of `maml train` and “Take along” do, got {held}.")
    folder = found[0].removesuffix(LEARNER_FILE)
    names = [name for name in (LEARNER_FILE, EXPERIMENT_FILE) if folder + name in archive.names]
    return _checked(load_files({name: archive.read(folder + name) for name in names}))


def _checked(learner: Learner) -> Learner:
    """Refuses what is no learner of pictures, and what would keep others waiting."""
    picture_shape(learner)
    if why := why_too_large(learner):
        raise ValueError(why)
    return learner


def why_too_large(learner: Learner) -> str:
    """Why a learner of pictures cannot be shown beside other visitors, in one sentence; "" where it can."""
    leaves = [np.asarray(leaf) for leaf in jax.tree.leaves(learner.meta)]
    found = {
        "parameters": (sum(leaf.size for leaf in leaves), MAX_PARAMETERS),
        "pixels a side": (learner.x_rows.shape[0], MAX_SIDE),
        "inner steps": (learner.experiment.inner_steps, MAX_STEPS),
        "classes": (learner.out_dim, MAX_WAYS),
    }
    for what, (value, most) in found.items():
        if value > most:
            return f"A learner on this page must have at most {most:,} {what}, got {value:,}."
    if not all(np.isfinite(leaf).all() for leaf in leaves if leaf.dtype.kind == "f"):
        return "The learner's parameters must be finite numbers, and some of these are not: its training diverged."
    return ""
