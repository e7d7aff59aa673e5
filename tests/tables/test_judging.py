"""From a table to a verdict and a learner in use, by Python and by the command line, on tables small enough to wait for."""

import csv
import dataclasses
import io
import itertools
import json

import numpy as np
import pandas as pd
import pytest

from maml_engine import Learner
from maml_engine.__main__ import main
from maml_engine.io.arrays import StorageError
from maml_engine.tables import Roles, Settings, TableLearner, Verdict, judge, read_sheet
from maml_engine.tables.learner import ENSEMBLE_FILE, TABLE_FILE

QUICK = Settings(k_shot=3, folds=2, members=2, num_iterations=60, draws=2, hidden_dim=8, shots=(1, 3))
ROLES = Roles("machine", ("speed", "mode"), "load", log=("load",))


def machines(count=14, rows=8, seed=0):
    """A level and a slope of each machine's own, and a mode that shifts the level; a load above 0. One alone is a new one."""
    rng = np.random.default_rng(seed)
    tasks = np.repeat(np.arange(count), rows)
    speed = rng.uniform(100, 200, len(tasks)).round(1)
    mode = rng.choice(["slow", "fast"], len(tasks))
    level, slope = rng.normal(1, 0.5, count)[tasks], rng.normal(0.01, 0.003, count)[tasks]
    load = np.exp(level + slope * speed + 0.3 * (mode == "fast"))
    return pd.DataFrame(
        {"machine": [f"m{task}" if count > 1 else "" for task in tasks], "speed": speed, "mode": mode, "load": load.round(3)}
    )


@pytest.fixture(scope="module")
def run():
    """All progress of one run."""
    return list(judge(read_sheet(machines().to_csv(index=False).encode()), ROLES, QUICK))


@pytest.fixture
def learner(run):
    return run[-1].learner


def test_progress_goes_to_the_end_and_only_the_end_is_done(run):
    shares = [progress.share for progress in run]
    assert shares == sorted(shares)
    assert [progress.done for progress in run] == [*[False] * (len(run) - 1), True]
    assert run[-1].iteration == QUICK.num_iterations
    assert len(run[-1].validation) == len(run[-1].validation_iterations) > 5


def test_a_first_verdict_stands_before_networks_are_trained_and_sharpens(run):
    """What would be saved now comes first, with its interval; ever more ways stand beside it."""
    told = [progress.so_far for progress in run if progress.so_far]
    first = next(progress for progress in run if progress.so_far)
    assert first.share < 0.2
    assert first.iteration == 0
    assert {scores[0].name for scores in told} == {"saved"}
    assert told[0][0].low <= told[0][0].relative <= told[0][0].high
    ways = [{score.name for score in scores[1:]} for scores in told]
    assert all(before <= after for before, after in itertools.pairwise(ways))
    assert ways[-1] == {"meta", *QUICK.baselines}


def test_progress_says_whose_it_is():
    sheet = read_sheet(machines().to_csv(index=False).encode())
    progress = next(judge(sheet, ROLES, QUICK, table="machines"))
    assert (progress.table, progress.settings, progress.done) == ("machines", QUICK, False)


def test_every_task_is_judged_once_by_every_predictor(run):
    verdict = run[-1].verdict
    assert [score.name for score in verdict.scores] == ["meta", *QUICK.baselines]
    assert {task.task for task in verdict.tasks} == {f"m{task}" for task in range(14)}
    assert verdict.shots == (1, 3)
    for score in verdict.scores:
        assert len(score.curve) == 2
        assert score.relative < 5  # no task has run away
        assert score.curve[1] == pytest.approx(score.relative)
        assert score.low <= score.relative <= score.high
    assert Verdict.from_json(verdict.to_json()).to_json() == verdict.to_json()


def test_lines_are_worth_fitting_and_the_mean_of_three_rows_is_beaten(run):
    errors = {score.name: score.relative for score in run[-1].verdict.scores}
    assert errors["meta"] < 0.85 * errors["support_mean"]
    assert errors["meta"] < errors["pooled"]


