"""Image networks as an experiment makes them, from the shape of the tasks' pictures."""

from collections.abc import Callable
from typing import Any

from flax import nnx

from maml_engine.models.conv4 import Conv4
from maml_engine.models.image_mlp import ImageMLP
from maml_engine.models.resnet import ResNet


def conv4(*, filters: int, downsampling: str, norm: str, in_shape: tuple[int, ...], out_dim: int, rngs: nnx.Rngs) -> Conv4:
    """`Conv4` for pictures of `in_shape`, `(height, width, channels)`.

    Args:
      filters: features of each convolution.
      downsampling, norm: as `Conv4` takes them.
      in_shape: of a picture.
      out_dim: classes.
      rngs: of the start.

    Raises:
      ValueError: `in_shape` is no picture's.
    """
    height, width, channels = picture_shape("conv4", in_shape)
    options: dict[str, Any] = {"in_channels": channels, "image_size": (height, width), "features": filters}
    return Conv4(out_dim, **options, downsampling=downsampling, norm=norm, rngs=rngs)


def resnet(*, filters: int, downsampling: str, norm: str, in_shape: tuple[int, ...], out_dim: int, rngs: nnx.Rngs) -> ResNet:
    """`ResNet` for pictures of `in_shape`, `(height, width, channels)`.

    Args:
      filters: features of each convolution.
      downsampling, norm: as `ResNet` takes them.
      in_shape: of a picture.
      out_dim: classes.
      rngs: of the start.

    Raises:
      ValueError: `in_shape` is no picture's.
    """
    channels = picture_shape("resnet", in_shape)[2]
    return ResNet(out_dim, in_channels=channels, features=filters, downsampling=downsampling, norm=norm, rngs=rngs)


def picture_shape(model: str, in_shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Height, width and channels.

    Raises:
      ValueError: rows that are no pictures.
    """
    if len(in_shape) != 3:
        raise ValueError(
            f"`model` {model!r} takes pictures, rows of shape [height, width, channels]; these tasks' rows have the shape "
            f"{list(in_shape)}: take 'mlp'."
        )
    height, width, channels = in_shape
    return height, width, channels


IMAGE_MODELS: dict[str, Callable[..., nnx.Module]] = {"conv4": conv4, "resnet": resnet, "image_mlp": ImageMLP}
