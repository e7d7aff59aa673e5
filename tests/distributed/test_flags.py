"""What stands behind the flags of several devices and hosts."""

import pytest

from maml_engine.__main__ import main
from tests.processes import SMALL


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("--devices 0", "`--devices` must be a whole number >= 1, got 0."),
        ("--devices two", "`--devices` must be a whole number >= 1, got 'two'."),
        ("--coordinator 127.0.0.1:1", "`--num-processes` must be given too"),
        ("--num-processes 2 --process-id 0", "`--coordinator` must be given too"),
        ("--coordinator here --num-processes 2 --process-id 0", "`--coordinator` must be HOST:PORT"),
        ("--coordinator h:99999 --num-processes 2 --process-id 0", "with a port from 1 to 65535, got 'h:99999'."),
        ("--coordinator h:1 --num-processes 0 --process-id 0", "`--num-processes` must be a whole number >= 1, got 0."),
        ("--coordinator h:1 --num-processes 2 --process-id 2", "`--process-id` must be a whole number >= 0 and <= 1, got 2."),
        ("--wait never", "`--wait` must be a whole number >= 1"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(capsys, arguments, complaint):
    assert main(["train", *SMALL, *arguments.split()]) == 2
    out, message = capsys.readouterr()
    assert out == ""
    assert complaint in message
    assert len(message.splitlines()) == 1
