"""The Your tasks page, without a browser."""

import dataclasses
import io
import time
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.downloads.files import learner_zip
from dashboard.engine_calls import resources
from dashboard.page_parts.your_tasks import predictions, run
from dashboard.page_parts.your_tasks.examples import EXAMPLES
from dashboard.page_parts.your_tasks.script import script
from maml_engine import Learner
from tests.pages import walks
from tests.pages.walks import visit
from tests.small_verdict import EVIL

PAGE = Path(__file__).resolve().parents[2] / "pages" / "your_tasks.py"
SMALL = {
    **{"members": 2, "folds": 2, "num_iterations": 20, "hidden_dim": 8, "draws": 1},
    **{"baselines": ("pooled", "support_mean"), "shots": (1, 5)},
}


def open_page(**parameters):
    page = AppTest.from_file(PAGE, default_timeout=300)
    for name, value in parameters.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def table(tasks=8, rows=8, header="machine,speed,vibration", separator=","):
    """Lines with a level of their own, as a file."""
    rng = np.random.default_rng(0)
    lines = [header.replace(",", separator)]
    for task in range(tasks):
        level = rng.normal()
        lines += [
            separator.join([f"M{task}", f"{x:.3f}", f"{level + x + rng.normal(0, 0.1):.3f}"]) for x in rng.normal(size=rows)
        ]
    return "\n".join(lines).encode()


def upload(page, content, name="brought.csv"):
    if page.segmented_control(key="source").value != "A file":
        page.segmented_control(key="source").set_value("A file").run()
    page.file_uploader(key="_tasks_file").set_value((name, content, "text/csv")).run()
    assert not page.exception
    return page


def shown(page):
    """The words on the page, Markdown's backslashes and invisible marks taken away."""
    words = " ".join(part.value for part in [*page.markdown, *page.caption, *page.error, *page.info])
    return words.replace("\\", "").replace("\u2060", "")


def button(page, key):
    return next((one for one in page.button if one.key == key), None)


@pytest.fixture(scope="module")
def small_runs():
    """The real work, in seconds."""
    judge = run.judge

    def small(sheet, roles, settings, **others):
        return judge(sheet, roles, dataclasses.replace(settings, **SMALL), **others)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run, "judge", small)
        yield


@pytest.fixture(scope="module")
def job_id(small_runs):
    """One run for all tests that look at a verdict on `table()`."""
    return train(upload(open_page(), table()))


@pytest.fixture(scope="module")
def visitor():
    """One visitor for all tests that bring a file and look at what the page says of it."""
    return upload(open_page(), table())


DRAG = "Drag the known rows"  # said below the picture to drag


def train(page):
    """Trains on what the page shows and waits; the run's id, by which a link finds it as a reload does."""
    page.button(key="judge").click().run()
    assert not page.exception
    assert not page.error
    job_id = page.session_state["trial"]
    deadline = time.monotonic() + 300
    while not resources.jobs().snapshot(job_id).ended:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    snapshot = resources.jobs().snapshot(job_id)
    assert snapshot.status == "done", snapshot.message
    return job_id


def num_metrics(verdict):
    """Beside the four numbers of every verdict there is that of what is saved, where the verdict knows it."""
    return 4 + (verdict.saved is not None)


def test_the_page_opens_with_an_example_and_its_verdict():
    page = open_page()
    assert page.title[0].value == "Your tasks"
    assert page.selectbox(key="example").value == "Machines"
    alts = " ".join(chart.proto.alt for chart in page.get("plotly_chart"))
    assert "vibration_um against speed_rpm" in alts
    assert "Paired differences with 95 % intervals" in alts
    assert "predictions for 7 others" in alts
    assert "Drag the known rows" in shown(page)
    assert len(page.metric) == num_metrics(run.shipped("Machines").verdict)
    assert {one.label for one in page.get("download_button")} >= {"Learner (zip)", "Predictions (CSV)", "Report (HTML)"}
    assert not page.error
    assert not button(page, "judge").disabled


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_shown(name):
    page = open_page(example=name)
    assert EXAMPLES[name].words in shown(page)
    assert not page.error
    assert button(page, "undo") is None


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


def test_the_link_opens_the_page_as_it_is():
    page = open_page()
    page.selectbox(key="example").set_value("Patients").run()
    page.number_input(key="known_rows").set_value(3).run()
    page.segmented_control(key="effort").set_value("Quick look").run()
    link = walks.address(page, walks.own("your_tasks"))
    assert set(link) >= {"example", "known_rows", "effort"}
    again = open_page(**link)
    assert again.selectbox(key="example").value == "Patients"
    assert again.number_input(key="known_rows").value == 3
    assert again.segmented_control(key="effort").value == "Quick look"
    assert "patients.csv. 30 tasks" in shown(again)
    assert walks.address(again, walks.own("your_tasks")).items() >= link.items()


