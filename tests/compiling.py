"""How the tests compile: quickly, and where the compiler itself is in question, as in use."""

from importlib.metadata import version

# Most of a run is compiling, and XLA's optimisations and newer emitters are most of that. Without them the gradients
# of five methods compile in 3.2 seconds of CPU (11.7 with all, 7.5 with optimisation level 0 alone) and run at a fifth of the
# speed, which small networks do not notice.
QUICKLY = {"xla_backend_optimization_level": 0}
AS_IN_USE = {"xla_backend_optimization_level": 3}
if version("jaxlib").startswith("0.10."):  # an unknown flag ends the process, and these two come and go
    QUICKLY |= {"xla_cpu_use_fusion_emitters": False, "xla_cpu_parallel_codegen_split_count": 1}
    AS_IN_USE |= {"xla_cpu_use_fusion_emitters": True, "xla_cpu_parallel_codegen_split_count": 32}


def as_flags(options: dict[str, int | bool]) -> list[str]:
    """Compiler options as `XLA_FLAGS` spells them."""
    return [f"--{name}={str(value).lower()}" for name, value in options.items()]
