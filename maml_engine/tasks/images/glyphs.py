"""An endless set of synthetic characters, drawn on the device: nothing to download, and no character comes twice."""

import math
import zlib
from typing import NamedTuple

import jax
import jax.numpy as jnp

from maml_engine.checks import check_choice, check_number
from maml_engine.core.episode import Episode
from maml_engine.pytrees import Replaceable, pytree, static_field
from maml_engine.tasks.family import SPLITS, check_sizes
from maml_engine.tasks.images.episodes import episode_of

STROKES, POINTS = 4, 24  # at the most of a character; of a stroke


class Strokes(NamedTuple):
    """Characters as pen strokes, in a square from -1/2 to 1/2; y points down.

    points: `[..., STROKES, POINTS, 2]`, x and y along each stroke.
    is_drawn: `[..., STROKES]`, 0 for strokes that a character does not have.
    """

    points: jax.Array
    is_drawn: jax.Array


@pytree
class Glyphs(Replaceable):
    """Invented characters: a class is a few strokes (lines, arcs, corners, loops, dots), each picture of it another hand's.

    The strokes of a class are drawn as Lake et al. (2015) describe how people make characters: a few pen strokes, each begun
    anywhere or on one that is there. Every picture moves, turns and bends the strokes, slants the whole, and takes its own pen.

    n_way: classes of a task.
    variation: how far the pictures of a class differ; 1 is about as people's do, 0 makes them alike.
    size: height and width of a picture.
    stream: which split; there is no finite set of characters, so splits differ by key.
    """

    variation: float = 1.0
    n_way: int = static_field(default=5)
    size: int = static_field(default=28)
    stream: str = static_field(default="train")

    def __post_init__(self):
        check_number("variation", self.variation, low=0)
        check_number("n_way", self.n_way, low=2, integer=True)
        check_number("size", self.size, low=8, high=256, integer=True)

    def split(self, name: str) -> "Glyphs":
        """The characters whose keys are those of the split `name`."""
        check_choice("split", name, SPLITS)
        return self.replace(stream=name)

    def sample(self, key: jax.Array, meta_batch_size: int, k_shot: int, k_query: int) -> Episode:
        """Tasks of new characters, each with new pictures.

        Args:
          key: `[]`, of the characters and of their pictures.
          meta_batch_size: tasks.
          k_shot: support pictures of each class.
          k_query: query pictures of each class.

        Returns:
          `x` float32 `[meta_batch_size, n_way * k, size, size, 1]` in [0, 1], ink 1, class by class, and `y` one-hot rows
          `[meta_batch_size, n_way * k, n_way]`; pure and traceable.
        """
        check_sizes(meta_batch_size, k_shot, k_query)
        key_classes, key_pictures = jax.random.split(jax.random.fold_in(key, zlib.crc32(self.stream.encode())))
        characters = invented(key_classes, (meta_batch_size, self.n_way))
        pictures = written(key_pictures, characters, k_shot + k_query, variation=self.variation, size=self.size)
        return episode_of(pictures, k_shot)

    @property
    def rows_of_a_class(self) -> None:
        """Pictures of a class: endlessly many."""
        return

    @property
    def picture_shape(self) -> tuple[int, int, int]:
        """Height, width and channels of a picture."""
        return (self.size, self.size, 1)


