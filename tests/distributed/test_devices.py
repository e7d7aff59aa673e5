"""Devices of this machine."""

import os

import pytest

from maml_engine.distributed import idle_cores, prepare_devices
from maml_engine.runtime.parallel import own_cpus
from tests.processes import SMALL, command, finished


def test_more_devices_than_a_machine_can_rehearse_are_refused():
    most = max(8, own_cpus())
    code, out, message = finished(command("train", *SMALL, "--devices", most + 1))
    assert (code, out) == (2, "")
    assert message.startswith(f"error: `--devices` must be at most {most}, the CPU devices that there are on ")


def test_large_meta_steps_on_one_of_two_cores_are_reported_with_what_to_do(monkeypatch):
    monkeypatch.setattr("maml_engine.distributed.devices.cores", lambda: 2)
    assert idle_cores(1.7e6, tasks=25) == ""  # the tutorial's
    message = "One of 2 cores is at work, and these meta-steps are large enough for more: --devices 2."
    assert idle_cores(6.8e6, tasks=100) == message  # with a hundred tasks
    assert idle_cores(1e9, tasks=25) == message
    assert idle_cores(1e9, tasks=1) == ""  # a task is not divided


@pytest.mark.parametrize("given", [None, "3"])
def test_a_device_is_one_thread_where_nobody_says_otherwise(monkeypatch, given):
    monkeypatch.setenv("NPROC", given or "")
    if given is None:
        monkeypatch.delenv("NPROC")
    prepare_devices(None)
    assert os.environ["NPROC"] == (given or "1")