def test_task_pictures_show_rows_in_the_targets_units(run):
    frame = machines()
    for picture in run[-1].verdict.task_pictures:
        own = frame[frame.machine == picture.task]
        np.testing.assert_allclose(sorted(picture.x), sorted(own.speed), rtol=1e-6)
        np.testing.assert_allclose(sorted(picture.y), sorted(own.load), rtol=1e-6)
        assert sum(picture.support) == 3
        assert all(low <= after <= high for low, after, high in zip(picture.low, picture.after, picture.high, strict=True))


def test_the_same_seed_gives_the_same_verdict(run):
    *_, again = judge(read_sheet(machines().to_csv(index=False).encode()), ROLES, QUICK)
    mine, theirs = (json.loads(progress.verdict.to_json()) for progress in (run[-1], again))
    mine.pop("seconds"), theirs.pop("seconds")
    assert mine == theirs


def test_a_learner_predicts_in_the_targets_units_whatever_form_rows_come_in(learner, tmp_path):
    frame = machines(count=1, seed=5)
    support, query = frame[:3], frame[3:][["mode", "speed"]]  # columns in another order
    prediction = learner.adapt_rows(support).predict_rows(query)
    assert prediction.mean.shape == (5, 1)
    assert (prediction.low < prediction.mean).all()
    assert (prediction.mean < prediction.high).all()
    assert (prediction.low > 0).all()  # a logarithm was undone
    path = tmp_path / "support.csv"
    support.to_csv(path, index=False)
    for other in (support.to_csv(index=False).encode(), path, support.to_dict("list"), read_sheet(path)):
        np.testing.assert_array_equal(learner.adapt_rows(other).predict_rows(query).mean, prediction.mean)


def test_adapting_to_all_rows_comes_near_them(learner):
    frame = machines(count=1, seed=6)
    mean = learner.adapt_rows(frame).predict_rows(frame).mean[:, 0]
    spread = np.std(np.log(frame.load))
    assert np.std(np.log(mean) - np.log(frame.load)) < 0.7 * spread


def test_a_category_that_training_has_not_seen_is_none_of_them(learner):
    frame = machines(count=1, seed=5)
    mean = learner.adapt_rows(frame[:3]).predict_rows(frame[3:].assign(mode="never seen")).mean
    assert np.isfinite(mean).all()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            lambda frame: frame.drop(columns=["speed"]),
            "Column 'speed' must be one of the file's columns: 'machine', 'mode', 'load'",
        ),
        (lambda frame: frame.drop(columns=["speed", "mode"]), "Columns 'speed', 'mode' must be among"),
        (lambda frame: frame.drop(columns=["load"]), "Column 'load' must be one of"),
        (lambda frame: frame.assign(speed="fast"), "'speed' must hold numbers, got 'fast' in 8 rows"),
        (lambda frame: frame.assign(load=-1.0), "numbers > 0 for its logarithm"),
    ],
)
def test_rows_that_do_not_fit_are_refused_by_name(learner, change, said):
    with pytest.raises(ValueError, match=said):
        learner.adapt_rows(change(machines(count=1)))