def test_names_of_a_file_are_never_markup(visitor):
    content = pd.DataFrame({EVIL: [f"t{n // 8}" for n in range(64)], "=x": np.arange(64) % 8, "*y*": np.arange(64) * 0.7 % 5})
    page = upload(visitor, content.to_csv(index=False).encode(), f"{EVIL}.csv"[:100])
    for part in [*page.markdown, *page.caption, *page.error, *page.info]:
        assert "<b>bold" not in part.value.replace("\\<", "")
        assert "*star*" not in part.value.replace("\\*", "")


def test_a_table_is_judged_and_used_and_found_again_by_its_link(job_id):
    page = open_page(trial=job_id)
    words = shown(page)
    assert "brought.csv. 8 tasks" in words
    assert resources.jobs().snapshot(job_id).report.verdict.sentence in words
    assert page.metric[0].label == "What is saved"
    assert len(page.metric) == num_metrics(resources.jobs().snapshot(job_id).report.verdict)
    assert DRAG in words
    assert page.query_params["trial"] == job_id
    page.number_input(key="known_rows").set_value(3).run()
    assert "Train again to judge what is chosen above" in shown(page)


@pytest.mark.parametrize("what", ["two inputs", "classes"])
def test_a_verdict_is_used_whatever_the_columns_are(small_runs, what):
    """Two inputs are not to be drawn against one axis, and a class has no height to drag."""
    frame = pd.read_csv(io.BytesIO(table()))
    if what == "two inputs":
        frame.insert(2, "load", np.random.default_rng(1).normal(size=len(frame)).round(3))
    else:
        frame["vibration"] = np.where(frame["vibration"] > frame["vibration"].median(), "high", "low")
    job_id = train(upload(open_page(), frame.to_csv(index=False).encode()))
    again = open_page(trial=job_id)
    assert not again.error
    words = shown(again)
    assert resources.jobs().snapshot(job_id).report.verdict.sentence in words
    assert DRAG not in words


def test_the_learner_is_taken_along_with_its_rows(job_id, tmp_path):
    trained = run.TrainedVerdict.of(resources.jobs().snapshot(job_id).report)
    _, task = predictions.first_task(trained.table, 5)
    predicted = predictions.predict(trained, task)
    content = learner_zip(trained.learner, predictions.files(trained, task, predicted))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path)
    prediction = Learner.load(tmp_path / "learner").adapt_rows(tmp_path / "known.csv").predict_rows(tmp_path / "others.csv")
    np.testing.assert_allclose(prediction.mean[:, 0], predicted.mean, rtol=1e-5)
    assert np.all(predicted.low <= predicted.mean)
    compile(script(trained), "your_tasks.py", "exec")


def test_a_run_is_stopped(small_runs, monkeypatch):
    judge = run.judge

    def slow(*given, **others):
        for progress in judge(*given, **others):
            time.sleep(0.2)
            yield progress

    monkeypatch.setattr(run, "judge", slow)
    page = upload(open_page(), table())
    page.button(key="judge").click().run()
    page.button(key="stop").click().run()
    job_id = page.session_state["trial"]
    while not resources.jobs().snapshot(job_id).ended:
        time.sleep(0.05)
    assert "Stopped before there was a verdict" in shown(open_page(trial=job_id))


def test_an_example_where_a_file_was_to_come_is_said_so():
    """A file stays in its session, and a page that is loaded anew begins another."""
    page = open_page(source="A file")
    assert "No file is here: bring one." in shown(page)
    assert "No file is here" not in shown(upload(page, table()))


def test_the_run_comes_back_into_the_address_after_another_page(job_id, open_app):
    app = open_app("your_tasks", trial=job_id)
    visit(app, "notes")
    assert "trial" not in app.query_params
    visit(app, "your_tasks")
    assert app.query_params["trial"] == job_id
    assert resources.jobs().snapshot(job_id).report.verdict.sentence in shown(app)


def test_a_run_that_is_not_here_is_said_so():
    page = open_page(trial="nobody")
    assert "no longer on this server" in shown(page)
    assert not page.error


def test_who_comes_back_to_the_examples_sees_the_chosen_one():
    page = upload(open_page(), table())
    assert "brought.csv. 8 tasks" in shown(page)
    page.segmented_control(key="source").set_value("An example").run()
    assert "The first 60 of 100 tasks" in shown(page)
    assert len(page.metric) == num_metrics(run.shipped("Machines").verdict)
