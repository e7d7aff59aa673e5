"""A learner that a visitor brings: what opens, and what is refused in one sentence."""

import dataclasses

import jax
import numpy as np
import pytest

from dashboard.downloads.files import learner_zip
from dashboard.engine_calls import resources
from dashboard.engine_calls.cache import fingerprint
from dashboard.page_parts.characters import learner_upload
from dashboard.page_parts.characters.learner_upload import learner_in
from maml_engine import Experiment, Learner
from tests.zips import unzipped, zipped

PICTURES = {"tasks": "glyphs", "model": "conv4", "filters": 2, "loss": "softmax_cross_entropy", "k_shot": 1, "n_way": 3}


def learner(**changes) -> Learner:
    return Learner.untrained(Experiment(**PICTURES | {"method": "maml", "norm": "batch"} | changes))


def rezipped(content: bytes, **changes: bytes | None) -> bytes:
    """The same zip with other files: by the first word of their names."""
    files = {name: changes.get(stem_of(name), file) for name, file in unzipped(content).items()}
    return zipped({name: file for name, file in files.items() if file is not None})


def stem_of(name: str) -> str:
    return name.rpartition("/")[2].partition(".")[0]


@pytest.fixture(scope="module")
def content() -> bytes:
    return learner_zip(learner())


def test_what_was_taken_along_opens_wherever_it_lies_in_the_zip(content):
    found, made = learner_in(content), learner()
    assert found.experiment == made.experiment
    jax.tree.map(np.testing.assert_array_equal, found.meta, made.meta)
    elsewhere = {f"runs/mine/{name.rpartition('/')[2]}": file for name, file in unzipped(content).items()}
    assert fingerprint(learner_in(zipped(elsewhere | {"drawings.json": b"{}"}))) == fingerprint(found)


def test_what_is_no_learner_of_pictures_is_refused_in_one_sentence(content):
    shipped = resources.shipped_learners()["sinusoid_maml"]
    twice = zipped({f"{folder}/{name}": file for folder in "ab" for name, file in unzipped(content).items()})
    for given, words in [
        (b"", "got an empty file"),
        (b"a text", "got text"),
        (content[: len(content) // 2], "cut off"),
        (rezipped(content, learner=None), "got none"),
        (twice, "got 2 of them"),
        (rezipped(content, learner=b"\0" * 100), "not a file that MAML Lab wrote"),
        (rezipped(content, learner=rezipped(content)), "not a file that MAML Lab wrote"),
        (learner_zip(shipped), "must tell square pictures apart"),
        (learner_zip(learner(inner_steps=21)), "at most 20 inner steps, got 21"),
        (learner_zip(learner(n_way=51)), "at most 50 classes, got 51"),
        (learner_zip(learner(filters=200)), "at most 1,000,000 parameters"),
    ]:
        with pytest.raises(ValueError, match=words) as refused:
            learner_in(given)
        assert "/tmp" not in str(refused.value) and str(refused.value).count(". ") == 0


def test_a_learner_whose_training_diverged_is_refused(monkeypatch):
    lost = learner()
    meta = jax.tree.map(lambda leaf: np.full_like(leaf, np.nan), lost.meta)
    with pytest.raises(ValueError, match="finite numbers"):
        learner_in(learner_zip(lost.replace(meta=meta)))
    monkeypatch.setattr(learner_upload, "LIMITS", dataclasses.replace(learner_upload.LIMITS, archive_bytes=100))
    with pytest.raises(ValueError, match="must be at most"):
        learner_in(learner_zip(lost))
