"""The Train page, without a browser."""

import dataclasses

import pytest

from dashboard.engine_calls import resources
from dashboard.jobs import QUEUED, RUNNING
from dashboard.jobs.progress import opened_progress, packed_progress
from dashboard.widgets import session
from tests.reading import as_read

SMALL = {"num_iterations": "60", "meta_batch_size": "4", "hidden_dim": "8"}


@pytest.fixture(scope="module")
def train(open_page):
    """Opens the Train page by the link's parameters."""
    return lambda **parameters: open_page("train", **parameters)


@pytest.fixture(scope="module")
def run_to_its_end(wait_for_jobs):
    """Presses Train, waits, and looks again."""

    def run_to_its_end(page):
        page.button(key="train").click().run()
        assert not page.exception
        wait_for_jobs([page.session_state[session.JOB]])
        page.run()
        assert not page.exception
        return page

    return run_to_its_end


@pytest.fixture(scope="module")
def trained(train, run_to_its_end):
    """The page after a small run."""
    return run_to_its_end(train(**SMALL))


@pytest.fixture(autouse=True)
def own_home(tmp_path, monkeypatch):
    monkeypatch.setenv("MAML_LAB_HOME", str(tmp_path))


def charts(page):
    return page.get("plotly_chart")


def test_the_page_opens_with_a_true_picture(train):
    page = train()
    assert len(charts(page)) == 2
    assert not page.error
    assert not page.info
    alt = " ".join(chart.proto.alt for chart in charts(page))
    assert "Held-out loss" in alt
    assert "Mean squared error" in alt


def test_a_run_is_trained_watched_and_taken_along(trained):
    page = trained
    assert len(charts(page)) == 3
    labels = [metric.label for metric in page.metric]
    assert labels == ["Meta-loss", "Held out, before", "After 1 step", "After 10 steps"]
    assert all(float(metric.value) > 0 for metric in page.metric)
    labels = [button.proto.label for button in page.get("download_button")]
    assert {"Learner", "Curves (CSV)", "Figure (HTML)", "Python script", "Notebook"} <= set(labels)
    job_id = page.session_state[session.JOB]
    assert page.query_params["job"] == job_id
    page.button(key="offer").click().run()
    assert page.session_state["learner"] == f"run {job_id}"
    page.button(key="save").click().run()
    assert any("maml_engine evaluate" in note.value for note in page.info)


def test_a_run_is_found_again_by_its_link(trained, train):
    job_id = trained.session_state[session.JOB]
    again = train(job=job_id, **SMALL)
    assert len(again.metric) == 4
    assert again.session_state[session.JOB] == job_id


def test_a_run_that_another_process_trains_is_shown_as_far_as_it_is(trained, train, monkeypatch):
    job_id = trained.session_state[session.JOB]
    here = resources.jobs().snapshot(job_id)
    half = dataclasses.replace(here, status=RUNNING, iteration=30, seconds_left=2.0, result=here.result)
    there = opened_progress(packed_progress(half), half.experiment)
    monkeypatch.setattr(resources.jobs(), "snapshot", lambda asked: {"elsewhere": there}.get(asked))
    page = train(job="elsewhere", **SMALL)
    assert not page.exception and len(page.metric) == 4 and len(charts(page)) == 2
    assert "Another process of this server trains it" in " ".join(caption.value for caption in page.caption)
    waits = dataclasses.replace(there, status=QUEUED, seconds_left=None, position=1)
    begins = dataclasses.replace(waits, status=RUNNING, position=0)
    for snapshot in (waits, begins):
        monkeypatch.setattr(resources.jobs(), "snapshot", lambda asked, now=snapshot: {"elsewhere": now}.get(asked))
        assert not train(job="elsewhere", **SMALL).exception


def test_a_run_that_is_not_here_is_said_and_the_page_opens(train):
    page = train(job="nobody")
    assert "no longer on this server" in page.info[0].value
    assert len(charts(page)) == 2


