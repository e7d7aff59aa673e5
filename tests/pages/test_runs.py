"""The Runs page, by the library of the tests' own home folder."""

from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.page_parts.runs import kept as kept_part
from dashboard.page_parts.runs import pictures
from dashboard.runs import LibraryAway, RunLibrary, library
from dashboard.widgets import session
from tests.pages import walks
from tests.pages.kept_runs import OWNER, a_run, empty, kept
from tests.reading import as_read

THREE = [
    a_run("newest", 0.4, method="reptile", inner_lr=0.1, name="big *step*"),
    a_run("middle", 0.8, inner_lr=0.02, note="why?"),
    a_run("oldest", 0.6),
]


@pytest.fixture(autouse=True)
def alone():
    """What pages of other tests have trained is not here."""
    empty()


@pytest.fixture
def three():
    with kept(*THREE):
        yield


@pytest.fixture
def opened(open_app):
    """Opens the Runs page by a link's parameters."""
    return lambda **parameters: open_app("runs", **parameters)


def names(page: AppTest) -> list[str]:
    return list(page.dataframe[0].value["name"])


def charts(page: AppTest) -> dict[str, str]:
    return {chart.proto.id.rsplit("-", 1)[-1]: chart.proto.alt for chart in page.get("plotly_chart")}


def said(page: AppTest) -> list[str]:
    return [as_read(element.value) for kind in (page.info, page.warning, page.error) for element in kind]


def test_a_newcomer_reads_what_will_be_here(opened):
    page = opened()
    assert not page.dataframe and not charts(page)
    assert any("Nothing has been trained here yet" in text.value for text in page.markdown)
    (link,) = [each.proto for each in page.get("page_link") if each.proto.page.endswith("train")]
    assert link.label.startswith("Train your first")


def test_runs_stand_in_the_table_and_in_pictures(three, opened):
    page = opened()
    assert names(page) == ["big *step* (Reptile)", "MAML", "MAML"]
    assert list(page.dataframe[0].value["held_out"]) == [0.4, 0.8, 0.6]
    axes, curves = charts(page)["axes"], charts(page)["curves"]
    assert axes.startswith("Parallel axes of 3 runs: method (MAML, Reptile), α (0.01 to 0.1), held out (0.4 to 0.8)")
    assert "at last big *step* 0.40, MAML, α = 0.02 0.80, MAML, α = 0.01 0.60" in curves
    assert not said(page)


def test_the_filter_and_what_is_brushed_choose_rows(three, opened, monkeypatch):
    page = opened(find="maml")
    assert names(page) == ["MAML", "MAML"] and "axes" not in charts(page)
    page.text_input(key="find").set_value("why").run()
    assert len(names(page)) == 1
    page.text_input(key="find").set_value("nobody").run()
    assert not page.exception and not page.dataframe and "No run is like that" in said(page)[0]
    page.text_input(key="find").set_value("").run()
    monkeypatch.setattr(pictures, "axis_brush", lambda *_: {"held_out": [(0.35, 0.65)]})
    page.run()
    assert names(page) == ["big *step* (Reptile)", "MAML"]
    assert any("2 of 3 runs are brushed" in caption.value for caption in page.caption)
    monkeypatch.undo()
    page.button(key="unbrush").click().run()
    assert len(names(page)) == 3 and page.session_state[session.BRUSH_TURN] == 1


def test_a_link_opens_runs_beside_a_baseline_and_shows_only_differences(three, opened):
    page = opened(run="newest", baseline="oldest", differences="true")
    assert names(page)[2] == "◆ MAML"
    table = page.dataframe[0].value
    assert [name for name in ("method", "inner_lr", "seed") if name in table] == ["method", "inner_lr"]
    assert list(table["method"].fillna("")) == ["Reptile", "", "MAML"]
    assert list(table["against"].round(6))[:2] == [-0.2, 0.2]
    sentence = as_read(next(text.value for text in page.markdown if "Beside the baseline" in text.value))
    assert sentence == "Beside the baseline MAML it has Reptile instead of MAML; α = 0.1 instead of α = 0.01."
    assert "MAML, α = 0.01" in charts(page)["curves"] and "0.80" not in charts(page)["curves"]
    page.button(key="pin_run").click().run()
    assert page.query_params["baseline"] == "newest" and page.query_params["run"] == "newest"
    page.button(key="pin_run").click().run()
    assert "baseline" not in page.query_params


def test_a_run_gets_a_name_and_a_note(three, opened):
    page = opened(run="middle")
    page.text_input(key="_run_name_middle").set_value("small  step").run()
    page.text_area(key="_run_note_middle").set_value("because\nof this").run()
    assert not page.exception
    found = library().get("middle")
    assert (found.name, found.note) == ("small step", "because\nof this")
    assert names(page)[1] == "small step (MAML)"


def test_runs_are_deleted_after_a_question(three, opened):
    page = opened(run="newest.oldest", baseline="oldest")
    assert page.button(key="delete_runs").label == "Delete these 2 runs"
    page.button(key="delete_runs").click().run()
    assert not page.exception and names(page) == ["MAML"]
    assert library().count(OWNER) == 1
    assert not {"run", "baseline"} & set(page.query_params) and not said(page)


