"""Omniglot (Lake et al., 2015): 1,623 handwritten characters of 50 alphabets, each drawn by twenty people."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine.checks import check_choice
from maml_engine.core.episode import Batch, Episode
from maml_engine.pytrees import Replaceable, pytree, static_field
from maml_engine.tasks.family import SPLITS
from maml_engine.tasks.images import omniglot_files
from maml_engine.tasks.images.episodes import distinct
from maml_engine.tasks.images.pool import WHITE, ImagePool

# The split of Vinyals et al. (2016), as jakesnell/prototypical-networks has it (MIT licence, (c) 2017 Jake Snell): 1,028
# characters for training, 172 for validation, 423 for test. It goes by alphabets, but for the last characters of one.
VALIDATION = ("Armenian", "Bengali", "Early_Aramaic", "Hebrew", "Mkhedruli_(Georgian)")
TEST = (
    *("Kannada", "Keble", "Malayalam", "Manipuri", "Mongolian", "Old_Church_Slavonic_(Cyrillic)", "Oriya", "Sylheti"),
    *("Syriac_(Serto)", "Tengwar", "Tibetan", "ULOG", "Gurmukhi/character42", "Gurmukhi/character43", "Gurmukhi/character44"),
    "Gurmukhi/character45",
)
CLASS_SPLITS = {"vinyals": None, "background": None}


@pytree
class Omniglot(ImagePool):
    """Tasks of Omniglot's characters, 28 x 28, ink 1: a pool whose classes are split by name. `Omniglot.read` makes one.

    class_split: "vinyals", or "background": the 30 alphabets of the background set are for training (five of them, those that
      "vinyals" has too, for validation), the 20 of the evaluation set for test.
    """

    class_split: str = static_field(default="vinyals")

    @classmethod
    def read(
        cls,
        *,
        n_way: int = 5,
        class_split: str = "vinyals",
        rotations: bool = True,
        distortion: float = 0.0,
        same_group: bool = False,
    ) -> "Omniglot":
        """Reads the archives in `MAML_LAB_DATA`/omniglot, or downloads them.

        Args:
          n_way: classes of a task.
          class_split: as the field.
          rotations: whether classes are turned, as in most papers, in training and in test.
          distortion: of training pictures, as in `ImagePool`.
          same_group: whether all characters of a task are of one alphabet.

        Raises:
          StorageError: they are not here and cannot be had, or are not what they must be.
        """
        check_choice("class_split", class_split, CLASS_SPLITS)
        all_of = omniglot_files.characters()
        where = np.array([_split_of(name, is_background, class_split) for name, is_background in zip(
            all_of.names, all_of.is_background, strict=True
        )])  # fmt: skip
        order = np.argsort(where, kind="stable")
        return cls(
            images=all_of.images,
            first=all_of.first[order],
            count=all_of.count[order],
            n_way=n_way,
            rotations=rotations,
            distortion=distortion,
            same_group=same_group,
            class_splits=tuple(np.bincount(where, minlength=len(SPLITS)).tolist()),
            class_names=tuple(all_of.names[place] for place in order),
            class_split=class_split,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Says what it is instead of carrying 25 MB: who opens it reads the archives, which lie on the same machine."""
        names = ("n_way", "class_split", "rotations", "distortion", "same_group")
        return _again, ({name: getattr(self, name) for name in names}, self.stream)


def _again(read: dict[str, Any], stream: str) -> Omniglot:
    return Omniglot.read(**read).replace(stream=stream)


def _split_of(name: str, is_background: bool, class_split: str) -> int:
    """The place in `SPLITS` of a character."""
    alphabet = name.partition("/")[0]
    is_test = alphabet in TEST or name in TEST if class_split == "vinyals" else not is_background
    return 2 if is_test else int(alphabet in VALIDATION)


@pytree
class OmniglotRuns(Replaceable):
    """The authors' own one-shot test: 20 runs, each of 20 characters of one alphabet, one picture known of each, 20 asked.

    A finite set of tasks, whatever split is asked for: none of its alphabets is in the background set. People make 4.5 %
    errors, the authors' baseline (modified Hausdorff distance) 38.8 %.

    known: `[runs, 20, 28, 28, 1]` bytes, one picture of each class.
    asked: `[runs, 20, 28, 28, 1]`.
    classes: int32 `[runs, 20]`, of the asked ones.
    """

    known: Any
    asked: Any
    classes: Any

    @classmethod
    def read(cls) -> "OmniglotRuns":
        """Reads `one_shot_all_runs.zip` (`all_runs.zip` of the authors) in `MAML_LAB_DATA`/omniglot.

        Raises:
          StorageError: it is not there, or not what it must be.
        """
        return cls(*map(jnp.asarray, omniglot_files.runs()))

    @property
    def n_way(self) -> int:
        """Classes of each run."""
        return self.known.shape[1]

    def split(self, name: str) -> "OmniglotRuns":
        """The same runs."""
        check_choice("split", name, SPLITS)
        return self

    def every(self, key: jax.Array, k_shot: int) -> Episode:
        """Each run once; `key` `[]` decides nothing.

        Raises:
          ValueError: `k_shot` is not 1.
        """
        del key
        if k_shot != 1:
            raise ValueError(f"`k_shot` must be 1 in Omniglot's one-shot runs, got {k_shot}.")
        known, asked = (part.astype(jnp.float32) / WHITE for part in (self.known, self.asked))
        y = jnp.broadcast_to(jnp.eye(self.n_way), (len(known), self.n_way, self.n_way))
        return Episode(Batch(known, y), Batch(asked, jax.nn.one_hot(self.classes, self.n_way)))

    def sample(self, key: jax.Array, meta_batch_size: int, k_shot: int, k_query: int) -> Episode:
        """Random runs, as `every` has them.

        Args:
          key: `[]`, of the runs.
          meta_batch_size: how many, at most 20.
          k_shot: 1.
          k_query: not used: each run asks for its own 20 pictures.
        """
        del k_query
        chosen = distinct(key, len(self.known), meta_batch_size, ())
        return jax.tree.map(lambda leaf: leaf[chosen], self.every(key, k_shot))
