"""A learner that was trained on a table asks for its file, one of pictures for these."""

from tests.cli.tables import TABLE
from tests.io.pictures.drawn import class_folders
from tests.processes import SMALL
from tests.zips import zipped


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


def test_a_learner_of_pictures_asks_for_them_packed_anyhow(run, tmp_path):
    files = class_folders(6, 3)
    for name, content in files.items():
        (tmp_path / "pictures" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "pictures" / name).write_bytes(content)
    (tmp_path / "packed.zip").write_bytes(zipped({f"top/{name}": content for name, content in files.items()}))
    (tmp_path / "other.zip").write_bytes(zipped(files | {"class 0/more.png": files["class 0/1.png"]}))
    flags = ["--n-way", "2", "--k-shot", "1", "--k-query", "2", "--image-size", "10", "--meta-batch-size", "2"]
    start = ("train", "--tasks", "images", *flags, "--num-iterations", "1", "--out", tmp_path / "run")
    code, _, err = run(*start)
    assert code == 2 and "`--data` must be given where `--tasks` is 'images'" in err
    code, _, err = run(*start, "--data", tmp_path / "pictures", "--target", "y")
    assert code == 2 and "`--target` must go with `--tasks table`" in err
    code, _, err = run(*start, "--data", tmp_path / "pictures")
    assert code == 0 and "Nothing says which classes are for validation and test" in err
    code, out, _ = run(
        "evaluate", tmp_path / "run", "--data", tmp_path / "packed.zip", "--num-tasks", "4", "--inner-steps", "1"
    )
    assert code == 0 and "accuracy" in out
    for arguments, complaint in [
        (("evaluate", tmp_path / "run"), "`--data` must be given: the pictures that the run was trained on, whose SHA-256"),
        (("evaluate", tmp_path / "run", "--data", tmp_path / "other.zip"), "got some whose begins with"),
        (("evaluate", tmp_path / "run", "--data", tmp_path / "nowhere"), "that exists, got"),
        (("train", "--resume", tmp_path / "run"), "`--data` must be given"),
    ]:
        code, _, err = run(*arguments)
        assert code == 2 and complaint in err and len(err.splitlines()) == 1
