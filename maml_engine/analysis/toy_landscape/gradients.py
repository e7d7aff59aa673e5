"""Inner loops in the plane, and the direction that each method makes of them; all of it traced, in 64 bits.

`loss` is a surface's `(theta [2], task [3]) -> []` everywhere.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from maml_engine.analysis.toy_landscape.landscape import MAX_STEPS, Setting
from maml_engine.analysis.toy_landscape.newton import newton

Loss = Callable[[jax.Array, jax.Array], jax.Array]


def inner_path(loss: Loss, theta: jax.Array, task: jax.Array, setting: Setting) -> jax.Array:
    """Adapts to one task (Finn et al., 2017, eq. 1).

    Args:
      loss: of the surface.
      theta: `[2]`, where the path begins.
      task: `[3]`, by its support loss.
      setting: alpha and K.

    Returns:
      `[MAX_STEPS + 1, 2]`, theta_0, theta_1, ..; it stands still after K steps.
    """

    def step(theta: jax.Array, index: jax.Array):
        moved = theta - setting.inner_lr * jax.grad(loss)(theta, task)
        theta = jnp.where(index < setting.inner_steps, moved, theta)
        return theta, theta

    _, rest = jax.lax.scan(step, theta, jnp.arange(MAX_STEPS))
    return jnp.concatenate([theta[None], rest])


def proximal_solution(loss: Loss, theta: jax.Array, task: jax.Array, proximal: jax.Array | float) -> jax.Array:
    """The `phi` with the least `loss(phi) + lambda / 2 |phi - theta|^2`, or a local least one, downhill from theta.

    Args:
      loss: of the surface.
      theta: `[2]`.
      task: `[3]`, by its support loss.
      proximal: `[]`, lambda.

    Returns:
      `[2]`.
    """

    def objective(phi: jax.Array) -> jax.Array:
        return loss(phi, task) + proximal / 2 * jnp.sum((phi - theta) ** 2)

    return newton(objective, theta)


def mean_query_loss(loss: Loss, theta: jax.Array, setting: Setting) -> jax.Array:
    """The meta-loss `[]` of a start `theta` `[2]`: the mean over tasks of the query loss after K steps."""

    def one_task(query: jax.Array, support: jax.Array) -> jax.Array:
        return loss(inner_path(loss, theta, support, setting)[-1], query)

    losses = jax.vmap(one_task)(setting.query, setting.support)
    return jnp.sum(jnp.where(setting.weight > 0, setting.weight * losses, 0))


def exact(loss: Loss, theta: jax.Array, setting: Setting) -> jax.Array:
    """MAML's gradient `[2]` at `theta` `[2]` (Finn et al., 2017, eq. 4)."""
    return jax.grad(lambda theta: mean_query_loss(loss, theta, setting))(theta)


def first_order(loss: Loss, theta: jax.Array, setting: Setting) -> jax.Array:
    """First-order MAML's gradient `[2]` at `theta` `[2]`: the query gradient at theta_K."""

    def one_task(query: jax.Array, support: jax.Array) -> jax.Array:
        return jax.grad(loss)(inner_path(loss, theta, support, setting)[-1], query)

    return _mean(jax.vmap(one_task)(setting.query, setting.support), setting)


def chord(loss: Loss, theta: jax.Array, setting: Setting) -> jax.Array:
    """Reptile's direction `[2]` at `theta` `[2]`: theta - theta_K, not divided by alpha."""
    return _mean(jax.vmap(lambda support: theta - inner_path(loss, theta, support, setting)[-1])(setting.support), setting)


def implicit(loss: Loss, theta: jax.Array, setting: Setting) -> jax.Array:
    """iMAML's gradient `[2]` at `theta` `[2]` (Rajeswaran et al., 2019, eq. 6)."""

    def one_task(query: jax.Array, support: jax.Array) -> jax.Array:
        solution = proximal_solution(loss, theta, support, setting.proximal)
        system = jnp.eye(2) + jax.hessian(loss)(solution, support) / setting.proximal
        return jnp.linalg.solve(system, jax.grad(loss)(solution, query))

    return _mean(jax.vmap(one_task)(setting.query, setting.support), setting)


def _mean(values: jax.Array, setting: Setting) -> jax.Array:
    """`[MAX_TASKS, 2] -> [2]`, over the tasks that count."""
    return jnp.sum(jnp.where(setting.weight[:, None] > 0, setting.weight[:, None] * values, 0), axis=0)


GRADIENTS = {"maml": exact, "fomaml": first_order, "reptile": chord, "imaml": implicit}
METHODS = tuple(GRADIENTS)
