import base64
import json
from dataclasses import replace
from urllib.parse import urlencode

import numpy as np
import pytest

from dashboard.components import address
from dashboard.components import sine_bench as bench
from dashboard.components.sine_bench.scene import Scene, checked, parse, spell
from dashboard.components.sine_bench.weights import weights
from dashboard.engine_calls.resources import shipped_learners
from dashboard.results import MAX_SHOTS, MAX_STEPS
from maml_engine import Experiment, Learner

BASE = Scene(points=((-4.0, 0.0), (0.5, 0.25)))


def test_points_follow_a_wave_that_is_moved():
    x, y = BASE.support
    np.testing.assert_allclose(y, 3.0 * np.sin(x + 0.8) + [0, 0.25], rtol=1e-12)
    moved = replace(BASE, amplitude=1.0, phase=2.0)
    np.testing.assert_allclose(moved.support[1], np.sin(x + 2.0) + [0, 0.25], rtol=1e-12)


@pytest.mark.parametrize(("amplitude", "phase"), [(2.0, 0.3), (-2.0, 0.3), (0.7, 9.0), (1.5, -1.0)])
def test_a_scene_of_any_wave_keeps_its_points_where_they_lie(amplitude, phase):
    x = np.array([-3.1, 0.0, 2.2222])
    y = amplitude * np.sin(x + phase) + np.array([0.0, 0.5, -0.5])
    scene = Scene.of_points(amplitude, phase, x, y, steps=3)
    assert scene.amplitude >= 0 and 0 <= scene.phase <= 2 * np.pi and scene.steps == 3
    np.testing.assert_allclose(scene.support, (x, y), atol=3e-4)


@pytest.mark.parametrize(
    ("amplitude", "others", "near"),
    [
        (3.0, {"inner_lr": 1e5}, {"inner_lr": 10.0}),
        (3.0, {"inner_lr": 1e-9}, {"inner_lr": 1e-6}),
        (3.0, {"steps": 10_000}, {"steps": 20}),
        (-5e4, {}, {"amplitude": 1000.0}),
    ],
)
def test_of_what_the_bench_does_not_go_to_it_shows_the_nearest(amplitude, others, near):
    """A link's step size or a learner's waves may be any: the page around the bench stands."""
    scene = Scene.of_points(amplitude, 0.5, [1.0], [2.0], **others)
    assert {name: getattr(scene, name) for name in near} == near


@pytest.mark.parametrize(
    "wrong", [{"amplitude": -1}, {"phase": 7.0}, {"steps": 21}, {"inner_lr": 0.0}, {"points": ((0.0, 0.0),) * 21}]
)
def test_a_scene_that_cannot_be_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Scene(**wrong)


@pytest.mark.parametrize(
    "edits",
    [
        {},
        {"steps": 7},
        {"amplitude": 2.5, "phase": 0.05, "inner_lr": 0.00012},
        {"points": ((-4.1, 0.0), (2.0, 0.5), (0.0, -1.25))},
        {"points": ()},
        {"hidden": ("random", "pretrained"), "focus": "random"},
        {"hidden": ()},
    ],
)
def test_a_link_says_what_was_edited_and_needs_no_escaping(edits):
    text = spell(edits)
    assert parse(text) == (edits, [])
    assert urlencode({"bench": text}, safe=",") == f"bench={text}"
    assert (text == "") == (not edits)


def test_a_links_spelling_stays_readable_by_later_versions():
    assert spell({"steps": 7, "points": ((-4.1, 0.0), (2.0, 0.5))}) == "1,k7,x-4.1,x2~0.5"


@pytest.mark.parametrize(
    ("text", "edits", "words"),
    [
        ("1,k99", {"steps": MAX_STEPS}, "20 was taken"),
        ("1,anan", {}, "left aside"),
        ("2,k3", {"steps": 3}, "version"),
        ("1,q5,k3", {"steps": 3}, "not known here"),
        ("1,xnan,x1~inf,x2", {"points": ((2.0, 0.0),)}, "2 that came were none"),
        ("1,x1e9", {"points": ((1000.0, 0.0),)}, "at most 1000"),
        ("1," + ",".join(["x1"] * 50), {"points": ((1.0, 0.0),) * MAX_SHOTS}, "at most 20"),
        ("<script>,k1e400", {}, "number"),
    ],
)
def test_a_link_that_cannot_be_is_put_right_with_a_sentence(text, edits, words):
    read, notes = parse(text)
    assert read == edits
    assert any(words in note for note in notes) and len(notes) <= 2
    replace(BASE, **read)


