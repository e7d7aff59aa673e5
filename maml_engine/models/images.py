"""Image networks as an experiment makes them."""

from collections.abc import Callable

from flax import nnx

from maml_engine.models.conv4 import Conv4


def conv4(*, in_dim: int, out_dim: int, rngs: nnx.Rngs) -> Conv4:
    """`Conv4` for pictures of `in_dim` channels."""
    return Conv4(out_dim, in_channels=in_dim, rngs=rngs)


IMAGE_MODELS: dict[str, Callable[..., nnx.Module]] = {"conv4": conv4}
