"""Tables: what is read, how it is split, what an episode shows, and what is refused."""

import hashlib
import io
import time

import jax
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maml_engine.core.episode import Batch
from maml_engine.core.losses import mean_loss, mean_squared_error
from maml_engine.io.sheet import read_sheet
from maml_engine.tasks.family import SPLITS
from maml_engine.tasks.roles import Roles
from maml_engine.tasks.table import Table
from tests.real_data import real_file

ELNINO = {"task": "year", "inputs": ("month",), "target": "sst_c", "k_shot": 5}
AIRFOIL = {"task": "config", "inputs": ("frequency_hz",), "target": "sound_pressure_db", "log": ("frequency_hz",)}
SMALL = {"task": "t", "inputs": ("x",), "target": "y", "k_shot": 2}
UNEVEN = {"a": 3, "b": 5, "c": 4, "d": 7, "e": 3, "f": 4, "g": 2}  # rows of each task; g is too small for 2 shots


def real(name: str, **options) -> Table:
    """One of the tables that the project's owner put aside for tests."""
    return Table.read(real_file(f"tasks_csv/{name}.csv"), **options)


def rows_of(**tasks: int) -> list[tuple[str, int, int]]:
    """Rows (task, x, y), every x its own, tasks interleaved."""
    turns = [(turn, name) for name, count in tasks.items() for turn in range(count)]
    return [(name, number, 1000 + number * number) for number, (_, name) in enumerate(sorted(turns), start=1)]


def csv_of(rows, header: str = "t,x,y", separator: str = ",") -> bytes:
    return "\n".join([header, *(separator.join(map(str, row)) for row in rows)]).encode()


def uneven(**options) -> Table:
    return Table.read(csv_of(rows_of(**UNEVEN)), **{**SMALL, **options})


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


# Episodes


@pytest.mark.parametrize("k_shot", [1, 2])
def test_support_and_query_share_no_row_and_miss_none(k_shot):
    table = uneven()
    episode = table.every(jax.random.key(3), k_shot)
    for place in range(table.num_tasks):
        weight = np.asarray(episode.query.weight[place], bool)
        seen = np.concatenate([episode.support.x[place, :, 0], episode.query.x[place, weight, 0]])
        np.testing.assert_array_equal(np.sort(seen), table.x[place, : int(table.rows[place]), 0])
        assert not episode.query.x[place, ~weight].any()
    for batch in episode:  # a target goes where its input goes
        counts = np.ones(batch.x.shape[:2], bool) if batch.weight is None else np.asarray(batch.weight, bool)
        np.testing.assert_array_equal(batch.y[counts], 1000 + batch.x[counts] ** 2)


def test_padding_weighs_nothing_in_a_loss():
    table = uneven()
    query = jax.tree.map(lambda part: part[0], table.every(jax.random.key(0), 2).query)
    count = int(query.weight.sum())
    assert 0 < count < len(query.weight)
    loss = mean_loss(mean_squared_error, 0 * query.y, query)
    np.testing.assert_allclose(loss, np.mean(np.square(query.y[:count])), rtol=1e-6)


def test_every_row_is_support_equally_often():
    table = uneven()
    draws = 4000
    supports = jax.jit(jax.vmap(lambda key: table.every(key, 2).support.x))(jax.random.split(jax.random.key(0), draws))
    for place, count in enumerate(np.asarray(table.rows)):
        _, times = np.unique(supports[:, place], return_counts=True)
        share = 2 / count
        assert len(times) == count  # and so no padding among them
        np.testing.assert_allclose(times / draws, share, atol=5 * np.sqrt(share * (1 - share) / draws))


def test_tasks_come_once_before_any_comes_again():
    table = uneven().split("train")
    task_of_x = {x: task for task, x, _ in rows_of(**UNEVEN)}
    for batch in (1, 3, 4, 9):
        shown = table.sample(jax.random.key(batch), batch, 2, 1).support.x[:, 0, 0]
        names = [task_of_x[int(x)] for x in shown]
        times = [names.count(name) for name in table.task_names]
        assert sum(times) == batch
        assert max(times) - min(times) <= 1


