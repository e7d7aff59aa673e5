"""Anyone's pictures, a folder or a zip archive of them, as tasks."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import jax
import numpy as np

from maml_engine.checks import check_number
from maml_engine.core.episode import Episode
from maml_engine.io.pictures.describing import describe_pictures
from maml_engine.io.pictures.description import PictureSet, counted
from maml_engine.io.pictures.files import Source
from maml_engine.io.pictures.limits import LIMITS, Limits
from maml_engine.io.pictures.loading import Pool, load_pool
from maml_engine.pytrees import Replaceable, pytree, static_field
from maml_engine.tasks.family import SPLITS
from maml_engine.tasks.images.pool import ImagePool

HELD_OUT = 0.2  # of the classes, for validation and for test each, where nothing says which


@dataclass(frozen=True)
class PicturesOrigin:
    """What a pool was made from and how; all else follows from the fields that are compared, so it hashes at once.

    digest: SHA-256 of the pictures' contents and paths.
    layout: how they were laid out.
    ink: "dark" or "bright"; of pictures that are no drawings "bright".
    seed: of the split, where nothing says it.
    note: sentences about what was left out and how classes were split; "" for nothing.
    """

    digest: str
    layout: str
    ink: str
    seed: int
    note: str = field(compare=False, default="")


@pytree
class ImageFolder(Replaceable):
    """Classes of somebody's pictures, each in one split. A pytree: hand it to compiled functions.

    pool: the pictures, bytes on the device.
    origin: what they were made from.
    """

    pool: ImagePool
    origin: PicturesOrigin = static_field()

    @classmethod
    def read(
        cls,
        source: Source,
        *,
        n_way: int = 5,
        k_shot: int = 1,
        k_query: int = 1,
        size: int | None = None,
        colour: str = "auto",
        layout: str | None = None,
        ink: str | None = None,
        lists: Mapping[str, bytes] | None = None,
        rotations: bool = False,
        distortion: float = 0.0,
        same_group: bool = False,
        seed: int = 0,
        limits: Limits = LIMITS,
    ) -> "ImageFolder":
        """Reads pictures of many classes: from class folders, folders of splits or of alphabets, or beside a list of labels.

        Splits are those of folders or lists where there are any; else 20 % of the classes are for validation and for test each,
        and `n_way` at the least.

        Args:
          source: a folder or a zip archive, by path or as bytes, or files by path.
          n_way: classes of a task.
          k_shot: support pictures of a class to come.
          k_query: query pictures of a class to come; classes of fewer than `k_shot` + `k_query` are left out (`note`).
          size: side to scale pictures to; None takes 28 for drawings, 84 for others or what they have.
          colour: "grey", "colour", or "auto" for what they are.
          layout: how they are laid out ("classes", "splits", "alphabets", "list"); None guesses.
          ink: of drawings, "dark" or "bright", which makes no difference to others; None looks.
          lists: lists by name, as bytes, beside those that lie with the pictures.
          rotations: whether classes are turned by quarters, as other classes.
          distortion: of training pictures, as in `ImagePool`.
          same_group: whether all classes of a task are of one alphabet (the folder above theirs).
          seed: of the split.
          limits: what is read at the most.

        Raises:
          ValueError: one sentence: an archive that is not opened, no pictures, or too few classes for a task of each split.
        """
        pictures = describe_pictures(source, layout=layout, lists=lists, limits=limits)
        pictures = pictures.with_ink(ink) if ink is not None and pictures.look.is_drawing else pictures
        return cls.of(
            pictures,
            n_way=n_way,
            k_shot=k_shot,
            k_query=k_query,
            size=size,
            colour=colour,
            rotations=rotations,
            distortion=distortion,
            same_group=same_group,
            seed=seed,
        )

    @classmethod
    def of(
        cls,
        pictures: PictureSet,
        *,
        n_way: int = 5,
        k_shot: int = 1,
        k_query: int = 1,
        size: int | None = None,
        colour: str = "auto",
        rotations: bool = False,
        distortion: float = 0.0,
        same_group: bool = False,
        seed: int = 0,
    ) -> "ImageFolder":
        """The tasks of described pictures, which are decoded now.

        Args:
          pictures: with classes.
          n_way: as for `read`.
          k_shot: as for `read`.
          k_query: as for `read`.
          size: as for `read`.
          colour: as for `read`.
          rotations: as for `read`.
          distortion: as for `read`.
          same_group: as for `read`.
          seed: as for `read`.

        Raises:
          ValueError: as `read`.
        """
        for name, value, low in (("n_way", n_way, 2), ("k_shot", k_shot, 1), ("k_query", k_query, 1), ("seed", seed, 0)):
            check_number(name, value, low=low, integer=True)
        loaded = load_pool(pictures, size=size, colour=colour, min_pictures=k_shot + k_query)
        order, class_splits, how = _in_split_order(loaded, n_way, seed)
        pool = ImagePool(
            images=loaded.images,
            first=loaded.first[order],
            count=loaded.count[order],
            n_way=n_way,
            rotations=rotations,
            distortion=distortion,
            same_group=same_group,
            class_splits=class_splits,
            class_names=tuple(loaded.names[place] for place in order),
        )
        sentences = [*pictures.notes, *(one.sentence for one in loaded.left_out[:5]), how]
        note, ink = " ".join(filter(None, sentences)), pictures.look.ink
        return cls(pool, PicturesOrigin(loaded.digest, pictures.layout, ink, seed, note))

    def split(self, name: str) -> "ImageFolder":
        """The classes of one split ("train", "validation" or "test"); no class is in two."""
        return self.replace(pool=self.pool.split(name))

    def sample(self, key: jax.Array, meta_batch_size: int, k_shot: int, k_query: int) -> Episode:
        """Random tasks, as `ImagePool.sample`.

        Args:
          key: `[]`, of the classes and of the pictures.
          meta_batch_size: tasks.
          k_shot: support pictures of each class.
          k_query: query pictures of each class.

        Returns:
          `x` float32 `[meta_batch_size, n_way * k, height, width, channels]` in [0, 1] and one-hot `y`
          `[meta_batch_size, n_way * k, n_way]`.
        """
        return self.pool.sample(key, meta_batch_size, k_shot, k_query)

    @property
    def rows_of_a_class(self) -> int:
        """Pictures of the smallest class held: support and query of a class can be so many together."""
        return self.pool.rows_of_a_class

    @property
    def note(self) -> str:
        """Sentences about what was left out and how classes were split."""
        return self.origin.note

    @property
    def digest(self) -> str:
        """SHA-256 of the pictures' contents and paths: the same for a folder and for a zip archive of it."""
        return self.origin.digest


