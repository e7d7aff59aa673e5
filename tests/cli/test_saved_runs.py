"""A learner that was trained on a table asks for its file."""

from tests.cli.tables import TABLE
from tests.processes import SMALL


def test_a_table_learner_asks_for_its_file(run, shops, tmp_path):
    code, *_ = run("train", *TABLE, "--data", shops, *SMALL, "--num-iterations", "1", "--out", tmp_path)
    assert code == 0
    other = tmp_path / "other.csv"
    other.write_text(shops.read_text() + "more,1,2,3\n")
    for arguments, complaint in [
        (("evaluate", tmp_path), "`--data` must be given: the file that the run was trained on, whose SHA-256 begins with"),
        (("evaluate", tmp_path, "--data", other), "got one that begins with"),
        (("train", "--resume", tmp_path), "`--data` must be given"),
    ]:
        code, _, err = run(*arguments)
        assert code == 2
        assert complaint in err
