"""Tables: what is read, and how it is split; what an episode shows and what is refused have files of their own."""

import hashlib
import io

import jax
import numpy as np
import pandas as pd
import pytest

from maml_engine.io.sheet import read_sheet
from maml_engine.tasks.family import SPLITS
from maml_engine.tasks.roles import Roles
from maml_engine.tasks.table import Table
from tests.real_data import real_file
from tests.tasks.tables import SMALL, UNEVEN, csv_of, rows_of, uneven

ELNINO = {"task": "year", "inputs": ("month",), "target": "sst_c", "k_shot": 5}
AIRFOIL = {"task": "config", "inputs": ("frequency_hz",), "target": "sound_pressure_db", "log": ("frequency_hz",)}


def real(name: str, **options) -> Table:
    """One of the tables that the project's owner put aside for tests."""
    return Table.read(real_file(f"tasks_csv/{name}.csv"), **options)


# What is read


def test_every_number_arrives_at_its_task():
    table = uneven()
    for place, name in enumerate(table.task_names):
        expected = [(x, y) for task, x, y in rows_of(**UNEVEN) if task == name]
        count = int(table.rows[place])
        np.testing.assert_array_equal(np.concatenate([table.x, table.y], axis=-1)[place, :count], expected)
        assert not table.x[place, count:].any()
        assert not table.y[place, count:].any()
    assert table.x.dtype == table.y.dtype == np.float32
    assert table.rows.dtype == np.int32
    assert (table.x.shape, table.in_dim, table.out_dim) == ((6, 7, 1), 1, 1)


def test_small_tasks_are_left_out_and_it_is_said():
    table = uneven()
    assert table.left_out == ("g",)
    assert table.note == "1 of 7 tasks left out, for fewer than `k_shot` + 1 = 3 rows: 'g'."
    assert Table.read(csv_of(rows_of(a=3, b=3, c=3)), **SMALL).note == ""


def test_the_digest_is_that_of_the_file():
    content = csv_of(rows_of(**UNEVEN))
    assert Table.read(content, **SMALL).digest == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("way", ["path", "text path", "bytes", "binary file", "text file", "frame"])
def test_every_source_gives_one_table(tmp_path, way):
    content = csv_of(rows_of(**UNEVEN)) + b"\n"
    path = tmp_path / "table.csv"
    path.write_bytes(content)
    sources = {"path": path, "text path": str(path), "bytes": content}
    sources |= {"binary file": io.BytesIO(content), "text file": io.StringIO(content.decode())}
    table = Table.from_frame(pd.read_csv(path), **SMALL) if way == "frame" else Table.read(sources[way], **SMALL)
    assert table.origin == Table.read(content, **SMALL).origin
    np.testing.assert_array_equal(table.y, Table.read(content, **SMALL).y)


@pytest.mark.parametrize(
    "write",
    [
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.encode("latin-1"),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\n", "\r").encode(),
        lambda text: text.replace("\n", "\n\n").encode(),
        lambda text: ("\n,,\n" + text).encode(),
        lambda text: (text + "\n,,\n\n").encode(),
        lambda text: text.replace(",", ";").encode(),
        lambda text: text.replace(",", "\t").encode(),
        lambda text: text.replace(",", ";").replace(".5", ",5").encode(),
        lambda text: text.replace(",", " , ").encode(),
        lambda text: text.replace("é", '"é"').encode(),
    ],
)
def test_files_as_programs_write_them(write):
    rows = [(task, number + 0.5, number) for number, task in enumerate("aaaébbébbébb")]
    table = Table.read(write(csv_of(rows).decode()), **{**SMALL, "k_shot": 1})
    assert sorted(table.task_names) == ["a", "b", "é"]
    place = table.task_names.index("é")
    np.testing.assert_array_equal(table.x[place, : int(table.rows[place]), 0], [3.5, 6.5, 9.5])


def test_quoted_names_may_hold_separators_quotes_and_line_ends():
    names = ['"Congo, Dem. Rep."', '"a;b;c"', '"say ""so"""', '"two\nlines"']
    table = Table.read(csv_of([(name, x, x * x) for x in range(3) for name in names]), **SMALL)
    assert set(table.task_names) == {"Congo, Dem. Rep.", "a;b;c", 'say "so"', "two\nlines"}


def test_task_ids_are_text():
    table = Table.read(csv_of([(task, x, x * x) for x, task in enumerate(["1", " 1", "NA", "nan", "2 "] * 4)]), **SMALL)
    assert sorted(table.task_names) == ["1", "2", "NA", "nan"]


def test_log_takes_the_natural_logarithm():
    table, plain = uneven(log=("y",)), uneven()
    count = int(table.rows[0])
    np.testing.assert_allclose(table.y[0, :count], np.log(np.asarray(plain.y[0, :count], np.float64)), rtol=1e-7)
    np.testing.assert_array_equal(table.x, plain.x)
    assert table.origin != plain.origin  # another identity, though the digest is the file's


def test_a_sheet_with_its_roles_is_the_same_table():
    content = csv_of(rows_of(**UNEVEN))
    table = Table.of(read_sheet(content), Roles("t", ("x",), "y"), k_shot=2)
    assert table.origin == uneven().origin
    np.testing.assert_array_equal(table.y, uneven().y)
    with pytest.raises(ValueError, match="`classes` and `time` must be left out"):
        Table.of(read_sheet(content), Roles("t", ("x",), "y", classes=True), k_shot=2)