def _in_split_order(loaded: Pool, n_way: int, seed: int) -> tuple[list[int], tuple[int, int, int], str]:
    """The classes by split, how many each has, and a sentence where that was decided here.

    Raises:
      ValueError: a split has fewer classes than a task.
    """
    members: dict[str, list[int]] = {split: [] for split in SPLITS}
    for place, split in enumerate(loaded.splits):
        members[split or "train"].append(place)
    missing = [split for split in SPLITS[1:] if not members[split]]
    held_out = max(n_way, round(HELD_OUT * len(loaded.names)))
    shuffled = np.random.default_rng(seed).permutation(members["train"]).tolist()
    for split in missing:
        members[split], shuffled = sorted(shuffled[:held_out]), shuffled[held_out:]
    members["train"] = sorted(shuffled)
    counts = (len(members["train"]), len(members["validation"]), len(members["test"]))
    said = ", ".join(f"{count} for {split}" for split, count in zip(SPLITS, counts, strict=True))
    if min(counts) < n_way:
        reasons = " ".join(one.sentence for one in loaded.left_out[:1])
        raise ValueError(
            f"Training needs at least `n_way` = {n_way} classes for each of training, validation and test, got "
            f"{counted(len(loaded.names), 'class', 'classes')} ({said}): lower `n_way`, or bring more. {reasons}".strip()
        )
    taken = f"Nothing says which classes are for {' and '.join(missing)}: they are drawn by `seed` {seed}, which makes {said}."
    return [place for part in members.values() for place in part], counts, taken if missing else ""
