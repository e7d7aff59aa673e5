"""A finite set of classes of pictures, held as bytes on the device; episodes are drawn from it by index."""

from collections import defaultdict
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine.checks import check_choice, check_number, shown
from maml_engine.core.episode import Episode
from maml_engine.pytrees import Replaceable, pytree, static_field
from maml_engine.tasks.family import SPLITS, check_sizes
from maml_engine.tasks.images.distortion import distorted
from maml_engine.tasks.images.episodes import distinct, episode_of

WHITE = 255.0


class Part(NamedTuple):
    """The classes of one split, which lie side by side.

    start: the first one.
    classes: how many.
    fewest: pictures of its smallest class; 0 where there is no class.
    """

    start: int
    classes: int
    fewest: int


@pytree
class ImagePool(Replaceable):
    """Classes of pictures, each in one split. A pytree: hand it to compiled functions, so that its bytes are copied nowhere.

    Nothing larger than the episode itself is made when one is drawn, and pictures stay bytes until they are in it.

    images: uint8 `[pictures, height, width, channels]`, the pictures of a class side by side; grey drawings with ink 255.
    first: int32 `[classes]`, the first picture of each class; training classes first, then validation, then test.
    count: int32 `[classes]`, its pictures.
    n_way: classes of a task.
    rotations: each class of a task is turned by 0, 90, 180 or 270 degrees, drawn anew for each task: a turned class is another
      class, which has the split of the one that it was made of. A task never holds one class twice.
    class_splits: how many classes are for training, for validation and for test; None takes 70, 15 and 15 % of them as they
      come.
    stream: the split that is held, or "all".
    class_names: of all classes; () where they have none.
    distortion: how much each training picture is turned, stretched, sheared and moved (`distortion.distorted`); validation and
      test pictures are as they are.
    same_group: the classes of a task are of one group, an alphabet say, which is what stands in their names before the last
      "/"; turned classes are then turned alike. Groups of fewer than `n_way` classes are left out.
    parts: found out from the others: the classes of each split.
    """

    images: Any
    first: Any
    count: Any
    n_way: int = static_field(default=5)
    rotations: bool = static_field(default=False)
    class_splits: tuple[int, int, int] | None = static_field(default=None)
    stream: str = static_field(default="all")
    class_names: tuple[str, ...] = static_field(default=())
    distortion: float = static_field(default=0.0)
    same_group: bool = static_field(default=False)
    parts: tuple[Part, ...] = static_field(default=())

    def __post_init__(self):
        check_number("n_way", self.n_way, low=2, integer=True)
        check_number("distortion", self.distortion, low=0)
        if self.parts:  # found out before: JAX puts a pool together again with whatever it traces
            return
        first, count = np.asarray(self.first), np.asarray(self.count)
        _check_arrays(self.images, first, count, self.class_names)
        if self.rotations and self.images.shape[1] != self.images.shape[2]:
            raise ValueError(f"`rotations` needs square pictures, got {self.images.shape[1]} x {self.images.shape[2]}.")
        splits = _checked_splits(self.class_splits, len(count))
        found = {"images": jnp.asarray(self.images), "first": jnp.asarray(first, jnp.int32)}
        found |= {"count": jnp.asarray(count, jnp.int32), "class_splits": splits, "parts": _parts(splits, count)}
        for name, value in found.items():
            object.__setattr__(self, name, value)

    def split(self, name: str) -> "ImagePool":
        """The classes of one split ("train", "validation" or "test") of the whole pool; no class is in two, turned or not."""
        check_choice("split", name, SPLITS)
        return self.replace(stream=name)

    def sample(self, key: jax.Array, meta_batch_size: int, k_shot: int, k_query: int) -> Episode:
        """Random tasks: `n_way` classes, in random order, and of each `k_shot` pictures and `k_query` others.

        Args:
          key: `[]`, of the classes, of their order and turns, and of the pictures.
          meta_batch_size: tasks.
          k_shot: support pictures of each class.
          k_query: query pictures of each class.

        Returns:
          `x` float32 `[meta_batch_size, n_way * k, height, width, channels]` in [0, 1], class by class, and `y` one-hot rows
          `[meta_batch_size, n_way * k, n_way]`; pure and traceable. The pool as a whole shows training classes.

        Raises:
          ValueError: a number out of range, or more classes or pictures than the split has, or each of its groups.
        """
        part = self._held
        check_sizes(meta_batch_size, k_shot, k_query)
        self._check_room(part, k_shot, k_query)
        key_classes, key_pictures, key_turns = jax.random.split(key, 3)
        classes = self._classes(key_classes, meta_batch_size)
        pictures = distinct(key_pictures, self.count[classes], k_shot + k_query, classes.shape)
        rows = jnp.take(self.images, self.first[classes][..., None] + pictures, axis=0, mode="clip")
        if self.rotations:
            apart = (meta_batch_size, 1) if self.same_group else classes.shape
            rows = turned(rows, jnp.broadcast_to(jax.random.randint(key_turns, apart, 0, 4), classes.shape))
        shown = rows.astype(jnp.float32) / WHITE
        if self.distortion and self._split == "train":
            shown = distorted(jax.random.fold_in(key_pictures, 1), shown, self.distortion)
        return episode_of(shown, k_shot)

    @property
    def num_classes(self) -> int:
        """How many classes `sample` draws from."""
        return self._held.classes

    @property
    def held_names(self) -> tuple[str, ...]:
        """Names of the classes that `sample` draws from; () where they have none."""
        return self.class_names[self._held.start : self._held.start + self._held.classes]

    @property
    def picture_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of a picture."""
        return self.images.shape[1:]

    @property
    def rows_of_a_class(self) -> int:
        """Pictures of the smallest of these classes: support and query of a class can be so many together."""
        return self._held.fewest

    @property
    def _held(self) -> Part:
        return self.parts[SPLITS.index(self._split)]

    @property
    def _split(self) -> str:
        return "train" if self.stream == "all" else self.stream

    def _classes(self, key: jax.Array, tasks: int) -> jax.Array:
        """Places of each task's classes: int32 `[tasks, n_way]`."""
        part = self._held
        if not self.same_group:
            return part.start + distinct(key, part.classes, self.n_way, (tasks,))
        members, counts = _groups(self.held_names, part.classes)
        if self.n_way > counts.max():
            raise ValueError(
                f"`n_way` must be at most {counts.max()} with `same_group`, the classes of the largest group of the split "
                f"{self._split!r}, got {self.n_way}."
            )
        members, counts = members[counts >= self.n_way], counts[counts >= self.n_way]
        key_group, key_members = jax.random.split(key)
        group = jax.random.randint(key_group, (tasks,), 0, len(counts))
        chosen = distinct(key_members, jnp.asarray(counts)[group], self.n_way, (tasks,))
        return part.start + jnp.take_along_axis(jnp.asarray(members)[group], chosen, axis=-1)

    def _check_room(self, part: Part, k_shot: int, k_query: int) -> None:
        split = self._split
        if self.n_way > part.classes:
            raise ValueError(f"`n_way` must be at most {part.classes}, the classes of the split {split!r}, got {self.n_way}.")
        if k_shot + k_query > part.fewest:
            raise ValueError(
                f"`k_shot` + `k_query` must be at most {part.fewest}, the pictures of the smallest class of the split "
                f"{split!r}, got {k_shot} + {k_query}."
            )


