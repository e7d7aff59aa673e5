"""What JAX keeps of a program beside the program: its text, about 1.2 MB each, however small, until all caches are cleared."""

import contextlib


def forget_lowered() -> None:
    """Lets go of the texts (MLIR modules) that compiled programs were made from: nothing needs them once those are called.

    Compiled programs stay, and are found as quickly as before. A function that is called in another way (traced inside another,
    or with arguments placed elsewhere) writes its text again. For processes that hold hundreds of programs: of 930 MB that a
    server's engine had grown to, two thirds were such texts. The names are JAX's own and not public: where another version of
    JAX has others, nothing is let go of, and the tests say so.
    """
    with contextlib.suppress(ImportError, AttributeError):
        from jax._src import pjit
        from jax._src.interpreters import pxla

        pxla._cached_lowering_to_hlo.cache_clear()
        pjit._pjit_lower.cache_clear()  # pyright: ignore[reportPrivateUsage]