def test_sample_shows_its_split_alone_and_the_whole_shows_training_tasks():
    table = uneven()
    for view, name in [(table, "train"), *((table.split(name), name) for name in SPLITS)]:
        shown = np.unique(view.sample(jax.random.key(0), 30, 2, 1).support.x)
        assert set(shown) <= set(table.split(name).examples()[0].ravel())
    np.testing.assert_array_equal(
        table.sample(jax.random.key(1), 5, 2, 1).query.y, table.split("train").sample(jax.random.key(1), 5, 2, 1).query.y
    )


def test_sample_compiles_once_and_agrees_with_itself_uncompiled():
    table, traces = uneven().split("train"), []

    @jax.jit
    def sample(table, key):
        traces.append(key)
        return table.sample(key, 5, 2, 1)

    for seed in range(3):
        key = jax.random.key(seed)
        jax.tree.map(np.testing.assert_array_equal, sample(table, key), table.sample(key, 5, 2, 1))
    sample(uneven().split("train"), jax.random.key(9))  # the same file read again is the same program
    assert len(traces) == 1
    closed_over = jax.jit(lambda key: table.sample(key, 5, 2, 1).query.y)(jax.random.key(0))
    np.testing.assert_array_equal(closed_over, table.sample(jax.random.key(0), 5, 2, 1).query.y)


def test_other_keys_show_other_rows():
    table = uneven()
    assert (table.every(jax.random.key(0), 2).support.x != table.every(jax.random.key(1), 2).support.x).any()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda table: table.every(jax.random.key(0), 3), "`k_shot` must be at most 2 (the smallest task has 3 rows), got 3."),
        (lambda table: table.every(jax.random.key(0), 0), "`k_shot` must be a whole number >= 1, got 0."),
        (lambda table: table.sample(jax.random.key(0), 0, 2, 1), "`meta_batch_size` must be a whole number >= 1, got 0."),
    ],
)
def test_impossible_episodes_are_refused(call, sentence):
    with pytest.raises(ValueError) as refusal:
        call(uneven())
    assert str(refusal.value) == sentence


# Refusals

GOOD = rows_of(a=3, b=3, c=3)  # file rows 2 to 10
NEED = "Column 't' must name at least 3 tasks of `k_shot` + 1 = 3 rows or more, "
BLURRED = (
    "Column 'x' must vary by more than 32-bit numbers blur, got values from 1.7e+09 to 1.70000001e+09 "
    "that vary by 6 in a task: subtract a constant or change the unit."
)


