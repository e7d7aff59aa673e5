"""`maml adapt`."""

import csv
import io

import numpy as np
import pytest

from maml_engine import Learner
from tests.cli.tables import write_csv


def test_adapt_predicts_what_the_learner_does(run, trained, tmp_path):
    x, y, query = [-1.0, 0.0, 2.0], [0.5, 1.0, -1.0], [-2.5, 0.25]
    support = write_csv(tmp_path / "support.csv", ["note", "y", "x"], [["a", b, a] for a, b in zip(x, y, strict=True)])
    predict = write_csv(tmp_path / "query.csv", ["x", "comment"], [[value, ""] for value in query])
    code, out, err = run("adapt", trained, support, "--predict", predict, "--inner-steps", "4")
    assert (code, err) == (0, "")
    header, *rows = csv.reader(io.StringIO(out))
    assert header == ["x", "y"]
    assert [float(row[0]) for row in rows] == query
    expected = Learner.load(trained).adapt(x, y, inner_steps=4)(query)[:, 0]
    np.testing.assert_allclose([float(row[1]) for row in rows], expected, rtol=1e-6)

    code, out, _ = run("adapt", trained, support, "--predict", predict, "--inner-steps", "4", "--out", tmp_path / "p.csv")
    assert (code, out) == (0, "")
    assert list(csv.reader((tmp_path / "p.csv").read_text().splitlines())) == [header, *rows]


@pytest.mark.parametrize(
    ("header", "rows", "flags", "complaint"),
    [
        (["x", "z"], [[1, 2]], "", "Column 'y' must be one of the file's columns: 'x', 'z'"),
        (["x", "y"], [[1, "two"]], "", "'two' in row 2"),
        (["x", "y"], [[1, 2], ["", 3]], "", "missing values, got '' in row 3"),
        (["x", "y"], [], "", "must hold rows"),
        (["x", "y"], [[1, 2]], "--inner-steps -1", "`inner_steps` must be a whole number >= 0"),
        (["x", "y"], [[1, 2]], "--inner-steps many", "`inner_steps`"),
    ],
)
def test_adapt_names_what_is_wrong_with_a_file(run, trained, tmp_path, header, rows, flags, complaint):
    support = write_csv(tmp_path / "support.csv", header, rows)
    query = write_csv(tmp_path / "query.csv", ["x"], [[1]])
    code, _, err = run("adapt", trained, support, "--predict", query, *flags.split())
    assert code == 2
    assert complaint in err
    assert len(err.splitlines()) == 1


def test_adapting_too_far_is_reported(run, trained, tmp_path):
    support = write_csv(tmp_path / "s.csv", ["x", "y"], [[1e6, 1e6], [-1e6, 3e6]])
    code, _, err = run("adapt", trained, support, "--predict", support, "--inner-steps", "50")
    assert code == 3
    assert "diverged" in err