def invented(key: jax.Array, shape: tuple[int, ...]) -> Strokes:
    """New characters, `[*shape]` of them; `key` `[]`."""
    key_uniform, key_normal, key_joints = jax.random.split(key, 3)
    each = (*shape, STROKES)
    # One draw of each kind, since every one that is compiled takes a third of a second.
    kind, loop, length_u, heading_u, *corner = jnp.moveaxis(jax.random.uniform(key_uniform, (*each, 10)), -1, 0)
    bend_1, bend_2, heading_n, length_n, *angle = jnp.moveaxis(jax.random.normal(key_normal, (*each, 6)), -1, 0)
    # A stroke is walked at an even pace: its direction turns evenly along each half, and at once in a corner.
    along = jnp.linspace(0.0, 1.0, POINTS - 1)
    bends = 1.5 * jnp.stack([bend_1, bend_2])  # radians over each half
    bends = jnp.where(kind < 0.45, 0.1 * bends, bends)  # a line, almost
    bends = jnp.where(kind > 0.85, jnp.sign(bend_1) * (math.pi + 0.4 * loop), bends)  # comes back to where it began
    turn = bends[0][..., None] * jnp.minimum(along, 0.5) * 2 + bends[1][..., None] * jnp.maximum(along - 0.5, 0.0) * 2
    has_corners = (kind > 0.1) & (kind < 0.85)
    for often, place, is_there, side, spread in zip((0.4, 0.2), corner[:2], corner[2:4], corner[4:], angle, strict=True):
        by = jnp.where((is_there < often) & has_corners, jnp.sign(side - 0.5) * (1.8 + 0.4 * spread), 0.0)
        turn += by[..., None] * (along > (0.2 + 0.6 * place)[..., None])
    # People prefer level, upright and diagonal strokes.
    heading = (math.pi / 4 * jnp.round(8 * heading_u) + 0.15 * heading_n)[..., None] + turn
    length = jnp.where(length_u > 0.97, 0.04, jnp.exp(0.4 * length_n))  # a dot, now and then
    steps = (length / POINTS)[..., None, None] * jnp.stack([jnp.cos(heading), jnp.sin(heading)], axis=-1)
    walked = jnp.cumsum(jnp.pad(steps, [(0, 0)] * len(each) + [(1, 0), (0, 0)]), axis=-2)
    return _joined(key_joints, walked)


def _joined(key: jax.Array, walked: jax.Array) -> Strokes:
    """Strokes put together: each is begun (or crossed) at a point of an earlier one, or anywhere; then all are centred.

    Args:
      key: `[]`.
      walked: `[..., STROKES, POINTS, 2]`, each from the origin on.
    """
    shape = walked.shape[:-3]
    key_uniform, key_normal = jax.random.split(key)
    meets, touches, is_free, earlier = jnp.moveaxis(jax.random.uniform(key_uniform, (*shape, STROKES, 4)), -1, 0)
    anywhere = 0.35 * jax.random.normal(key_normal, (*shape, STROKES, 2))
    centred = walked - jnp.mean(walked, axis=-2, keepdims=True)
    placed = [centred[..., 0, :, :]]
    for stroke in range(1, STROKES):
        which = jnp.floor(stroke * earlier[..., stroke]).astype(jnp.int32)
        before = jnp.take_along_axis(jnp.stack(placed, axis=-3), which[..., None, None, None], axis=-3)[..., 0, :, :]
        own = centred[..., stroke, :, :]
        joint = _end_or_between(before, meets[..., stroke]) - _end_or_between(own, touches[..., stroke])
        shift = jnp.where(is_free[..., stroke, None] < 0.3, anywhere[..., stroke, :], joint)
        placed.append(own + shift[..., None, :])
    points = jnp.stack(placed, axis=-3)
    # The first stroke is in all characters: what its own free place would have said, says how many there are, and how large.
    how_many = jnp.searchsorted(jnp.array([0.2, 0.6, 0.87]), is_free[..., 0])
    is_drawn = jnp.arange(STROKES) <= how_many[..., None]
    low = jnp.min(jnp.where(is_drawn[..., None, None], points, jnp.inf), axis=(-3, -2), keepdims=True)
    high = jnp.max(jnp.where(is_drawn[..., None, None], points, -jnp.inf), axis=(-3, -2), keepdims=True)
    side = jnp.maximum(jnp.max(high - low, axis=-1, keepdims=True), 0.25)  # a dot stays small
    wanted = 0.5 + 0.35 * meets[..., :1, None, None]
    return Strokes((points - (low + high) / 2) * wanted / side, is_drawn.astype(jnp.float32))


def _end_or_between(points: jax.Array, where: jax.Array) -> jax.Array:
    """The beginning of a stroke `[..., POINTS, 2]`, its end, or a point between, by `where` `[...]` in [0, 1]: `[..., 2]`."""
    place = jnp.round((POINTS - 1) * jnp.clip(1.8 * where - 0.4, 0.0, 1.0)).astype(jnp.int32)
    return jnp.take_along_axis(points, place[..., None, None], axis=-2)[..., 0, :]