def with_value(value: object, *, column: int = 2, at: tuple[int, ...] = (5,), **layout) -> bytes:
    """A good table with `value` in spreadsheet rows `at`."""
    rows = [list(row) for row in GOOD]
    for row in at:
        rows[row - 2][column] = value
    return csv_of(rows, **layout)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file must hold a header and rows, got an empty file."),
        (b" \r\n\n", "The file must hold a header and rows, got an empty file."),
        (b"\xef\xbb\xbf", "The file must hold a header and rows, got an empty file."),
        (b"t,x,y\n", "The file must hold rows below its header, got only the header t, x, y."),
        (
            b"t\n1\n2\n",
            "The file must have the columns t, x, y, separated by commas, semicolons or tabs, got the one column 't'.",
        ),
        (b"PK\x03\x04rest", "The file must be a text CSV, got a ZIP archive or a spreadsheet: export its table as CSV first."),
        (b"\x89PNG\r\n\x1a\n", "The file must be a text CSV, got a PNG image: export its table as CSV first."),
        (b"t,x\0,y\n", "The file must be a text CSV, got binary data (a zero byte at position 3)."),
        (csv_of(GOOD, "t,x,z"), "Column 'y' must be one of the file's columns: 't', 'x', 'z'."),
        (csv_of(GOOD, "t,x,x"), "Column names must differ, got 'x' as columns 2, 3."),
        (b",,\n,,\n", "Column 't' must be one of the file's columns: none has a name."),
        (b"t,x,y\n1,2,3\n1,2,3,4\n", "Row 3 must have as many fields as the header (3), got 4."),
        (b"\nt,x,y\n1,2,3\n1,2,3,4\n", "Row 4 must have as many fields as the header (3), got 4."),
        (b't,x,y\n1,2,3\n1,"2,3\n1,2,3\n', "Row 3 opens a quote that no later row closes."),
        (with_value("warm"), "Column 'y' must hold numbers, got 'warm' in row 5."),
        (
            csv_of([(task, x, "warm" if x < 3 else "cold") for task, x, _ in GOOD]),
            "Column 'y' must hold numbers, got 'warm', 'cold': for a loss of classes number them from 0 on.",
        ),
        (with_value("warm", column=1), "Column 'x' must hold numbers, got 'warm' in row 5."),
        (b"\n\n" + with_value("warm"), "Column 'y' must hold numbers, got 'warm' in row 7."),
        (with_value("<b>" + "o" * 99), f"Column 'y' must hold numbers, got '<b>{'o' * 52}...' in row 5."),
        (with_value('"1,5"'), "Column 'y' must hold numbers, got '1,5' in row 5."),
        (with_value("1_000"), "Column 'y' must hold numbers, got '1_000' in row 5."),
        (with_value("True"), "Column 'y' must hold numbers, got 'True' in row 5."),
        (with_value(""), "Column 'y' must not have missing values, got '' in row 5."),
        (with_value("NA", at=(3, 4, 9)), "Column 'y' must not have missing values, got 'NA' in 3 rows (3, 4, 9)."),
        (
            with_value("nan", at=(2, 4, 5, 6, 7, 9)),
            "Column 'y' must not have missing values, got 'nan' in 6 rows (2, 4, 5, 6, 7 and 1 more).",
        ),
        (b"t,x,y\na,1\n", "Column 'y' must not have missing values, got '' in row 2."),
        (with_value(" ", column=0), "Column 't' must not be empty, got '' in row 5."),
        (with_value("-inf"), "Column 'y' must hold finite numbers, got '-inf' in row 5."),
        (with_value("Infinity"), "Column 'y' must hold finite numbers, got 'Infinity' in row 5."),
        (with_value("1e19"), "Column 'y' must hold numbers between -1e+18 and 1e+18, got '1e19' in row 5."),
        (
            with_value("1,5", separator=";", header="t;x;y").replace(b"1001", b"1.001"),
            "Column 'y' must write decimals with commas throughout or with points throughout, got '1.001' in row 2.",
        ),
        (
            csv_of([("a", x, y) for _, x, y in GOOD]),
            NEED + "got one task only ('a').",
        ),
        (
            csv_of([(x, x, y) for _, x, y in GOOD]),
            NEED + "got a value of its own in each row (every task has one row).",
        ),
        (
            csv_of(rows_of(a=3, b=9, c=2)),
            NEED + "got 2 such among 3 tasks (the largest task has 9 rows).",
        ),
        (
            csv_of([(t, x, 0.1) for t, x, _ in GOOD]),
            "Column 'y' must vary over the training tasks, got 0.1 in every row.",
        ),
        (
            csv_of([(t, 1_700_000_000 + x, y) for t, x, y in GOOD]),
            BLURRED,
        ),
        (b"," * 10_000, "The file must have at most 10,000 columns, got 10,001."),
        (b"\n" * 6_000_000 + b"x", "The file must have at most 5,000,000 lines, got 6,000,000."),
    ],
)
def test_bad_files_get_one_sentence(content, sentence):
    with pytest.raises(ValueError) as refusal:
        Table.read(content, **SMALL)
    assert str(refusal.value) == sentence


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"inputs": ("t",)},
            "`task`, `inputs` and `target` must be different columns, got 't' more than once.",
        ),
        ({"inputs": ()}, "`inputs` must name at least one column, got none."),
        ({"inputs": "x"}, "`inputs` must be a tuple of column names, got 'x'."),
        ({"log": ("t",)}, "`log` must be one of x, y, got 't'."),
        ({"k_shot": 0}, "`k_shot` must be a whole number >= 1, got 0."),
        ({"seed": -1}, "`seed` must be a whole number >= 0, got -1."),
        ({"max_bytes": 40}, "The file must be at most 4e-05 MB, got 8.6e-05 MB."),
    ],
)
def test_bad_options_get_one_sentence(options, sentence):
    with pytest.raises(ValueError) as refusal:
        Table.read(csv_of(GOOD), **{**SMALL, **options})
    assert str(refusal.value) == sentence