def test_anothers_run_is_seen_by_its_link_alone_and_left_as_it_is(three, opened):
    others = a_run("theirs", 0.1, owner="somebody else", name="of another", note="*mine*")
    with kept(others):
        assert "of another (MAML)" not in names(opened())
        page = opened(run="theirs")
        assert "of another (MAML)" in names(page)
        assert any("another visitor" in caption.value for caption in page.caption)
        assert not [each for each in page.text_input if each.key == "_run_name_theirs"]
        assert not [each for each in page.button if each.key == "delete_runs"]
        assert any(text.value == "\\*mine\\*" for text in page.markdown)


def test_a_run_that_is_gone_is_said_and_the_rest_opens(three, opened):
    page = opened(run="newest.gone", baseline="../gone", find="step")
    assert said(page) == [kept_part.GONE]
    assert page.query_params["run"] == "newest" and "baseline" not in page.query_params
    assert names(page) == ["big *step* (Reptile)"]
    page.run()
    assert not said(page)


def test_a_run_goes_out_as_a_file_and_comes_in_again(three, opened):
    content = library().export("middle")
    page = opened()
    page.file_uploader(key="_run_file_0").set_value(("run.maml-run.zip", content, "application/zip")).run()
    assert not page.exception and not said(page)
    assert names(page).count("MAML") == 3
    copied = page.query_params["run"]
    assert copied not in ("newest", "middle", "oldest") and library().get(copied).note == "why?"
    page.file_uploader(key="_run_file_1").set_value(("run.zip", b"PK\x03\x04 nonsense", "application/zip")).run()
    assert not page.exception and len(page.error) == 1
    assert library().count(OWNER) == 4


def test_a_run_is_opened_in_train_and_its_learner_used_on_every_page(opened, open_page):
    with kept(a_run("mine", name="my run", inner_lr=0.02), with_learner=True):
        page = opened(run="mine")
        page.button(key="use_learner").click().run()
        assert not page.exception and "The other pages show this learner now" in said(page)[0]
        page.switch_page("pages/adapt.py").run()
        assert not page.exception and page.session_state["learner"] == "run mine"
        assert any("my run" in option for option in page.selectbox(key="_learner").options)
        page = opened(run="mine", find="my")
        (link,) = [urlsplit(each.proto.url) for each in page.get("link_button") if each.proto.label == "Open in Train"]
        assert link.path == "train"
        page = open_page("train", **parse_qs(link.query))
        assert page.query_params["job"] == "mine" and not said(page)
        assert page.select_slider(key="inner_lr").value == 0.02
        assert [chart for chart in page.get("plotly_chart") if "my run" in chart.proto.alt]


def test_the_runs_of_a_link_are_still_chosen_for_who_comes_back_by_the_navigation(three, opened):
    page = opened(run="newest.oldest", baseline="middle")
    for there in ("notes", "runs"):
        walks.visit(page, there)
        assert not page.exception
    assert walks.address(page, {}) == {"run": "newest.oldest", "baseline": "middle"}
    assert "0.60" in charts(page)["curves"]


def test_the_run_of_a_link_is_not_unknown_on_the_next_page(three, opened):
    page = opened(run="middle", nonsense="1")
    page.switch_page("pages/home.py").run()
    assert not page.exception and "`nonsense`" in said(page)[-1] and "`run`" not in " ".join(said(page))


def test_a_library_that_is_away_is_one_sentence(three, opened, monkeypatch):
    page = opened(run="middle")

    def away(*_, **__):
        raise LibraryAway("The library of runs cannot be reached.")

    monkeypatch.setattr(RunLibrary, "annotate", away)
    page.text_area(key="_run_note_middle").set_value("lost").run()
    assert not page.exception and said(page) == ["The library of runs cannot be reached. Nothing was changed."]
    monkeypatch.setattr(RunLibrary, "list", away)
    page.run()
    assert not page.exception and not page.dataframe
    (sentence,) = said(page)
    assert sentence.startswith("The library of runs cannot be reached.")


def test_a_library_that_goes_away_midway_is_told_with_what_was_deleted(three, opened, monkeypatch):
    page, delete, deleted = opened(run="middle.oldest.newest"), RunLibrary.delete, []

    def goes_away(library, run_id, owner):
        if deleted:
            raise LibraryAway("The library of runs cannot be reached.")
        deleted.append(run_id)
        return delete(library, run_id, owner)

    with monkeypatch.context() as patched:
        patched.setattr(RunLibrary, "delete", goes_away)
        page.button(key="delete_runs").click().run()
    assert not page.exception and len(names(page)) == 2
    assert said(page) == [
        "The library of runs cannot be reached. 1 of the 3 runs had been deleted; the others are as they were."
    ]


def test_many_runs_are_shown_in_part_until_more_are_asked_for(opened, monkeypatch):
    monkeypatch.setattr(kept_part, "FIRST", 2)
    with kept(*(a_run(f"run{number}", seed=number) for number in (3, 2, 1, 0))):
        page = opened(run="run0")
        assert len(names(page)) == 3  # the two newest, and the one of the link
        assert page.button(key="older_runs").label == "Show older runs: 3 of 4 are here"
        page.button(key="older_runs").click().run()
        assert len(names(page)) == 4 and not [each for each in page.button if each.key == "older_runs"]
