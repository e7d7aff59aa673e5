"""What the exit codes of `maml` mean."""

from maml_engine.distributed.supervisor import INTERRUPTED, PEER_LOST

DONE, WRONG, BAD_INPUT, DIVERGED = 0, 1, 2, 3

LEGEND = "exit codes: 0 done, 1 a check failed, 2 bad input, 3 diverged, 4 a peer process was lost, 130 interrupted"

__all__ = ["BAD_INPUT", "DIVERGED", "DONE", "INTERRUPTED", "LEGEND", "PEER_LOST", "WRONG"]