def test_a_saved_learner_is_opened_by_the_one_that_opens_all(learner, tmp_path):
    learner.save(tmp_path)
    again = Learner.load(tmp_path)
    assert isinstance(again, TableLearner)
    frame = machines(count=1, seed=5)
    before, after = (one.adapt_rows(frame[:3]).predict_rows(frame[3:]) for one in (learner, again))
    for mine, theirs in zip(before, after, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize("file", [TABLE_FILE, ENSEMBLE_FILE])
def test_an_altered_learner_is_refused(learner, tmp_path, file):
    learner.save(tmp_path)
    content = bytearray((tmp_path / file).read_bytes())
    content[-3] ^= 1
    (tmp_path / file).write_bytes(content)
    with pytest.raises(StorageError):
        Learner.load(tmp_path)


def test_the_command_line_predicts_the_same_numbers(learner, tmp_path, capsys):
    learner.save(tmp_path / "learner")
    frame = machines(count=1, seed=5)
    support, query = tmp_path / "support.csv", tmp_path / "query.csv"
    frame[:3].to_csv(support, index=False)
    frame[3:].drop(columns=["load"]).to_csv(query, index=False)
    assert main(["adapt", str(tmp_path / "learner"), str(support), "--predict", str(query)]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    prediction = learner.adapt_rows(frame[:3]).predict_rows(frame[3:])
    for name, values in zip(("load", "load_low", "load_high"), prediction, strict=True):
        np.testing.assert_allclose([float(row[name]) for row in rows], values[:, 0], rtol=1e-6)
    assert [row["mode"] for row in rows] == frame[3:]["mode"].tolist()


def test_the_verdict_from_the_command_line(run, tmp_path, capsys, monkeypatch):
    """That it judges what the flags say, and prints and keeps what comes of it; that run is the other tests' own."""
    asked = []

    def recorded(sheet, roles, settings):
        asked.append((len(sheet), roles, settings))
        return iter(run)

    monkeypatch.setattr("maml_engine.cli.verdict.judge", recorded)
    table = tmp_path / "machines.csv"
    machines().to_csv(table, index=False)
    quick = ["--k-shot", "3", "--folds", "2", "--members", "2", "--num-iterations", "60"]
    columns = ["--task", "machine", "--inputs", "speed,mode", "--target", "load", "--log", "load"]
    assert main(["verdict", "--data", str(table), *columns, *quick, "--out", str(tmp_path / "out"), "--json"]) == 0
    assert asked == [(14 * 8, ROLES, Settings(k_shot=3, folds=2, members=2, num_iterations=60))]
    out, err = capsys.readouterr()
    found = json.loads(out.splitlines()[-1])
    assert found == json.loads(run[-1].verdict.to_json())
    assert found["sentence"] in out.splitlines()
    assert "14 tasks of 8 rows each" in err
    assert json.loads((tmp_path / "out" / "verdict.json").read_text()) == found
    assert isinstance(Learner.load(tmp_path / "out"), TableLearner)


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (["--target", "nothing"], "Column 'nothing' must be one of the file's columns"),
        (["--k-shot", "0"], "`k_shot` must be a whole number >= 1, got 0"),
        (["--k-shot", "30"], "At least 6 tasks of 31 rows or more"),
        (["--method", "magic"], "`method` must be one of"),
    ],
)
def test_what_the_command_line_refuses(tmp_path, capsys, flags, said):
    table = tmp_path / "machines.csv"
    machines().to_csv(table, index=False)
    columns = ["--task", "machine", "--inputs", "speed,mode", "--target", "load"]
    assert main(["verdict", "--data", str(table), *columns, *flags]) == 2
    assert said in capsys.readouterr().err.splitlines()[-1]


def test_classes_are_judged_and_predicted_by_name():
    """Each machine fails above a speed of its own."""
    rng = np.random.default_rng(0)
    tasks = np.repeat(np.arange(12), 10)
    speed = rng.uniform(-1, 1, len(tasks))
    state = np.where(speed > rng.uniform(-0.5, 0.5, 12)[tasks], "fails", "runs")
    frame = pd.DataFrame({"machine": tasks, "speed": speed, "state": state})
    roles = Roles("machine", ("speed",), "state", classes=True)
    *_, last = judge(read_sheet(frame.to_csv(index=False).encode()), roles, QUICK)
    verdict = last.verdict
    assert verdict.classes == ("fails", "runs")
    assert all(0 <= score.error <= 1 for score in verdict.scores)
    own = verdict.scores[0]
    assert own.relative == pytest.approx(own.error / verdict.spread)
    assert own.error < 0.25
    known = frame[frame.machine == 3]
    prediction = last.learner.adapt_rows(known).predict_rows({"speed": [-0.9, 0.9]})
    assert prediction.mean[:, 0].tolist() == ["runs", "fails"]
    assert prediction.low is None


@pytest.mark.parametrize("method", ["reptile", "cavia", "mamlplusplus", "boil"])  # those most unlike the recommended one
def test_the_family_comes_to_a_verdict_and_a_learner(method, tmp_path):
    sheet = read_sheet(machines(count=10).to_csv(index=False).encode())
    settings = dataclasses.replace(QUICK, method=method, num_iterations=20, baselines=("support_mean",), shots=(3,))
    *_, last = judge(sheet, ROLES, settings)
    assert last.done
    assert last.verdict.scores[0].relative < 5
    last.learner.save(tmp_path / "learner")
    frame = machines(count=1, seed=5)
    again, found = (
        learner.adapt_rows(frame[:3]).predict_rows(frame[3:]).mean
        for learner in (Learner.load(tmp_path / "learner"), last.learner)
    )
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(again, found)