def test_divergence_is_said_as_the_engine_says_it(train, run_to_its_end):
    page = train(**SMALL, inner_lr="1", inner_steps="8", meta_lr="1", meta_optimizer="sgd")
    run_to_its_end(page)
    assert "no longer a finite number" in as_read(page.error[0].value)
    assert "lower `" in as_read(page.error[0].value)


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ({"method": "cavia"}, "CAVIA needs a network with a parameter named `context`"),
        ({"method": "protonet"}, "ProtoNet needs classes"),
        ({"method": "anil", "model": "mlp", "num_layers": "0"}, "ANIL and BOIL need a body and a head"),
        ({"method": "mamlplusplus", "per_step_norms": "true"}, "`per_step_norms` needs a network with normalisation layers"),
    ],
)
def test_a_method_that_does_not_fit_the_network_says_so_before_it_begins(parameters, says, train):
    page = train(**SMALL, **parameters)
    page.button(key="train").click().run()
    assert not page.exception
    assert says in as_read(page.error[0].value)
    assert page.session_state[session.JOB] is None
    assert len(charts(page)) == 2


def test_a_protocol_card_sets_the_sidebar_and_judges_the_run(train, run_to_its_end):
    page = train()
    page.selectbox(key="card").set_value("finn_sinusoid").run()
    text = " ".join(part.value for part in page.markdown)
    assert "0.67 after 1 step, 0.38 after 5 steps, 0.35 after 10 steps" in text
    assert "0.001, is what reproduces the table" in text
    page.button(key="use_card").click().run()
    assert not page.exception
    assert page.select_slider(key="inner_lr").value == 0.001
    assert page.number_input(key="num_iterations").value == 70_000
    for name, value in SMALL.items():
        page.number_input(key=name).set_value(int(value))
    page.run()
    run_to_its_end(page)
    table = next(part.value for part in page.markdown if part.value.startswith("| after |"))
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in table.splitlines()[2:]]
    assert [(row[0], row[-1]) for row in rows] == [("1 step", "0.67"), ("5 steps", "0.38"), ("10 steps", "0.35")]
    assert float(rows[0][1]) > 0.67
    assert any("`num_iterations 70000`" in caption.value for caption in page.caption)


def test_a_hosted_demo_says_its_budget(monkeypatch, train):
    monkeypatch.setattr(resources.jobs(), "hosted", True)
    page = train(num_iterations="200000")
    page.button(key="train").click().run()
    assert as_read(page.error[0].value).startswith("`num_iterations` must be at most 100000 on this hosted demo, got 200000")
    assert len(charts(page)) == 2


def test_a_table_that_is_not_here_is_named(train):
    page = train(tasks="table", data="ab" * 32, task="month", inputs="year", target="sst_c")
    assert not page.error
    assert "abababababab" in page.info[0].value
    assert r"'sst\_c'" in page.info[0].value  # as text, whatever Markdown would make of it
    assert page.button(key="train").disabled
    assert page.query_params["target"] == "sst_c"


def test_a_table_is_uploaded_and_trained_on(train, run_to_its_end):
    rows = "\n".join(f"shop {task},{x},{task + 0.1 * x * x}" for task in range(8) for x in range(12))
    page = train(tasks="table", **SMALL, k_shot="3")
    page.file_uploader[0].set_value(("shops.csv", f"shop,x,sales\n{rows}\n".encode(), "text/csv"))
    page.run()
    assert not page.exception
    assert not page.error
    assert any("8 tasks" in caption.value for caption in page.caption)
    assert not page.button(key="train").disabled
    run_to_its_end(page)
    assert not page.error
    assert len(charts(page)) == 3
    assert page.query_params["tasks"] == "table"
    assert page.query_params["inputs"] == "x"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "at least three columns"),
        (b"only\n1\n", "at least three columns"),
        (b"t,x,y\na,1,2\na,b,3\n", "'b'"),
        (b"t,x,y\n" + b"".join(b"a,%d,2\n" % row for row in range(30)), "one task only"),
    ],
)
def test_a_table_that_cannot_work_is_answered_with_one_sentence(content, says, train):
    page = train(tasks="table")
    page.file_uploader[0].set_value(("table.csv", content, "text/csv"))
    page.run()
    assert not page.exception
    assert says in as_read(page.error[0].value)
    assert page.button(key="train").disabled


LURE = "[win](http://a.example)"


@pytest.mark.parametrize(
    ("link", "content"),
    [
        ({"data": "0" * 64, "task": LURE, "inputs": "x", "target": "y"}, None),
        ({"data": "0" * 64, "task": LURE, "inputs": LURE, "target": "y"}, None),
        ({}, f"t,x,{LURE}\na,1,b\n".encode()),
        ({}, b"t,x,y\n" + f"{LURE},1,2\n".encode() * 30),
        ({}, f"t,x,y\n{LURE},1,2\n".encode() + b"".join(b"%d,%d,2.%d\n" % (row % 6, row, row) for row in range(80))),
    ],
    ids=["a link's column", "a link's column twice", "a column", "the only task", "a task that is left out"],
)
def test_a_strangers_words_are_no_link_on_the_page(train, link, content):
    page = train(tasks="table", **link)
    if content is not None:
        page.file_uploader[0].set_value(("table.csv", content, "text/csv"))
        page.run()
    assert not page.exception
    words = [element.value for kind in (page.info, page.error, page.caption) for element in kind]
    assert any("win" in each for each in words)
    assert not [each for each in words if LURE in each]