def test_a_logarithm_needs_positive_numbers():
    with pytest.raises(ValueError, match=r"^Column 'y' must hold numbers > 0 for its logarithm, got '-3' in row 5\.$"):
        Table.read(with_value(-3), **SMALL, log=("y",))


def test_missing_and_unreadable_files(tmp_path):
    for source in (tmp_path / "none.csv", str(tmp_path / "none.csv"), "\0", None):
        with pytest.raises(ValueError, match=r"^The file must be a path that exists, bytes or an open file, got .*\.$"):
            Table.read(source, **SMALL)
    with pytest.raises(ValueError, match=r"^The file .* cannot be read \(Is a directory\)\.$"):
        Table.read(tmp_path, **SMALL)


def test_a_large_file_is_refused_unread(tmp_path):
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(100_000_000)  # a hole: takes no room on the disk
    with pytest.raises(ValueError, match=r"^The file must be at most 50 MB, got 100 MB\.$"):
        Table.read(path, **SMALL)

    class Endless(io.RawIOBase):
        def read(self, size=-1):
            assert size == 50_000_001  # no more than it takes to know
            return b"1" * size

    with pytest.raises(ValueError, match=r"^The file must be at most 50 MB, got more\.$"):
        Table.read(Endless(), **SMALL)


def test_a_table_that_padding_would_blow_up_is_refused():
    rows = [("long", x, x % 7) for x in range(20_000)] + [(f"t{x // 3}", x, x % 7) for x in range(6000)]
    with pytest.raises(ValueError, match=r"^The table must hold at most 50,000,000 numbers .*, got 80,040,000 \(2001 tasks, "):
        Table.read(csv_of(rows), **SMALL)


FIELD = st.one_of(
    st.sampled_from(["", "a", "1", "1e400", "-inf", "x", "NA", '"', '"a,b"', " "]), st.floats(), st.text(max_size=4)
)
FILES = st.one_of(
    st.binary(max_size=200),
    st.text(alphabet='txy12,;\t"\n\r. é-', max_size=120).map(lambda text: ("t,x,y\n" + text).encode()),
    st.builds(
        lambda rows, header, separator: csv_of(rows, separator.join(header), separator).replace(b"\0", b""),
        st.lists(st.tuples(st.sampled_from("abcd"), st.integers(-3, 10**20) | FIELD, st.floats() | FIELD), max_size=30),
        st.permutations("txy") | st.lists(FIELD.map(str), max_size=5),
        st.sampled_from([",", ";", "\t", "|"]),
    ),
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 99), st.floats(-1e3, 1e3)), min_size=9, max_size=40).map(csv_of),
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(content=FILES, log=st.sampled_from([(), ("x",), ("y",)]))
def test_any_bytes_give_a_table_or_one_sentence(content, log):
    start, sentence = time.perf_counter(), "read."
    try:
        table = Table.read(content, **{**SMALL, "log": log, "k_shot": 1})
    except ValueError as error:
        sentence = str(error)
    else:
        scaled = table.scaling.batch(Batch(*table.examples()))
        assert np.isfinite(scaled.x).all()
        assert np.isfinite(scaled.y).all()
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert time.perf_counter() - start < 5.0
