"""Every picture names the run that it is of, and a page says where its controls differ from what it shows."""

import re

import pytest

from dashboard.engine_calls import resources
from dashboard.widgets import session
from tests.reading import as_read

SMALL = {"num_iterations": "60", "meta_batch_size": "4", "hidden_dim": "8"}
# A picture that is of no run: rows of a table, the plane in closed form, the board, what was measured on a machine.
OF_NO_RUN = {
    "adapt": set(),
    "compare": set(),
    "gradients": {"seconds_inner_steps", "seconds_num_tasks", "temp_bytes_inner_steps", "temp_bytes_num_tasks"},
    "pitfalls": set(),
    "train": set(),
    "your_tasks": {"rows"},
}
RUN = re.compile(r"(\d[\d,]*( of [\d,]+)? meta-iterations|untrained).*seed \d+")


def captions(page):
    return [as_read(caption.value) for caption in page.caption]


@pytest.mark.parametrize("name", OF_NO_RUN)
def test_every_picture_names_its_run(name, open_page):
    page = open_page(name)
    charts = page.get("plotly_chart")
    unnamed = [chart.proto.alt for chart in charts if not RUN.search(chart.proto.alt)]
    assert len(unnamed) == len(OF_NO_RUN[name]), unnamed
    named = [chart.proto.alt.partition(". Of ")[2].removesuffix(".") for chart in charts if RUN.search(chart.proto.alt)]
    assert named and set(named) <= set(captions(page)), "What somebody hears of a picture stands below it, too."


def test_home_names_the_runs_on_its_bench(open_app):
    (said,) = [caption for caption in captions(open_app("home")) if caption.startswith("On the bench")]
    assert said == (
        "On the bench: MAML, 70,000 meta-iterations, α = 0.001, 1 inner step, seed 0; Pretrained on all tasks, 70,000 "
        "meta-iterations, seed 0; Random initialisation, untrained, seed 0."
    )


@pytest.fixture(scope="module")
def trained(open_page, wait_for_jobs):
    """The Train page after a small run, and the run's id."""
    page = open_page("train", **SMALL)
    page.button(key="train").click().run()
    job_id = page.session_state[session.JOB]
    wait_for_jobs([job_id])
    page.run()
    assert not page.exception
    return page, job_id


def notes(page):
    return [as_read(note.value) for note in page.info]


def test_where_the_sidebar_differs_from_the_run_is_said_and_a_link_opens_what_is_shown(trained, open_page):
    page, _ = trained
    assert notes(page) == []
    before = [chart.proto.alt for chart in page.get("plotly_chart")]
    page.select_slider(key="inner_lr").set_value(0.02).run()
    (note,) = notes(page)
    assert note.startswith("The sidebar now says α = 0.02; these pictures are of α = 0.01.")
    assert [chart.proto.alt for chart in page.get("plotly_chart")] == before
    link = re.search(r"\(train\?(.*)\)", page.info[0].value)[1]
    again = open_page("train", **dict(part.split("=") for part in link.split("&")))
    assert notes(again) == []
    assert [chart.proto.alt for chart in again.get("plotly_chart")] == before
    page.button(key="set_to_run").click().run()
    assert not page.exception
    assert notes(page) == [] and page.select_slider(key="inner_lr").value == 0.01


def test_numbers_and_pictures_are_of_one_iteration_at_the_end_too(trained):
    page, _ = trained
    family = next(chart.proto.alt for chart in page.get("plotly_chart") if "held-out tasks" in chart.proto.alt)
    assert "60 meta-iterations" in family
    assert any(text.value == "**Held-out tasks after 60 meta-iterations**" for text in page.markdown)
    assert any(caption.startswith("After 60 meta-iterations. Held out: 600 test tasks (seed 0)") for caption in captions(page))


def test_a_name_goes_with_the_learner_to_every_page(trained, open_page, open_app):
    page, job_id = trained
    page.text_input(key=session.LEARNER_NAME + job_id).set_value("  <b>Ada</b>\u202e  ").run()
    assert resources.jobs().snapshot(job_id).name == "<b>Ada</b>"
    assert "<b>Ada</b> (MAML), 60 meta-iterations" in page.get("plotly_chart")[-1].proto.alt
    files = [button.proto.url for button in page.get("download_button")]
    assert files
    for name in ("adapt", "gradients", "pitfalls"):
        other = open_page(name, learner=f"run {job_id}")
        assert "<b>Ada</b>" in next(box for box in other.selectbox if box.key == "_learner").options
        assert any("<b>Ada</b> (MAML), 60 meta-iterations" in chart.proto.alt for chart in other.get("plotly_chart"))
        assert not [text.value for text in [*other.markdown, *other.caption] if "<b>" in text.value]
    home = open_app("home", own_runs=f"{job_id}.gone")
    assert any("<b>Ada</b> (MAML), 60 meta-iterations" in caption for caption in captions(home))
    assert home.query_params["own_runs"] == job_id