# Pictures.

TINY = {
    **{"tasks": "glyphs", "method": "protonet", "n_way": "2", "k_shot": "1", "k_query": "1", "filters": "2"},
    **{"num_iterations": "3", "meta_batch_size": "1", "norm": "group"},
}


@pytest.fixture(scope="module")
def trained_on_pictures(train, run_to_its_end):
    return run_to_its_end(train(**TINY))


def test_before_pictures_are_trained_on_a_learner_of_pictures_stands_there(train):
    page = train(**TINY)
    (chart,) = charts(page)
    assert "examples of 5 classes and 15 questions" in chart.proto.alt
    assert not page.error and not page.info
    assert not any("minute" in part.value for part in page.markdown), "A link may bring a run of hours."


def test_pictures_are_trained_on_with_right_answers_and_taken_to_characters(trained_on_pictures):
    page, job_id = trained_on_pictures, trained_on_pictures.session_state[session.JOB]
    shown = {metric.label: metric for metric in page.metric}
    assert set(shown) == {"Meta-loss (cross-entropy)", "Right answers", "Guessing"}
    share = float(shown["Right answers"].value.removesuffix(" %"))
    low, high = map(float, shown["Right answers"].delta.removeprefix("95 %: ").split(" to "))
    assert 0 <= low < share < high <= 100 and shown["Guessing"].value == "50.0 %"
    said = " ".join(caption.value for caption in page.caption)
    assert "600 test tasks (seed 0), 2-way 1-shot Glyphs" in said and "each picture by itself (inductive)" in said
    alts = " ".join(chart.proto.alt for chart in charts(page))
    assert "Right answers on validation tasks" in alts and "2-way 1-shot Glyphs, 3 meta-iterations, seed 0" in alts
    snapshot = resources.jobs().snapshot(job_id)
    assert snapshot.accuracies.shape == (len(snapshot.curve_iterations), 6, 3)
    labels = [button.proto.label for button in page.get("download_button")]
    assert {"Learner", "Curves (CSV)", "Figure (HTML)", "Python script", "Notebook"} <= set(labels)
    assert "offer" not in {button.key for button in page.button}
    page.button(key="use_on_characters").click().run()
    assert page.session_state[session.PICTURE_RUNS] == job_id
    assert not page.exception
    assert page.session_state[session.PICTURE_LEARNER] == f"run {job_id}"
    assert any(f"(characters?v=1&picture_runs={job_id}&picture_learner=run+{job_id})" in part.value for part in page.markdown)


def test_a_run_on_pictures_is_found_again_and_offered_on_characters_alone(trained_on_pictures, train, open_page):
    job_id = trained_on_pictures.session_state[session.JOB]
    again = train(job=job_id, **TINY)
    assert len(charts(again)) == 3 and not again.info
    characters = open_page("characters", picture_runs=job_id)
    offered = characters.selectbox(key=session.PICTURE_LEARNER).options
    (label,) = [label for label in offered if label.startswith("Trained here")]
    assert label == "Trained here: ProtoNet, 3 meta-iterations, seed 0"
    assert not characters.info
    adapt = open_page("adapt", learner=f"run {job_id}")
    assert "which the Characters page shows" in adapt.info[0].value


def test_a_run_of_pictures_that_is_gone_is_said_on_characters(open_page):
    page = open_page("characters", picture_runs="nobody.here")
    assert [note.value for note in page.info] == ["A run of this link is no longer on this server, or is none of pictures."]


def test_a_hosted_demo_says_what_of_pictures_would_fit(monkeypatch, train):
    monkeypatch.setattr(resources.jobs(), "hosted", True)
    page = train(**TINY | {"n_way": "20", "k_query": "5", "filters": "64", "meta_batch_size": "32"})
    page.button(key="train").click().run()
    said = as_read(page.error[0].value)
    assert "`meta_batch_size` 1 would fit, or fewer `inner_steps`, `k_query`, `n_way` or `filters`" in said