@pytest.mark.parametrize(
    "forged",
    [
        {"points": [[0.1 * i, 0] for i in range(10_000)]},
        {"points": [[float("nan"), 0], [0, float("inf")], ["x", []], None, [1], [1, 2, 3], {}, True]},
        {"points": "many", "steps": "x", "amplitude": None, "inner_lr": [], "phase": {}},
        {"steps": 10**400, "amplitude": -5, "phase": 100, "inner_lr": -1},
        {"hidden": 5, "focus": "<b>"},
        {"hidden": ["random", 3, "random", "A b", "x" * 100], "focus": None},
        {"steps": True, "strange": 1},
    ],
)
def test_whatever_a_browser_sends_becomes_a_scene_or_nothing(forged):
    edits, notes = checked(forged)
    scene = replace(BASE, **edits)
    assert len(scene.points) <= MAX_SHOTS and all(np.isfinite(point).all() for point in scene.points)
    assert all(name.isidentifier() for name in (*scene.hidden, scene.focus) if name)
    assert all(note.endswith(".") for note in notes) and len(notes) <= 5
    assert parse(spell(scene.edits(BASE))) == (scene.edits(BASE), [])


@pytest.mark.parametrize(
    ("received", "left", "words"),
    [
        ({"scene": {"steps": 3, "number": 4}}, "1,k3", ()),
        ({"scene": "nonsense"}, "1,k7", ("left aside",)),
        ({}, "1,k7", ("left aside",)),
        ({"scene": {"points": [[0, 0]] * 10_000}}, ",".join(["1"] + ["x0"] * MAX_SHOTS + ["k7"]), ("10000",)),
    ],
)
def test_what_the_bench_sends_is_kept_as_the_link_spells_it(monkeypatch, received, left, words):
    state = {"b": "1,k7", bench.BASE + "b": BASE, bench.WIDGET + "b": received}
    monkeypatch.setattr(bench.st, "session_state", state)
    bench._take_in("b")
    assert state["b"] == left
    assert len(state[bench.NOTES + "b"]) == len(words)
    assert all(word in note for word, note in zip(words, state[bench.NOTES + "b"], strict=True))


def test_a_field_that_the_page_changes_takes_the_pages_value_and_the_others_stay(monkeypatch):
    monkeypatch.setattr(bench.st, "session_state", state := {})
    monkeypatch.setattr(bench.st, "query_params", link := {"b": "1,k7,x1"})
    assert bench._scene_now("b", BASE) == replace(BASE, steps=7, points=((1.0, 0.0),))
    state[bench.BASE + "b"] = BASE
    other = replace(BASE, points=((3.0, 0.0),))
    assert bench._scene_now("b", other) == replace(other, steps=7)
    assert link == {"b": "1,k7"} and state["b"] == "1,k7"


def test_going_back_in_the_browser_brings_back_what_was(monkeypatch):
    monkeypatch.setattr(bench.st, "session_state", state := {"b": "1,k7", address.WRITTEN + "b": "1,k7"})
    monkeypatch.setattr(bench.st, "query_params", {"b": "1,k3"})
    assert bench._scene_now("b", BASE).steps == 3
    state["b"] = ""  # `Reset`
    monkeypatch.setattr(bench.st, "query_params", link := {"b": "1,k3"})
    assert bench._scene_now("b", BASE) == BASE and link == {}


def test_letting_go_twice_within_a_moment_loses_nothing(monkeypatch):
    """The second time comes with the address of before the first."""
    state = {"b": "1,k7", address.WRITTEN + "b": "1,k7", bench.BASE + "b": BASE, bench.WIDGET + "b": {"scene": {"steps": 3}}}
    monkeypatch.setattr(bench.st, "session_state", state)
    monkeypatch.setattr(bench.st, "query_params", link := {})
    bench._take_in("b")
    assert bench._scene_now("b", BASE).steps == 3 and link == {"b": "1,k3"}


