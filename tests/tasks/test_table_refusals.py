"""Tables: what is refused, in one sentence."""

import io
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maml_engine.core.episode import Batch
from maml_engine.tasks.table import Table
from tests.tasks.tables import SMALL, csv_of, rows_of

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
