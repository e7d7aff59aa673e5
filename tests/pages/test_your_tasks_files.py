"""Your tasks: what the page makes of files that are brought, and what it asks about them."""

import io

import numpy as np
import pandas as pd
import pytest

from tests.pages.your_tasks import button, open_page, shown, table, upload
from tests.small_verdict import EVIL


@pytest.fixture(scope="module")
def visitor():
    """One visitor for all tests that bring a file and look at what the page says of it."""
    return upload(open_page(), table())


def test_a_file_takes_the_place_of_the_example_and_its_columns_can_be_changed():
    page = upload(open_page(), table())
    assert "brought.csv. 8 tasks" in shown(page)
    assert not page.metric  # no verdict yet
    target = next(one for one in page.selectbox if one.key.startswith("target_"))
    assert target.value == "vibration"
    target.set_value("speed").run()
    assert not page.exception
    inputs = next(one for one in page.multiselect if one.key.startswith("inputs_"))
    inputs.set_value(["vibration"]).run()
    assert not page.exception
    assert "speed against vibration" in page.get("plotly_chart")[0].proto.alt
    inputs.set_value([]).run()
    assert "Choose at least one input column." in shown(page)
    assert "speed against vibration" in page.get("plotly_chart")[0].proto.alt


def test_pasted_rows_are_a_table():
    page = open_page(source="Pasted text")
    page.text_area(key="_tasks_pasted").set_value(table(separator="\t").decode()).run()
    page.button(key="read_pasted").click().run()
    assert "pasted.csv. 8 tasks" in shown(page)


def test_parquet_is_a_table(visitor):
    file = io.BytesIO()
    pd.read_csv(io.BytesIO(table())).to_parquet(file)
    assert "brought.parquet. 8 tasks" in shown(upload(visitor, file.getvalue(), "brought.parquet"))


