"""NNX networks. Any other `nnx.Module` works as well: hand it to `adapt`, `meta_value_and_grad` or `train`."""

from typing import Any

from maml_engine.models.conv4 import Conv4
from maml_engine.models.convolution import DOWNSAMPLING
from maml_engine.models.image_mlp import ImageMLP
from maml_engine.models.images import IMAGE_MODELS
from maml_engine.models.mlp import ACTIVATIONS, MLP, ContextMLP, FourierMLP, MAMLRegressor, NeuralProcess
from maml_engine.models.network import Network
from maml_engine.models.normalisation import NORMS
from maml_engine.models.resnet import ResNet
from maml_engine.runtime.registry import Registry

MODELS: Registry[Any] = Registry(
    "model",
    {
        "maml_regressor": MAMLRegressor,
        "mlp": MLP,
        "fourier_mlp": FourierMLP,
        "context_mlp": ContextMLP,
        "neural_process": NeuralProcess,
        **IMAGE_MODELS,
    },
)


# The experiment's fields that each network takes; sizes of the tasks' rows are `in_dim`, `out_dim` and `in_shape`.
_ROWS = ("in_dim", "out_dim")
_DENSE = ("hidden_dim", "num_layers", "activation", "layer_norm", *_ROWS)
_IMAGES = ("filters", "downsampling", "norm", "in_shape", "out_dim")
MODEL_OPTIONS: dict[str, tuple[str, ...]] = {
    "maml_regressor": ("hidden_dim", *_ROWS),
    "mlp": _DENSE,
    "fourier_mlp": (*_DENSE, "fourier_features", "fourier_scale"),
    "context_mlp": (*_DENSE, "context_dim"),
    "neural_process": (*_DENSE, "context_dim"),
    "conv4": _IMAGES,
    "resnet": _IMAGES,
    "image_mlp": ("norm", "in_shape", "out_dim"),
}

__all__ = [
    "ACTIVATIONS",
    "DOWNSAMPLING",
    "IMAGE_MODELS",
    "MLP",
    "MODELS",
    "MODEL_OPTIONS",
    "NORMS",
    "ContextMLP",
    "Conv4",
    "FourierMLP",
    "ImageMLP",
    "MAMLRegressor",
    "Network",
    "NeuralProcess",
    "ResNet",
]
