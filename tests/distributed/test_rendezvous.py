"""How processes meet."""

import re
import socket

import pytest

from benchmarks.places import free_port
from tests.processes import (
    SMALL,
    command,
    finished,
)


def place_of(process_id, address):
    return *SMALL, "--coordinator", address, "--num-processes", 2, "--process-id", process_id, "--wait", 1


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
def test_a_coordinator_that_cannot_be_reached_is_reported(host):
    address = f"{host}:{free_port()}"
    code, out, message = finished(command("train", *place_of(1, address)))
    assert (code, out) == (2, "")
    assert re.fullmatch(rf"error: The coordinator {address} could not be reached within 1 s \(.+\): is process 0 .*\n", message)


def test_a_port_that_is_taken_is_reported():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        address = f"127.0.0.1:{other.getsockname()[1]}"
        code, _, message = finished(command("train", *place_of(0, address)))
    assert code == 2
    assert message == f"error: `--coordinator` must have a port that is free here, got {address} (address already in use).\n"