BAD = {
    "empty": b"",
    "blank": b"\n \n",
    "header alone": b"a,b,c\n",
    "one column": b"a\n1\n2\n",
    "two columns": b"a,b\n1,2\n1,3\n",
    "ten thousand columns": (",".join(f"c{n}" for n in range(10_000)) + "\n" + ",".join(["1"] * 10_000)).encode(),
    "a zip": b"PK\x03\x04" + bytes(200),
    "an image": b"\x89PNG\r\n\x1a\n" + bytes(200),
    "binary": b"a,b,c\n\0\0\0",
    "broken Parquet": b"PAR1" + bytes(100) + b"PAR1",
    "a ragged row": b"a,b,c\n1,2,3\n1,2,3,4\n",
    "an open quote": b'a,b,c\n"1,2,3\n1,2,3\n',
    "a row a task": table(20, 1),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_cannot_be_read_is_answered_by_one_sentence_and_the_table_before_stays(kind, visitor):
    page = upload(upload(visitor, table()), BAD[kind], "bad.csv")
    (error,) = page.error
    assert error.value.strip().endswith(".")
    assert "Traceback" not in error.value
    assert "brought.csv. 8 tasks" in shown(page)
    upload(page, table(9), "good.csv")
    assert not page.error
    assert "good.csv. 9 tasks" in shown(page)


READABLE = {
    "semicolons and decimal commas": table(header="machine;speed;vibration").replace(b",", b";").replace(b".", b","),
    "tabs": table(separator="\t"),
    "a byte-order mark": b"\xef\xbb\xbf" + table(),
    "Latin-1": table(header="maschine,größe,y").decode().encode("latin-1"),
    "no header": table().split(b"\n", 1)[1],
    "names that come twice": table(header="machine,value,value"),
    "names with markup": table(header='"<b>a</b>, % #","=1+1","$x$ *y* `z`"'),
}


@pytest.mark.parametrize("kind", READABLE)
def test_awkward_files_are_read(kind, visitor):
    page = upload(visitor, READABLE[kind])
    assert "brought.csv. 8 tasks" in shown(page)
    assert not page.error
    assert not button(page, "judge").disabled


FIXABLE = {
    "two values": b"t,x,y\n" + b"".join(b"t%d,%d,%d\n" % (task, x, (x + task) % 2) for task in range(8) for x in range(8)),
    "an infinite value": table().replace(b"\nM0,", b"\nM0,inf,1\nM0,", 1),
    "words among numbers": table().replace(b"\nM0,", b"\nM0,fast,1\nM0,", 1),
}


@pytest.mark.parametrize("kind", FIXABLE)
def test_what_is_found_is_fixed_by_one_click_and_undone(kind, visitor):
    page = upload(visitor, FIXABLE[kind])
    before = shown(page)
    assert "Nothing to mend" not in before
    page.button(key="fix_0").click().run()
    assert not page.exception
    assert not page.error
    assert shown(page) != before
    page.button(key="undo").click().run()
    assert shown(page) == before


def firms():
    rng = np.random.default_rng(0)
    rows = zip(rng.integers(0, 1000, 160), rng.normal(size=160), strict=True)
    return "\n".join(["firm,pqa,pqb", *(f"{place // 8},{a},{b:.3f}" for place, (a, b) in enumerate(rows))]).encode()


def test_two_targets_that_are_near_are_asked_before_anything_is_trained(visitor):
    page = upload(visitor, firms())
    assert "'pqa' or 'pqb'" in shown(page)
    assert button(page, "judge").disabled
    page.button(key="answer_1").click().run()
    assert not page.exception
    assert next(one for one in page.selectbox if one.key.startswith("target_")).value == "pqb"
    assert not button(page, "judge").disabled


def test_a_guess_that_fails_does_not_bar_the_way(visitor):
    rows = [
        f"s{task},{row / 7:.3f},{row * row / 11:.3f}" for task in (1, *range(2, 40)) for row in range(300 if task == 1 else 1)
    ]
    page = upload(visitor, "\n".join(["shop,x,y", *rows]).encode())
    assert "Choose the columns" in shown(page)
    assert next(one for one in page.selectbox if one.key.startswith("task_")).value == "shop"


def test_a_column_that_can_be_read_in_two_ways_is_asked(visitor):
    rows = [
        f'{row},"1,{100 + row + task}",{task}' if row % 2 else f"{row},{500 + row * task},{task}"
        for task in range(8)
        for row in range(8)
    ]
    page = upload(visitor, "\n".join(["x,y,shop", *rows]).encode())
    assert "can be read in 2 ways" in shown(page)
    assert button(page, "judge").disabled
    page.button(key="fix_0_1").click().run()
    assert not page.exception
    assert not button(page, "judge").disabled


def test_tasks_that_are_too_short_for_five_known_rows_are_offered_fewer(visitor):
    page = upload(visitor, table(rows=4))
    assert button(page, "judge").disabled
    page.button(key="fix_0").click().run()
    assert not page.exception
    assert page.number_input(key="known_rows").value == 3
    assert not button(page, "judge").disabled
    page.number_input(key="known_rows").set_value(5).run()


@pytest.mark.parametrize(("answer", "inputs"), [("fix_0", ["speed"]), ("fix_0_1", ["speed", "copy"])])
def test_no_training_begins_with_a_leak_that_nobody_has_settled(visitor, answer, inputs):
    lines = table().decode().splitlines()
    rows = [f"{line},{2 * float(line.rsplit(',', 1)[1]) - 1:.4f}" for line in lines[1:]]
    page = upload(visitor, "\n".join([f"{lines[0]},copy", *rows]).encode())
    assert not button(page, "judge").disabled  # a guess leaves it out
    next(one for one in page.multiselect if one.key.startswith("inputs_")).set_value(["speed", "copy"]).run()
    assert "gives the target 'vibration' away" in shown(page)
    assert button(page, "judge").disabled
    page.button(key=answer).click().run()
    assert not page.exception
    assert next(one for one in page.multiselect if one.key.startswith("inputs_")).value == inputs
    assert not button(page, "judge").disabled


def test_rows_with_a_missing_value_are_left_out_and_said_so(visitor):
    page = upload(visitor, table().replace(b"\nM0,", b"\nM0,,1\nM0,", 1))
    assert "missing" in shown(page)
    assert not button(page, "judge").disabled


def test_a_constant_target_cannot_be_trained_on(visitor):
    page = upload(visitor, b"t,x,y\n" + b"".join(b"t%d,%d,1\n" % (task, x) for task in range(8) for x in range(8)))
    target = next(one for one in page.selectbox if one.key.startswith("target_"))
    target.set_value("y").run()
    assert "the same" in shown(page)
    assert button(page, "judge").disabled


def test_names_of_a_file_are_never_markup(visitor):
    content = pd.DataFrame({EVIL: [f"t{n // 8}" for n in range(64)], "=x": np.arange(64) % 8, "*y*": np.arange(64) * 0.7 % 5})
    page = upload(visitor, content.to_csv(index=False).encode(), f"{EVIL}.csv"[:100])
    for part in [*page.markdown, *page.caption, *page.error, *page.info]:
        assert "<b>bold" not in part.value.replace("\\<", "")
        assert "*star*" not in part.value.replace("\\*", "")
