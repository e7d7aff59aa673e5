"""NNX networks. Any other `nnx.Module` works as well: hand it to `adapt`, `meta_value_and_grad` or `train`."""

from typing import Any

from maml_engine.models.conv4 import Conv4
from maml_engine.models.mlp import ACTIVATIONS, MLP, ContextMLP, FourierMLP, MAMLRegressor, NeuralProcess
from maml_engine.models.network import Network
from maml_engine.runtime.registry import Registry

# Conv4 is for images, and no task family that an experiment names has any: hand it over as the caller's own module.
MODELS: Registry[Any] = Registry(
    "model",
    {
        "maml_regressor": MAMLRegressor,
        "mlp": MLP,
        "fourier_mlp": FourierMLP,
        "context_mlp": ContextMLP,
        "neural_process": NeuralProcess,
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
}

__all__ = [
    "ACTIVATIONS",
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
