"""The command line: `maml train`, `evaluate`, `verdict`, `adapt`, `classify`, `check`, `doctor`; or `python -m maml_engine`."""

import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

from maml_engine.cli.exit_codes import BAD_INPUT, DIVERGED, INTERRUPTED, PEER_LOST
from maml_engine.cli.parser import build_parser, import_modules, join_values
from maml_engine.distributed import PeerLost, supervisor
from maml_engine.runtime.compilation_cache import enable_compilation_cache
from maml_engine.runtime.extras import MissingPackage
from maml_engine.training import Diverged


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns the exit code."""
    return supervisor.to_the_end(partial(_main, sys.argv[1:] if arguments is None else arguments))


def _main(arguments: Sequence[str]) -> int:
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal without arrows shows "?"; a pipe sees each line.
        sys.stdout.reconfigure(errors="replace", line_buffering=True)
    try:
        with _termination_interrupts():
            options = build_parser().parse_args(join_values(arguments))
            options.arguments = arguments
            import_modules(getattr(options, "modules", ()))
            enable_compilation_cache()
            return options.run(options)
    except Diverged as error:
        return _end(DIVERGED, f"error: {error}")
    except PeerLost as error:
        return _end(PEER_LOST, f"error: {error}")
    except (ValueError, OverflowError, MissingPackage) as error:
        return _end(BAD_INPUT, f"error: {error}")
    except KeyboardInterrupt as interrupt:
        return _end(INTERRUPTED, str(interrupt) or "Interrupted.")
    except BrokenPipeError:
        # Whoever read our output has left; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and "RESOURCE_EXHAUSTED" not in str(error):
            raise
        return _end(BAD_INPUT, "error: This needs more memory than the machine has: lower the number of tasks, rows or units.")


def _end(code: int, message: str) -> int:
    message = " ".join(message.split())
    supervisor.end_worker(code, message)
    print(message, file=sys.stderr)
    return code


@contextmanager
def _termination_interrupts() -> Iterator[None]:
    """A request to end (SIGTERM) is met like Ctrl-C."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not in the main thread, where no signal arrives
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


if __name__ == "__main__":
    sys.exit(main())
