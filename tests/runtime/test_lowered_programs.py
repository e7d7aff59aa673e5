"""What is let go of when a program's text is: the text, and nothing that is called."""

import gc

import jax
import jax.numpy as jnp
import pytest
from jax._src import pjit

from maml_engine.runtime.lowered_programs import forget_lowered


@pytest.fixture
def compilations():
    seconds = []

    def listen(event, duration, **_):
        if event == "/jax/core/compile/backend_compile_duration":
            seconds.append(duration)

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield seconds
    jax.monitoring.unregister_event_duration_listener(listen)


def test_the_texts_of_compiled_programs_are_let_go_of():
    program = jax.jit(lambda x: jnp.sin(x) * 17)
    program(jnp.ones(3))
    assert pjit._pjit_lower.cache_info().currsize > 0
    forget_lowered()
    assert pjit._pjit_lower.cache_info().currsize == 0


def test_a_compiled_program_is_still_there(compilations):
    program, x = jax.jit(lambda x: jnp.cos(x) * 19), jnp.ones(3)
    before = program(x)
    count = len(compilations)
    assert count > 0
    forget_lowered()
    gc.collect()
    after = program(x)
    assert len(compilations) == count
    assert (after == before).all()


def test_a_program_that_is_called_in_another_way_is_made_again():
    inner = jax.jit(lambda x: jnp.tan(x) * 23)
    inner(jnp.ones(3))
    forget_lowered()
    assert inner(jnp.ones(4)).shape == (4,)
    assert jax.jit(lambda x: inner(x).sum())(jnp.ones(3)).shape == ()
    assert jax.grad(lambda x: inner(x).sum())(jnp.ones(3)).shape == (3,)