def test_weights_travel_once(monkeypatch):
    entrant = bench.Entrant("maml", "MAML", "#000000", {"digest": "abc", "params": ""})
    assert list(bench._not_there_yet([entrant], [])) == ["abc"]
    assert bench._not_there_yet([entrant], ["abc", 3, None]) == {}


def test_answers_that_are_no_number_are_still_json():
    answer = bench.Answer(np.array([1.0, np.inf, np.nan]), np.array([[1.0, np.nan]]))
    sent = bench._answers_sent({"maml": answer}, [bench.Entrant("maml", "MAML", "#000000", None, "why")])
    assert json.loads(json.dumps(sent, allow_nan=False))["maml"]["loss"] == [1.0, None, None]
    path = np.frombuffer(base64.b64decode(sent["maml"]["path"]), "<f4")
    np.testing.assert_array_equal(path, np.array([1.0, np.nan], np.float32))


def decoded(sent: dict) -> np.ndarray:
    return np.frombuffer(base64.b64decode(sent), "<f4")


def test_the_shipped_learner_is_a_few_kilobytes():
    learner = shipped_learners()["sinusoid_maml"]
    sent = weights(learner)
    assert sent["sizes"] == [1, 40, 40, 1] and sent["activation"] == "relu" and sent["scaling"] == [0, 1, 0, 1]
    assert sent["rule"] == {"moves": [True] * 6, "decay": 1.0}
    assert len(json.dumps(sent)) < 10_000
    kernel = np.asarray(learner.network.merge(learner.meta.init).fc2.kernel[...])
    np.testing.assert_array_equal(decoded(sent["params"])[80:1680].reshape(40, 40), kernel)
    assert weights(learner)["digest"] == sent["digest"] != weights(shipped_learners()["random"])["digest"]


@pytest.mark.parametrize(
    ("options", "moves", "rule"),
    [
        ({"method": "anil"}, [False] * 4 + [True] * 2, "decay"),
        ({"method": "boil"}, [True] * 4 + [False] * 2, "decay"),
        ({"method": "metasgd", "model": "mlp", "activation": "sine"}, [True] * 6, "per_parameter"),
        ({"method": "mamlplusplus", "inner_steps": 3}, [True] * 6, "per_step"),
        ({"method": "mamlplusplus", "learn_step_sizes": False, "inner_lr_decay": 0.9}, [True] * 6, "decay"),
        ({"model": "mlp", "num_layers": 0}, [True] * 2, "decay"),
    ],
)
def test_rules_that_the_browser_knows(options, moves, rule):
    sent = weights(Learner.untrained(Experiment(**options)))
    assert sent["rule"]["moves"] == moves and set(sent["rule"]) == {"moves", rule}
    if rule == "per_parameter":
        np.testing.assert_array_equal(decoded(sent["rule"][rule]), np.float32(0.01))
    if rule == "per_step":
        np.testing.assert_allclose(sent["rule"][rule], np.full((6, 3), 0.01), rtol=1e-6)
    if rule == "decay":
        assert sent["rule"][rule] == options.get("inner_lr_decay", 1.0)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"method": "imaml"}, "IMAML"),
        ({"method": "alpaca"}, "ALPaCA adapts by solving"),
        ({"method": "metacurvature"}, "MetaCurvature"),
        ({"method": "cavia", "model": "context_mlp"}, "ContextMLP"),
        ({"model": "mlp", "layer_norm": True}, "MLP"),
        ({"model": "fourier_mlp"}, "FourierMLP"),
        ({"inner_optimizer": "adam"}, "adam"),
        ({"hidden_dim": 200}, "20,000"),
    ],
)
def test_a_learner_that_the_browser_cannot_compute_says_why(options, why):
    with pytest.raises(ValueError, match=why):
        weights(Learner.untrained(Experiment(**options)))
