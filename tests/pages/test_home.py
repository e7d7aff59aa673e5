import pytest
from streamlit.testing.v1 import AppTest

from dashboard.engine_calls import first_pictures, resources
from dashboard.results import spell_loss
from dashboard.widgets import session
from maml_engine import Experiment, Learner
from tests.pages.benches import losses, on_bench
from tests.pages.kept_runs import a_run, empty, kept
from tests.reading import as_read

FIRST = first_pictures.load()


@pytest.fixture(scope="module")
def opened(open_app):
    """Opens Home by a link's parameters."""
    return lambda **parameters: open_app("home", **parameters)


@pytest.fixture
def home(opened) -> AppTest:
    return opened()


def test_the_first_bench_shows_three_networks(home):
    assert not home.exception
    sent = on_bench(home)
    assert [entrant["label"] for entrant in sent["entrants"]] == ["MAML", "Pretrained on all tasks", "Random initialisation"]
    assert len(sent["weights"]) == 3
    maml, pretrained, random = losses(home).values()
    assert maml == (FIRST.answers["maml"].loss[0], FIRST.answers["maml"].loss[10])
    assert maml[1] < 0.2 < 1 < min(pretrained[1], random[1])


def test_a_link_brings_back_what_was_on_the_bench(opened):
    page = opened(home_bench="1,a2,p2.4,k0,x-3,x1~0.5,hrandom")
    assert not page.exception and not page.info
    scene = on_bench(page)["scene"]
    assert (scene["amplitude"], scene["phase"], scene["points"]) == (2.0, 2.4, [[-3.0, 0.0], [1.0, 0.5]])
    assert scene["hidden"] == ["random"] and all(first == last for first, last in losses(page).values())


def test_a_link_from_before_the_bench_still_opens(opened):
    page = opened(wave_amplitude="2", wave_phase="2.5", steps="0", adapt_lr="0.005", shots="3")
    assert not page.exception and not page.info
    sent = on_bench(page)
    scene = sent["scene"]
    assert [scene[name] for name in ("amplitude", "phase", "steps", "inner_lr")] == [2.0, 2.5, 0, 0.005]
    assert len(scene["points"]) == 3 and set(sent["answers"]) == {"maml", "pretrained", "random"}


def test_a_link_that_cannot_be_says_so(opened):
    page = opened(home_bench="9,k99,xnan")
    assert not page.exception
    said = " ".join(info.value for info in page.info)
    assert "version" in said and "20 was taken" in said and "left out" in said
    assert on_bench(page)["scene"]["steps"] == 20


def test_the_sentence_below_the_picture_knows_what_mamls_start_was_made_for(home):
    """What it says then is the browser's: `tests/javascript/sine_bench/verdict.test.mjs`."""
    subject = on_bench(home)["subject"]
    assert subject == {"name": "maml", "inner_lr": 0.001, "amplitude": [0.1, 5.0], "phase": [0.0, 3.1416]}


def test_what_holds_on_many_waves_is_said_with_the_engines_numbers(home):
    usual = FIRST.usual
    (said,) = [caption.value for caption in home.caption if "One wave proves nothing" in caption.value]
    numbers = [spell_loss(each[name]) for each in (usual.before, usual.after) for name in ("maml", "pretrained", "random")] + [
        f"{usual.num_waves:,}",
        f"{usual.nearest:.0%}",
        f"{usual.nearest_if_flat:.0%}",
    ]
    assert all(number in said for number in numbers)
    # What the words around them take for granted.
    assert usual.after["maml"] < 0.2 * usual.before["maml"]
    assert usual.after["pretrained"] > 0.5 * usual.before["pretrained"]
    assert usual.nearest_if_flat < 0.5 < usual.nearest < 1


def test_maml_is_spelt_out_with_its_paper_and_the_error_with_its_unit(home):
    opening = home.markdown[0].value
    assert "model-agnostic meta-learning" in opening
    assert "https://doi.org/10.48550/arXiv.1703.03400" in opening
    assert "mean squared error" in opening and "y²" in opening


def test_other_points_keep_the_wave_that_the_visitor_has_made(opened):
    page = opened(home_bench="1,a2,x1")
    next(button for button in page.button if button.label == "Other points").click().run()
    assert not page.exception
    assert page.session_state["point_seed"] == first_pictures.SEED + 1
    scene = on_bench(page)["scene"]
    assert scene["amplitude"] == 2.0 and len(scene["points"]) == 5
    assert page.session_state["home_bench"] == "1,a2"


def test_learners_of_the_visitor_join_the_shipped_ones(monkeypatch, home):
    trained = {"a": Learner.untrained(Experiment(method="metasgd")), "b": Learner.untrained(Experiment(tasks="steps"))}
    monkeypatch.setattr(resources.jobs(), "learner", trained.get)
    home.session_state[session.RUNS] = ["a", "b", "gone"]
    home.run()
    assert not home.exception
    assert [entrant["label"] for entrant in on_bench(home)["entrants"]][3:] == ["Yours: Meta-SGD"]
    assert set(losses(home)) == {"maml", "pretrained", "random", "own_1"}


def test_reset_takes_back_what_the_visitor_did(opened):
    page = opened(home_bench="1,a2,x1", shots="7")
    next(button for button in page.button if button.label == "Reset").click().run()
    assert on_bench(page)["scene"] == {**on_bench(page)["base"]}
    assert len(on_bench(page)["scene"]["points"]) == 5


def test_all_the_way_in_every_direction(home):
    home.slider(key="shots").set_value(20)
    home.slider(key="point_noise").set_value(2.0)
    home.session_state["home_bench"] = "1,a10,k20"
    home.run()
    assert not home.exception
    assert len(on_bench(home)["scene"]["points"]) == 20


def test_who_comes_back_reads_what_is_kept_and_who_comes_first_sees_no_difference(opened):
    def said(page):
        return [as_read(text.value) for text in page.caption if "trained here is kept" in text.value]

    empty()
    assert not said(opened())
    with kept(a_run("one", name="my *best*")):
        assert said(opened()) == [
            "What you have trained here is kept, 1 run: my *best* (MAML), 100 meta-iterations, α = 0.01, 1 inner step, seed 0."
        ]
        with kept(a_run("theirs", owner="somebody else")):
            assert "1 run:" in said(opened())[0]
    with kept(a_run("one", method="reptile"), a_run("two")):
        page = opened()
        assert said(page)[0].startswith(
            "What you have trained here is kept, 2 runs, the last one Reptile, 100 meta-iterations, "
        )
        assert any(each.proto.label == "Your runs" for each in page.get("page_link"))