def written(key: jax.Array, characters: Strokes, pictures: int, *, variation: jax.Array | float, size: int) -> jax.Array:
    """Pictures of characters, each by another hand.

    Args:
      key: `[]`, of how they differ.
      characters: `[...]` of them.
      pictures: of each character.
      variation: how far they differ, 1 for about as people's do.
      size: height and width.

    Returns:
      float32 `[..., pictures, size, size, 1]` in [0, 1].
    """
    each = (*characters.is_drawn.shape[:-1], pictures)
    key_strokes, key_whole, key_pen = jax.random.split(key, 3)
    own = variation * jax.random.normal(key_strokes, (*each, STROKES, 11))
    angle, shift, spread, slant = jnp.split(variation * jax.random.normal(key_whole, (*each, 6)), (1, 3, 5), axis=-1)
    points = characters.points[..., None, :, :, :]
    # Each stroke by itself: turned and stretched about its middle, bent, and set down a little elsewhere.
    middle = jnp.mean(points, axis=-2, keepdims=True)
    points = middle + (points - middle) @ _affine(0.1 * own[..., 0], 0.1 * own[..., 1:3], 0.0)
    waves = jnp.cos(math.pi * jnp.arange(1, 4)[:, None] * jnp.linspace(0.0, 1.0, POINTS))
    bent = 0.012 * own[..., 5:].reshape(*own.shape[:-1], 2, 3) @ waves
    points = points + jnp.swapaxes(bent, -1, -2) + 0.02 * own[..., None, 3:5]
    # Then the whole.
    whole = _affine(0.13 * angle[..., 0], 0.12 * spread, 0.15 * slant[..., 0])
    points = points @ whole[..., None, :, :] + 0.05 * shift[..., None, None, :]
    pen = (0.42 + 0.2 * variation * jax.random.uniform(key_pen, each)) * size / 28
    return _rendered(points, characters.is_drawn[..., None, :], pen, size)[..., None]


def _with_middles(points: jax.Array) -> jax.Array:
    """`[..., n, 2]` with the middle between each two: `[..., 2 * n - 1, 2]`."""
    middles = (points[..., 1:, :] + points[..., :-1, :]) / 2
    both = jnp.stack([points[..., :-1, :], middles], axis=-2)
    return jnp.concatenate([both.reshape(*both.shape[:-3], -1, 2), points[..., -1:, :]], axis=-2)


def _affine(angle: jax.Array, log_scale: jax.Array, slant: jax.Array | float) -> jax.Array:
    """Matrices that rows of points are multiplied by: `[..., 2, 2]` from `[...]` radians, `[..., 2]` and `[...]`."""
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    across, down = jnp.exp(log_scale[..., 0]), jnp.exp(log_scale[..., 1])
    rows = [[across * cos, across * sin], [down * (slant * cos - sin), down * (slant * sin + cos)]]
    return jnp.stack([jnp.stack(row, axis=-1) for row in rows], axis=-2)


def _rendered(points: jax.Array, is_drawn: jax.Array, pen: jax.Array, size: int) -> jax.Array:
    """Ink of strokes, anti-aliased.

    A pen's tip is a Gaussian, which is a product of one of x and one of y: a picture is one product of matrices, where the
    distance of every pixel to every piece of a stroke would take as many exponentials as that product has multiplications.

    Args:
      points: `[..., STROKES, POINTS, 2]`.
      is_drawn: `[..., STROKES]`.
      pen: `[...]`, standard deviation of the tip in pixels.
      size: height and width.

    Returns:
      `[..., size, size]` in [0, 1].
    """
    at = _with_middles(size * (points + 0.5))
    pace = jnp.linalg.norm(at[..., 1:, :] - at[..., :-1, :] + 1e-6, axis=-1)
    pace = (jnp.pad(pace, [(0, 0)] * (pace.ndim - 1) + [(0, 1)]) + jnp.pad(pace, [(0, 0)] * (pace.ndim - 1) + [(1, 0)])) / 2
    tip = jnp.maximum(pen[..., None, None], jnp.minimum(0.6 * pace, 1.0))  # no gaps where points are far apart
    ink = pace * is_drawn[..., None] / (math.sqrt(2 * math.pi) * tip)  # 1 along a straight stroke
    at, ink, tip = at.reshape(*at.shape[:-3], -1, 2), *(part.reshape(*part.shape[:-2], -1) for part in (ink, tip))
    centres = jnp.arange(size) + 0.5
    tips = jnp.exp(-0.5 * jnp.square((centres[:, None, None] - at[..., None, :, :]) / tip[..., None, :, None]))
    return jnp.clip(1.4 * (tips[..., 1] * ink[..., None, :]) @ jnp.swapaxes(tips[..., 0], -1, -2), 0.0, 1.0)