def _groups(names: tuple[str, ...], classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Classes by group (without names one): their places, int32 `[groups, the most]`, and how many there are, `[groups]`."""
    places = defaultdict(list)
    for place, name in enumerate(names or [""] * classes):
        places[name.rpartition("/")[0]].append(place)
    counts = np.array([len(group) for group in places.values()], np.int32)
    return np.array([np.resize(group, counts.max()) for group in places.values()], np.int32), counts


def turned(pictures: jax.Array, quarters: jax.Array) -> jax.Array:
    """Square pictures turned counter-clockwise, those of one class all alike.

    Args:
      pictures: `[..., pictures, height, width, channels]`.
      quarters: `[...]`, how many quarter turns, 0 to 3.
    """
    quarters = quarters.reshape(*quarters.shape, 1, 1, 1, 1)
    # A half turn and then, or not, a quarter turn: two copies to choose from instead of four.
    half = jnp.where(quarters >= 2, jnp.flip(pictures, (-3, -2)), pictures)
    return jnp.where(quarters % 2 == 1, jnp.flip(jnp.swapaxes(half, -3, -2), -3), half)


def _check_arrays(images: Any, first: Any, count: np.ndarray, names: tuple[str, ...]) -> None:
    if getattr(images, "dtype", None) != np.uint8 or images.ndim != 4:
        raise ValueError(f"`images` must be bytes (uint8) of shape [pictures, height, width, channels], got {shown(images)}.")
    if count.ndim != 1 or np.shape(first) != count.shape or not len(count):
        raise ValueError(f"`first` and `count` must have one number for each class, got {np.shape(first)} and {count.shape}.")
    ends = np.asarray(first) + count
    if (count < 1).any() or (np.asarray(first) < 0).any() or ends.max() > len(images):
        raise ValueError(f"`first` and `count` must say where each class lies among the {len(images)} pictures.")
    if names and len(names) != len(count):
        raise ValueError(f"`class_names` must name each of the {len(count)} classes, got {len(names)} names.")


def _checked_splits(class_splits: tuple[int, int, int] | None, classes: int) -> tuple[int, int, int]:
    if class_splits is None:
        held_out = round(0.15 * classes)
        return classes - 2 * held_out, held_out, held_out
    if len(class_splits) != len(SPLITS) or min(class_splits) < 0 or sum(class_splits) != classes:
        raise ValueError(
            f"`class_splits` must be three whole numbers that add up to the {classes} classes, got {shown(class_splits)}."
        )
    train, validation, test = map(int, class_splits)
    return train, validation, test


def _parts(class_splits: tuple[int, int, int], count: np.ndarray) -> tuple[Part, ...]:
    starts = np.cumsum((0, *class_splits))
    spans = zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
    return tuple(
        Part(start, end - start, int(count[start:end].min(initial=2**31 - 1)) if end > start else 0) for start, end in spans
    )
