"""Dense networks for regression."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from flax import nnx

from maml_engine.checks import check_choice

ACTIVATIONS: dict[str, Callable[[jax.Array], jax.Array]] = {"relu": nnx.relu, "tanh": jnp.tanh, "sine": jnp.sin}


class MAMLRegressor(nnx.Module):
    """The network of Finn et al. (2017), sec. 5.1, under the tutorial's layer names: in - hidden - hidden - out, ReLU."""

    def __init__(self, hidden_dim: int = 40, *, in_dim: int = 1, out_dim: int = 1, rngs: nnx.Rngs):
        self.fc1 = nnx.Linear(in_dim, hidden_dim, rngs=rngs)
        self.fc2 = nnx.Linear(hidden_dim, hidden_dim, rngs=rngs)
        self.fc3 = nnx.Linear(hidden_dim, out_dim, rngs=rngs)

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[..., in_dim] -> [..., out_dim]`."""
        x = nnx.relu(self.fc1(x))
        x = nnx.relu(self.fc2(x))
        return self.fc3(x)


class MLP(nnx.Module):
    """A dense network of any depth.

    Args:
      hidden_dim: units of each hidden layer.
      num_layers: hidden layers; 0 is a linear model.
      activation: a name in `ACTIVATIONS`.
      layer_norm: normalise each hidden layer before its activation.
      in_dim, out_dim: sizes of an input and of a prediction.
    """

    def __init__(
        self,
        hidden_dim: int = 40,
        *,
        num_layers: int = 2,
        activation: str = "relu",
        layer_norm: bool = False,
        in_dim: int = 1,
        out_dim: int = 1,
        rngs: nnx.Rngs,
    ):
        check_choice("activation", activation, ACTIVATIONS)
        dims = [in_dim, *[hidden_dim] * num_layers, out_dim]
        self.layers = nnx.List([nnx.Linear(a, b, rngs=rngs) for a, b in zip(dims, dims[1:], strict=False)])
        # Named to come before `layers` in the state, so that the last layer there is the head.
        self.hidden_norms = nnx.List([nnx.LayerNorm(hidden_dim, rngs=rngs) for _ in range(num_layers)] if layer_norm else [])
        self.activation = activation

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[..., in_dim] -> [..., out_dim]`."""
        for index, layer in enumerate(self.layers[:-1]):
            x = layer(x)
            x = self.hidden_norms[index](x) if self.hidden_norms else x
            x = ACTIVATIONS[self.activation](x)
        return self.layers[-1](x)


class FourierMLP(nnx.Module):
    """An MLP on random Fourier features of its input (Tancik et al., 2020): sin(B x) and cos(B x) with B fixed and Gaussian.

    Args:
      fourier_features: frequencies; the MLP sees twice as many inputs.
      fourier_scale: standard deviation of the frequencies, radians per unit of the input.
    """

    def __init__(
        self,
        hidden_dim: int = 40,
        *,
        fourier_features: int = 16,
        fourier_scale: float = 1.0,
        in_dim: int = 1,
        rngs: nnx.Rngs,
        **mlp,
    ):
        self.frequencies = nnx.Variable(fourier_scale * jax.random.normal(rngs.params(), (in_dim, fourier_features)))
        self.mlp = MLP(hidden_dim, in_dim=2 * fourier_features, rngs=rngs, **mlp)

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[..., in_dim] -> [..., out_dim]`."""
        angles = x @ self.frequencies[...]
        return self.mlp(jnp.concatenate([jnp.sin(angles), jnp.cos(angles)], axis=-1))


class ContextMLP(nnx.Module):
    """An MLP that also sees a context vector, the same for all inputs: a task-conditional model (Zintgraf et al., 2019).

    Args:
      context_dim: size of the context, which starts at zero.
    """

    def __init__(self, hidden_dim: int = 40, *, context_dim: int = 4, in_dim: int = 1, rngs: nnx.Rngs, **mlp):
        self.context = nnx.Param(jnp.zeros(context_dim))
        self.mlp = MLP(hidden_dim, in_dim=in_dim + context_dim, rngs=rngs, **mlp)

    def __call__(self, x: jax.Array) -> jax.Array:
        """`[..., in_dim] -> [..., out_dim]`."""
        context = jnp.broadcast_to(self.context[...], (*x.shape[:-1], self.context.shape[0]))
        return self.mlp(jnp.concatenate([x, context], axis=-1))


class NeuralProcess(ContextMLP):
    """A `ContextMLP` with an encoder of its own, which makes a context of a row and its target (Garnelo et al., 2018).

    Args:
      context_dim: size of the context.
    """

    def __init__(
        self,
        hidden_dim: int = 40,
        *,
        context_dim: int = 4,
        in_dim: int = 1,
        out_dim: int = 1,
        rngs: nnx.Rngs,
        **mlp,
    ):
        super().__init__(hidden_dim, context_dim=context_dim, in_dim=in_dim, out_dim=out_dim, rngs=rngs, **mlp)
        self.encoder = MLP(hidden_dim, in_dim=in_dim + out_dim, out_dim=context_dim, rngs=rngs, **mlp)

    def encode(self, x: jax.Array, y: jax.Array) -> jax.Array:
        """What each row says of its task, `[rows, in_dim], [rows, out_dim] -> [rows, context_dim]`."""
        return self.encoder(jnp.concatenate([x, y], axis=-1))
