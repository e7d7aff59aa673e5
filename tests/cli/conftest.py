"""What the commands' tests share: a command in this process, a learner, a table."""

import numpy as np
import pytest

from maml_engine.__main__ import main
from tests.cli.tables import write_csv
from tests.processes import SMALL


@pytest.fixture
def run(capsys):
    """Runs a command in this process: exit code, standard output, standard error."""

    def run(*arguments):
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as end:
            code = end.code
        return code, *capsys.readouterr()

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """The folder of a learner after 120 iterations, not to be written to."""
    folder = tmp_path_factory.mktemp("trained")
    assert main(["train", "--num-iterations", "120", *SMALL, "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="session")
def shops(tmp_path_factory):
    """Sales of twelve shops: exp(a + b * week), where b is the shop's own."""
    rng = np.random.default_rng(0)
    rows = []
    for shop in range(12):
        slope = rng.uniform(-1, 1)
        rows += [[f"shop {shop}", week, rng.normal(), np.exp(3 + slope * week / 10)] for week in range(15)]
    rows += [["tiny", 0, 0.0, 1.0]]
    return write_csv(tmp_path_factory.mktemp("shops") / "shops.csv", ["shop", "week", "noise", "sales"], rows)
