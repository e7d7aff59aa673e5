"""NNX networks. Any other `nnx.Module` works as well: hand it to `adapt`, `meta_value_and_grad` or `train`."""

from typing import Any

from maml_engine.models.conv4 import Conv4
from maml_engine.models.images import IMAGE_MODELS
from maml_engine.models.mlp import ACTIVATIONS, MLP, ContextMLP, FourierMLP, MAMLRegressor, NeuralProcess
from maml_engine.models.network import Network
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


# The experiment's fields that each network takes besides `hidden_dim`.
_DENSE = ("num_layers", "activation", "layer_norm")
MODEL_OPTIONS: dict[str, tuple[str, ...]] = {
    "maml_regressor": (),
    "mlp": _DENSE,
    "fourier_mlp": (*_DENSE, "fourier_features", "fourier_scale"),
    "context_mlp": (*_DENSE, "context_dim"),
    "neural_process": (*_DENSE, "context_dim"),
    "conv4": (),
}

__all__ = [
    "ACTIVATIONS",
    "IMAGE_MODELS",
    "MLP",
    "MODELS",
    "MODEL_OPTIONS",
    "ContextMLP",
    "Conv4",
    "FourierMLP",
    "MAMLRegressor",
    "Network",
    "NeuralProcess",
]