def test_parquet_is_read_as_its_csv(tmp_path):
    frame = pd.read_csv(io.BytesIO(csv_of(rows_of(**UNEVEN))))
    frame.to_parquet(tmp_path / "table.parquet")
    table = Table.read(tmp_path / "table.parquet", **SMALL)
    assert table.task_names == uneven().task_names
    np.testing.assert_array_equal(table.whole.y, uneven().whole.y)


# Real tables


def test_elnino():
    table = real("elnino_sst", **ELNINO)
    assert (table.num_tasks, table.x.shape, table.note) == (61, (61, 12, 1), "")
    assert [table.split(name).num_tasks for name in SPLITS] == [43, 9, 9]
    episode = table.sample(jax.random.key(0), 25, 5, 10)
    assert episode.support.x.shape == (25, 5, 1)
    assert episode.query.x.shape == (25, 7, 1)
    assert episode.support.weight is None
    assert episode.query.weight.min() == 1
    year = table.task_names.index("1950")
    np.testing.assert_allclose(table.y[year, :3, 0], [23.11, 24.2, 25.37], rtol=1e-6)


def test_airfoil_is_uneven():
    table = real("airfoil_self_noise", **AIRFOIL)
    assert (table.num_tasks, len(table.left_out), table.x.shape[1]) == (99, 7, 19)
    assert table.note.startswith("7 of 106 tasks left out, for fewer than `k_shot` + 1 = 11 rows: 'cfg053', ")
    episode = table.every(jax.random.key(0), 10)
    np.testing.assert_array_equal(episode.query.weight.sum(axis=1), table.rows - 10)
    assert np.isfinite(episode.query.x).all()


def test_gapminder_has_quoted_names():
    table = real(
        "gapminder", task="country", inputs=("year", "gdp_per_capita"), target="life_expectancy", log=("gdp_per_capita",)
    )
    assert {"Congo, Dem. Rep.", "Cote d'Ivoire"} < set(table.task_names)
    assert (table.num_tasks, table.in_dim) == (142, 2)


def test_parkinsons_has_an_awkward_header():
    table = real("parkinsons_updrs", task="subject#", inputs=("Jitter(%)", "Jitter(Abs)", "Shimmer(dB)"), target="total_UPDRS")
    assert (table.num_tasks, table.x.shape, int(table.rows.sum())) == (42, (42, 168, 3), 5875)
    np.testing.assert_allclose(table.x[table.task_names.index("1"), 0], [0.00662, 3.38e-005, 0.23], rtol=1e-6)


# Splits and scaling


@pytest.mark.parametrize(
    ("tasks", "sizes"),
    [(3, (1, 1, 1)), (4, (2, 1, 1)), (7, (5, 1, 1)), (20, (14, 3, 3)), (61, (43, 9, 9)), (200, (140, 30, 30))],
)
def test_no_task_is_in_two_splits(tasks, sizes):
    table = Table.read(csv_of(rows_of(**{f"t{task}": 3 for task in range(tasks)})), **SMALL)
    splits = [table.split(name).task_names for name in SPLITS]
    assert sorted(sum(splits, ())) == sorted(f"t{task}" for task in range(tasks))
    assert tuple(map(len, splits)) == sizes


def test_the_seed_fixes_the_split():
    tasks = {f"t{task}": 3 for task in range(20)}
    held_out = [Table.read(csv_of(rows_of(**tasks)), seed=seed, **SMALL).split("test").task_names for seed in (0, 0, 1, 2)]
    assert held_out[0] == held_out[1] == ("t1", "t17", "t5")  # numpy's PCG64 gives these on every platform
    assert len({*held_out}) == 3


def test_a_split_holds_its_own_tasks_and_leads_to_the_others():
    table = uneven()
    for name in SPLITS:
        part = table.split("validation").split(name)
        assert part.task_names == table.split(name).task_names
        assert part.num_tasks == len(part.task_names) == part.x.shape[0] == part.y.shape[0] == len(part.rows)
        assert part.examples()[0].shape == (int(part.rows.sum()), 1)
    with pytest.raises(ValueError, match="`split` must be one of test, train, validation, got 'all'"):
        table.split("all")


def test_scaling_is_that_of_the_training_rows():
    table = uneven()
    train = [(x, y) for task, x, y in rows_of(**UNEVEN) if task in table.split("train").task_names]
    mean, std = np.mean(train, axis=0), np.std(train, axis=0)
    np.testing.assert_allclose([table.scaling.x_mean[0], table.scaling.y_mean[0]], mean, rtol=1e-6)
    np.testing.assert_allclose([table.scaling.x_std[0], table.scaling.y_std[0]], std, rtol=1e-6)


@pytest.mark.parametrize("split", SPLITS)
def test_scaling_does_not_see_held_out_tasks(split):
    """T19."""
    table = uneven()
    changed = table.split(split).task_names[0]
    other = Table.read(csv_of([(t, x, y + 500 * (t == changed)) for t, x, y in rows_of(**UNEVEN)]), **SMALL)
    assert other.task_names == table.task_names
    same = jax.tree.map(np.array_equal, other.scaling, table.scaling)
    assert jax.tree.reduce(lambda a, b: a and b, same) == (split != "train")
