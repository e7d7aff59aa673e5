"""Inner loops in the plane, and the direction that each method makes of them; all of it traced, in 64 bits.

Derivatives are taken forwards: by two parameters that is the shorter way, to compile and to run, and it leads through a loop of
K steps whatever K is.
"""

import jax
import jax.numpy as jnp

from maml_engine.analysis.toy_landscape.landscape import MAX_STEPS, Setting
from maml_engine.analysis.toy_landscape.newton import gradient, newton, solve
from maml_engine.analysis.toy_landscape.surfaces import of_form
from maml_engine.core.episode import Array


def inner_path(theta: jax.Array, task: Array, setting: Setting) -> jax.Array:
    """Adapts to one task (Finn et al., 2017, eq. 1).

    Args:
      theta: `[2]`, where the path begins.
      task: `[3]`, by its support loss.
      setting: the loss, alpha and K.

    Returns:
      `[MAX_STEPS + 1, 2]`, theta_0, theta_1, ..; it stands still after K steps.
    """

    def step(theta: jax.Array, index: jax.Array):
        moved = _moved(theta, task, setting)
        theta = jnp.where(index < setting.inner_steps, moved, theta)
        return theta, theta

    _, rest = jax.lax.scan(step, theta, jnp.arange(MAX_STEPS))
    return jnp.concatenate([theta[None], rest])


def inner_end(theta: jax.Array, task: Array, setting: Setting) -> jax.Array:
    """The end of `inner_path` alone, `[2]`; only K steps are made.

    Args:
      theta: `[2]`, where the path begins.
      task: `[3]`, by its support loss.
      setting: the loss, alpha and K.
    """
    return jax.lax.fori_loop(0, setting.inner_steps, lambda _, theta: _moved(theta, task, setting), theta)


def _moved(theta: jax.Array, task: Array, setting: Setting) -> jax.Array:
    """One inner step."""
    return theta - setting.inner_lr * gradient(of_form)(theta, task, setting.form)


def proximal_solution(theta: jax.Array, task: Array, setting: Setting) -> jax.Array:
    """The `phi` with the least `loss(phi) + lambda / 2 |phi - theta|^2`, or a local least one, downhill from theta.

    Args:
      theta: `[2]`.
      task: `[3]`, by its support loss.
      setting: the loss and lambda.

    Returns:
      `[2]`.
    """

    def objective(phi: jax.Array) -> jax.Array:
        return of_form(phi, task, setting.form) + setting.proximal / 2 * jnp.sum((phi - theta) ** 2)

    return newton(objective, theta)


def mean_query_loss(theta: jax.Array, setting: Setting) -> jax.Array:
    """The meta-loss `[]` of a start `theta` `[2]`: the mean over tasks of the query loss after K steps."""

    def one_task(query: Array, support: Array) -> jax.Array:
        return of_form(inner_end(theta, support, setting), query, setting.form)

    return mean_of(jax.vmap(one_task)(setting.query, setting.support), setting)


def exact(theta: jax.Array, setting: Setting) -> jax.Array:
    """MAML's gradients at `theta` `[2]`, `[MAX_TASKS, 2]`: a task's each (Finn et al., 2017, eq. 4)."""

    def query_loss(theta: jax.Array, query: Array, support: Array) -> jax.Array:
        return of_form(inner_end(theta, support, setting), query, setting.form)

    return jax.vmap(gradient(query_loss), (None, 0, 0))(theta, setting.query, setting.support)


def first_order(theta: jax.Array, setting: Setting) -> jax.Array:
    """First-order MAML's gradients at `theta` `[2]`, `[MAX_TASKS, 2]`: the query gradients at theta_K."""

    def one_task(query: Array, support: Array) -> jax.Array:
        return gradient(of_form)(inner_end(theta, support, setting), query, setting.form)

    return jax.vmap(one_task)(setting.query, setting.support)


def chord(theta: jax.Array, setting: Setting) -> jax.Array:
    """Reptile's directions at `theta` `[2]`, `[MAX_TASKS, 2]`: theta - theta_K, not divided by alpha."""
    return jax.vmap(lambda support: theta - inner_end(theta, support, setting))(setting.support)


def implicit(theta: jax.Array, setting: Setting) -> jax.Array:
    """iMAML's gradients at `theta` `[2]`, `[MAX_TASKS, 2]` (Rajeswaran et al., 2019, eq. 6)."""

    def one_task(query: Array, support: Array) -> jax.Array:
        solution = proximal_solution(theta, support, setting)
        system = jnp.eye(2) + gradient(gradient(of_form))(solution, support, setting.form) / setting.proximal
        return solve(system, gradient(of_form)(solution, query, setting.form))

    return jax.vmap(one_task)(setting.query, setting.support)


def mean_of(values: jax.Array, setting: Setting) -> jax.Array:
    """`[MAX_TASKS, ..] -> [..]`, over the tasks that count."""
    weight = setting.weight.reshape(-1, *[1] * (values.ndim - 1))
    return jnp.sum(jnp.where(weight > 0, weight * values, 0), axis=0)


# Each task's; a method's own gradient is their mean.
GRADIENTS = {"maml": exact, "fomaml": first_order, "reptile": chord, "imaml": implicit}
METHODS = tuple(GRADIENTS)
