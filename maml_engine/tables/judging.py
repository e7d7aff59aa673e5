"""The whole work, from a sheet to a verdict and a learner: a generator, so that whoever consumes it decides when to stop."""

import dataclasses
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from maml_engine.core.inner_loop import MetaParams
from maml_engine.experiment import Experiment
from maml_engine.io.sheet import Sheet
from maml_engine.models import Network
from maml_engine.tables.baselines import BASELINES, GAUSSIAN, MIXED, PRETRAINED, SCRATCH, Pooled, fit_ways
from maml_engine.tables.conformal import Calibration, Residuals, calibrate, coverage
from maml_engine.tables.ensemble import Runs, Trained, network_of, predict_population, train_population
from maml_engine.tables.findings import first_error, validate
from maml_engine.tables.gaussian_process import KernelPredictor, gaussian_process
from maml_engine.tables.learner import TableLearner
from maml_engine.tables.mixed_model import mixed_model
from maml_engine.tables.scoring import META, Errors, Scale, scores, words
from maml_engine.tables.settings import RECOMMENDED, Settings
from maml_engine.tables.task_arrays import Predictor, Supports, few_tasks, squared_error
from maml_engine.tables.taskset import Part, TaskSet, cross_validation, random_splits, support_orders
from maml_engine.tables.verdict import Progress, TaskPicture, TaskScore, Verdict
from maml_engine.tasks.roles import Roles

NOMINAL = 0.9
MAX_VERSIONS, MAX_DRAWN_CELLS = 32, 20_000_000
MAX_WALLS, MAX_WALL_ROWS = 12, 60
TITLES = {"metasgd": "Meta-SGD", "maml": "MAML", "fomaml": "First-order MAML", "reptile": "Reptile", "anil": "ANIL"}
# Fine-tuning is by Adam, under which no task runs away as under plain steps; its step size is chosen on validation tasks.
FINE_TUNING_STEPS, FINE_TUNING_LRS = 30, (1e-3, 3e-3, 1e-2, 3e-2, 0.1)
# Shares of the work, for the bar: the networks take most of it.
BASELINES_DONE, NETWORKS_DONE, TRAINED, JUDGED = 0.15, 0.3, 0.85, 0.98


def judge(sheet: Sheet, roles: Roles, settings: Settings = RECOMMENDED, *, table: Any = None) -> Iterator[Progress]:
    """Trains, judges and makes the learner; the last progress has `done`, `verdict` and `learner`.

    Args:
      sheet: the table.
      roles: which column is what.
      settings: how the meta-learner is trained and judged.
      table: what every progress is to name the table by.

    Raises:
      ValueError: the table cannot be used as it is; the sentence is the first error of `validate`.
    """
    if error := first_error(validate(sheet, roles, settings.k_shot)):
        raise ValueError(error.sentence)
    return _Work(sheet, roles, settings, table).steps()


class Judged(NamedTuple):
    """Predictions of the meta-learner for the tasks of one part. tasks: `[n]`. before: `[n, rows, outputs]`.

    mean, variance: `[shots, draws, n, rows, outputs]`, over members, in units of the target's spread."""

    tasks: np.ndarray
    before: np.ndarray
    mean: np.ndarray
    variance: np.ndarray


class _Work:
    """One verdict under way: what its stages share."""

    def __init__(self, sheet: Sheet, roles: Roles, settings: Settings, table: Any):
        self.asked, self.table = settings, table
        self.began = time.perf_counter()
        self.experiment = settings.experiment(sheet, roles)
        self.tasks = TaskSet.of(sheet, roles, settings.k_shot, settings.seed)
        encoding = self.tasks.encoding
        self.y = encoding.targets(self.tasks.y) * self.tasks.is_row[..., None]
        orders = support_orders(self.tasks, settings.draws, settings.seed)
        self.supports = Supports(self.tasks.x, self.y, self.tasks.is_row, orders)
        folds = min(settings.folds, len(self.tasks) // 2)
        # A network needs tasks to train on beside those that it does without.
        settings = dataclasses.replace(settings, members=min(settings.members, len(self.tasks) // 2))
        self.settings = settings
        self.folds = settings.splits or folds
        self.parts: list[Part] = (
            random_splits(len(self.tasks), settings.splits, settings.members, settings.seed)
            if settings.splits
            else cross_validation(len(self.tasks), folds, settings.members, settings.seed)
        )
        # One row at least is left to judge by.
        most = int(self.tasks.rows.max()) - 1
        self.shots = tuple(sorted({k for k in (*settings.shots, settings.k_shot) if k <= most}))
        codes = self.tasks.y[self.tasks.is_row][:, 0]
        commonest = np.bincount(codes.astype(int)).max() / len(codes) if encoding.classes else 0.0
        self.scale = Scale(encoding.unit, bool(encoding.classes), 1 - commonest)
        self.errors: dict[str, Errors] = {}
        self.chosen: dict[str, list[str]] = {}
        self.curve: list[tuple[int, float]] = []
        self.iteration, self.share = 0, 0.0

    def steps(self) -> Iterator[Progress]:
        """The work itself."""
        yield self._progress("Reading", 0.01)
        pooled: list[Pooled] = []
        processes: list[KernelPredictor] = []
        for place, part in enumerate(self.parts):
            fit, settings = self.supports.take(part.fit), self.settings
            pooled.append(Pooled.fit(fit, settings.seed))
            fitted, likeliest = self._processes(fit, pooled[-1])
            processes.append(likeliest)
            yield self._progress("Fitting what is simpler", BASELINES_DONE * (place + 0.3) / len(self.parts))
            if len(part.test):
                ways = fit_ways(fit, settings.k_shot, settings.baselines, pooled[-1], fitted, settings.seed)
                self._judge_ways(place, ways)
            yield self._progress("Fitting what is simpler", BASELINES_DONE * (place + 1) / len(self.parts))
        yield from self._networks()
        left, units = self._left(pooled)
        network, start = self._start(self.experiment, len(left))
        runs = self._runs(left, self.parts, self._drawn(processes, pooled, units))
        trained = None
        for trained in train_population(self.experiment, network, start, self.supports, runs):
            self.iteration = trained.iteration
            if trained.validation is not None:
                self.curve.append((trained.iteration, trained.validation * float(np.mean(units))))
            done = trained.iteration / self.experiment.num_iterations
            yield self._progress("Training", NETWORKS_DONE + (TRAINED - NETWORKS_DONE) * done)
        judged: list[Judged] = []
        for group in range(len(self.parts) - 1):
            judged.append(self._judge_meta(network, trained, left, pooled[group], units[group], group))
            yield self._progress("Judging on tasks never seen", TRAINED + (JUDGED - TRAINED) * (group + 1) / len(self.parts))
        calibration = calibrate([self._residuals(one) for one in judged], self.settings.k_shot, NOMINAL)
        verdict = self._verdict(judged, calibration, trained)
        learner = self._learner(network, trained, pooled[-1], units[-1], calibration)
        yield dataclasses.replace(self._progress("", 1.0), verdict=verdict, learner=learner, done=True)

    # What is simpler.

    def _judge_ways(self, group: int, ways: dict[str, Predictor]) -> None:
        test = self.supports.take(self.parts[group].test)
        for name, way in ways.items():
            self.chosen.setdefault(name, []).append(way.setting)
            for place, k in enumerate(self.shots):
                self._count(name, place, group, way.predict(test, k))

    def _processes(self, fit: Supports, pooled: Pooled) -> tuple[dict[str, KernelPredictor], KernelPredictor]:
        """What tasks may be draws of, by name, and the one of these that predicts tasks best."""
        k, seed = self.settings.k_shot, self.settings.seed
        process, model = gaussian_process(fit, pooled, seed), mixed_model(fit, pooled, k, seed)
        ways = {GAUSSIAN: process, MIXED: model.way()}
        # The Gaussian process was fitted to the tasks that it predicts here, but by four numbers.
        return ways, ways[MIXED] if model.missed < squared_error(process, few_tasks(fit, k), k) else process

    def _networks(self) -> Iterator[Progress]:
        """Networks without meta-learning: from scratch, and pretrained on all rows; both are fine-tuned by Adam."""
        names = [name for name in (SCRATCH, PRETRAINED) if name in self.settings.baselines]
        if not names:
            return
        parts = self.parts[:-1]
        means = np.stack([self.supports.take(part.fit).rows()[1].mean(axis=0) for part in parts])
        spreads = [float(self.supports.take(part.fit).rows()[1].std()) or 1.0 for part in parts]
        y = np.stack([(self.y - mean) / spread for mean, spread in zip(means, spreads, strict=True)])
        one = [Part(part.fit, part.test, part.members[:1]) for part in parts]
        plain = dataclasses.replace(self.experiment, method="maml", model="mlp", inner_steps=0)
        network, start = self._start(plain, len(parts))
        runs = self._runs(y, one, np.zeros((len(one), 0, *y.shape[1:]), np.float32))
        for name in names:
            meta = start
            if name == PRETRAINED:
                for trained in train_population(plain, network, start, self.supports, runs):
                    meta = trained.meta
                    yield self._progress("Pretraining networks", (BASELINES_DONE + NETWORKS_DONE) / 2)
            self._judge_network(name, network, meta, y, means, spreads, one)
            yield self._progress("Fine-tuning networks", (BASELINES_DONE + NETWORKS_DONE) / 2)

    def _judge_network(self, name, network, meta, y, means, spreads, parts) -> None:
        k = self.settings.k_shot
        tuned = dataclasses.replace(
            self.experiment, method="maml", model="mlp", inner_optimizer="adam", inner_steps=FINE_TUNING_STEPS
        )
        few = self.supports._replace(orders=self.supports.orders[:2])
        setting = {"k": k, "most": max(self.shots)}
        validation, test = (
            _padded([tasks(part) for part in parts]) for tasks in (lambda part: part.members[0], lambda part: part.test)
        )

        def wrong(rate: float) -> np.ndarray:
            """`[parts]`, on validation tasks."""
            rates = np.full(len(parts), rate)
            _, after = predict_population(tuned, network, meta, few, y, validation, **setting, rates=rates)
            missed = (after - y[np.arange(len(parts))[:, None], validation][:, None]) ** 2
            query = few.query(k)[:, validation].swapaxes(0, 1)[..., None]
            return np.where(query, missed, 0.0).sum(axis=(1, 2, 3, 4))

        best = np.argmin(np.nan_to_num([wrong(rate) for rate in FINE_TUNING_LRS], nan=np.inf), axis=0)
        rates = np.array(FINE_TUNING_LRS)[best]
        for place, shot in enumerate(self.shots):
            setting = {"k": shot, "most": max(self.shots), "rates": rates}
            _, after = predict_population(tuned, network, meta, few, y, test, **setting)
            for run, part in enumerate(parts):
                self._count(name, place, run, after[run, :, : len(part.test)] * spreads[run] + means[run])
        self.chosen[name] = [f"{FINE_TUNING_STEPS} Adam steps of {rate:g}" for rate in rates]

    # The meta-learner.

    def _left(self, pooled: list[Pooled]) -> tuple[np.ndarray, np.ndarray]:
        """What the pooled fits leave to the networks: `[runs, tasks, rows, outputs]`, in units of its spread, `[parts]`."""
        left = [(self.y - fit(self.tasks.x)) * self.tasks.is_row[..., None] for fit in pooled]
        units = [
            float(np.std(one[part.fit][self.tasks.is_row[part.fit]])) or 1.0 for one, part in zip(left, self.parts, strict=True)
        ]
        members = self.settings.members
        return np.repeat([one / unit for one, unit in zip(left, units, strict=True)], members, axis=0), np.array(units)

    def _start(self, experiment: Experiment, runs: int) -> tuple[Network, MetaParams]:
        return network_of(experiment, self.tasks.encoding.in_dim, self.tasks.encoding.out_dim, runs)

    def _drawn(self, processes: list[KernelPredictor], pooled: list[Pooled], units: np.ndarray) -> np.ndarray:
        """`[runs, versions, tasks, rows, outputs]` targets drawn from each part's process, as the networks are to see them."""
        rng, outputs = np.random.default_rng(self.settings.seed), self.y.shape[-1]
        versions = int(np.clip(MAX_DRAWN_CELLS // (len(processes) * self.settings.members * self.y.size), 1, MAX_VERSIONS))
        x = self.tasks.x
        drawn = [
            ((process.draw(x, outputs, versions, rng) - fit(x)) / unit).astype(np.float32)
            for process, fit, unit in zip(processes, pooled, units, strict=True)
        ]
        return np.repeat(drawn, self.settings.members, axis=0)

    def _runs(self, y: np.ndarray, parts: list[Part], drawn: np.ndarray) -> Runs:
        pairs = [(group, part, held) for group, part in enumerate(parts) for held in part.members]
        train = np.zeros((len(pairs), len(self.tasks)), np.float32)
        for run, (_, part, held) in enumerate(pairs):
            train[run, np.setdiff1d(part.fit, held)] = 1.0
        counts = np.array([len(held) for _, _, held in pairs])
        return Runs(
            np.array([group for group, _, _ in pairs]), train, _padded([held for _, _, held in pairs]), counts, y, drawn
        )

    def _members(self, group: int) -> slice:
        return slice(group * self.settings.members, (group + 1) * self.settings.members)

    def _judge_meta(
        self, network: Network, trained: Trained, left: np.ndarray, pooled: Pooled, unit: float, group: int
    ) -> Judged:
        members, test = self._members(group), self.parts[group].test
        # One size for all parts, so that one compiled program serves them.
        size = max(len(part.test) for part in self.parts)
        padded = np.broadcast_to(_padded([test], size), (self.settings.members, size))
        meta = jax.tree.map(lambda leaf: leaf[members], trained.meta)
        about = pooled(self.tasks.x[test])
        means, variances, before = [], [], None
        for place, k in enumerate(self.shots):
            start, after = predict_population(
                self.experiment, network, meta, self.supports, left[members], padded, k, most=max(self.shots)
            )
            before, after = start[:, : len(test)] * unit, after[:, :, : len(test)] * unit
            means.append(about + after.mean(axis=0))
            variances.append(after.var(axis=0))
            self._count(META, place, group, means[-1])
        return Judged(test, about + before.mean(axis=0), np.stack(means), np.stack(variances))

    def _residuals(self, judged: Judged) -> Residuals:
        query = np.stack([self.supports.query(k)[:, judged.tasks] for k in self.shots])
        wrong = np.abs(judged.mean - self.y[judged.tasks])[..., 0]
        return Residuals(self.shots, judged.tasks, wrong, judged.variance[..., 0], query)

    # The verdict.

    def _count(self, name: str, place: int, group: int, prediction: np.ndarray) -> None:
        """Adds up what a way gets wrong on the tasks of one part: `prediction` is `[draws, n, rows, outputs]`."""
        tasks = self.parts[group].test
        # Under cross-validation all parts are one whole; random splits are judged one by one.
        shape = (max(1, self.settings.splits), len(self.shots), len(self.tasks))
        errors = self.errors.setdefault(name, Errors(np.zeros(shape), np.zeros(shape)))
        query = self.supports.query(self.shots[place])[: len(prediction), tasks]
        split = group if self.settings.splits else 0
        errors.total[split, place, tasks] += np.where(query, self._wrong(prediction, tasks), 0.0).sum(axis=(0, 2))
        errors.count[split, place, tasks] += query.sum(axis=(0, 2))

    def _wrong(self, prediction: np.ndarray, tasks: np.ndarray) -> np.ndarray:
        """`[..., n, rows]`: squared errors, or 1 where the class is wrong."""
        if self.scale.is_class:
            return (prediction.argmax(axis=-1) != self.tasks.y[tasks][..., 0]).astype(float)
        return (prediction[..., 0] - self.y[tasks][..., 0]) ** 2

    def _verdict(self, judged: list[Judged], calibration: Calibration, trained: Trained) -> Verdict:
        k, encoding = self.settings.k_shot, self.tasks.encoding
        title = f"Meta-learner ({TITLES.get(self.settings.method, self.settings.method)})"
        order = {name: self.errors[name] for name in (META, *BASELINES) if name in self.errors}
        settings = {name: _commonest(found) for name, found in self.chosen.items()}
        all_scores = scores(order, settings, self.scale, self.shots, k, title)
        said = words(all_scores, self.scale, encoding.target, k, len(self.tasks))
        covered = float("nan") if self.scale.is_class else coverage([self._residuals(one) for one in judged], k, NOMINAL)
        width = float("nan")
        if not self.scale.is_class:
            width = float(np.mean([2 * calibration.half(one.variance[self.shots.index(k)], k).mean() for one in judged]))
        tasks = self._task_scores(judged, order, all_scores)
        return Verdict(
            outcome=said.outcome,
            helps=said.helps,
            sentence=said.sentence,
            advice=said.advice,
            target=encoding.target,
            k_shot=k,
            num_tasks=len(self.tasks),
            num_rows=int(self.tasks.rows.sum()),
            folds=self.folds,
            spread=self.scale.base if self.scale.is_class else encoding.unit,
            nominal=NOMINAL,
            coverage=covered,
            width=width * encoding.unit,
            shots=self.shots,
            scores=all_scores,
            tasks=tasks,
            task_pictures=self._walls(judged, calibration, tasks),
            x_name=self._wall_input()[0],
            classes=encoding.classes,
            left_out=self.tasks.left_out,
            seconds=time.perf_counter() - self.began,
            iterations=int(np.median(trained.stopped)),
        )

    def _task_scores(self, judged: list[Judged], errors: dict[str, Errors], all_scores) -> tuple[TaskScore, ...]:
        place, scale = self.shots.index(self.settings.k_shot), self.scale
        others = all_scores[1:] or all_scores
        best = errors[min(others, key=lambda score: score.relative).name]
        before = Errors(*(np.zeros((1, 1, len(self.tasks))) for _ in range(2)))
        for one in judged:
            wrong = np.where(self.tasks.is_row[one.tasks], self._wrong(one.before, one.tasks), 0.0)
            before.total[0, 0, one.tasks] += wrong.sum(axis=1)
            before.count[0, 0, one.tasks] += self.tasks.rows[one.tasks]

        def each(one: Errors, at: int) -> list[float]:
            total, count = one.total[:, at].sum(axis=0), one.count[:, at].sum(axis=0)
            return [scale.error(value) for value in scale.relative(total, count)]

        judged_rows = errors[META].count[:, place].sum(axis=0)
        columns = each(errors[META], place), each(before, 0), each(best, place), judged_rows
        return tuple(
            TaskScore(name, int(rows), error, start, other, other - error)
            for name, rows, error, start, other, count in zip(self.tasks.names, self.tasks.rows, *columns, strict=True)
            if count
        )

    def _wall_input(self) -> tuple[str, np.ndarray]:
        """The first input that is a number, in its own units: its name, and `[tasks, rows]`."""
        place = 0
        for code in self.tasks.encoding.inputs:
            if code.kind != "text":
                values = self.tasks.x[..., place] * code.unit + code.center
                return code.name, np.exp(values) if code.log else values
            place += code.width
        code = self.tasks.encoding.inputs[0]
        return code.name, self.tasks.x[..., : code.width].argmax(axis=-1).astype(float)

    def _walls(self, judged: list[Judged], calibration: Calibration, tasks: tuple[TaskScore, ...]) -> tuple[TaskPicture, ...]:
        """Tasks from the greatest gain to the greatest loss, evenly, with the first draw of their support."""
        by_gain = sorted(tasks, key=lambda task: -task.gain)
        picked = np.unique(np.linspace(0, len(by_gain) - 1, min(MAX_WALLS, len(by_gain))).round().astype(int))
        at, (_, x) = {name: place for place, name in enumerate(self.tasks.names)}, self._wall_input()
        walls = []
        for chosen in picked:
            task = at[by_gain[chosen].task]
            one = next(one for one in judged if task in one.tasks)
            place, shot = int(np.flatnonzero(one.tasks == task)[0]), self.shots.index(self.settings.k_shot)
            order = self.supports.orders[0, task]
            kept = np.sort(order[: min(MAX_WALL_ROWS, self.tasks.rows[task])])
            support = np.isin(kept, order[: self.settings.k_shot])
            mean, variance = (part[shot, 0, place, kept] for part in (one.mean, one.variance))
            half = 0.0 if self.scale.is_class else calibration.half(variance, self.settings.k_shot)
            shown_values = (self.y[task, kept], one.before[place, kept], mean, mean - half, mean + half)
            columns = [self._in_units(values) for values in shown_values]
            numbers = [tuple(map(float, values)) for values in (x[task, kept], *columns)]
            walls.append(TaskPicture(self.tasks.names[task], *numbers[:2], tuple(map(bool, support)), *numbers[2:]))
        return tuple(walls)

    def _in_units(self, values: np.ndarray) -> np.ndarray:
        """`[n, outputs] -> [n]`: the target's own units, or the code of the class that is predicted."""
        return values.argmax(axis=-1) if self.scale.is_class else self.tasks.encoding.decode_target(values[:, 0])

    def _learner(
        self, network: Network, trained: Trained, pooled: Pooled, unit: float, calibration: Calibration
    ) -> TableLearner:
        members = self._members(len(self.parts) - 1)
        meta = jax.tree.map(lambda leaf: np.array(leaf[members]), trained.meta)
        coefficients = np.concatenate([np.atleast_2d(pooled.ridge.coef_).T, np.atleast_2d(pooled.ridge.intercept_)])
        widths = np.array([calibration.widths[k] for k in self.shots])
        return TableLearner(
            self.experiment,
            self.tasks.encoding,
            network,
            jax.tree.map(jnp.asarray, meta),
            np.asarray(pooled.powers.powers_, np.int32),
            np.ascontiguousarray(coefficients),
            float(unit),
            np.array(self.shots, np.int32),
            widths,
            calibration.floor,
            NOMINAL,
        )

    def _progress(self, doing: str, share: float) -> Progress:
        self.share = max(self.share, share)
        iterations, errors = zip(*self.curve, strict=True) if self.curve else ((), ())
        seconds = time.perf_counter() - self.began
        return Progress(self.iteration, self.share, doing, seconds, self.asked, iterations, errors, table=self.table)


def _padded(tasks: list[np.ndarray], size: int = 0) -> np.ndarray:
    """`[runs, n]`, short ones filled up with their first task."""
    size = max(size, *(len(some) for some in tasks))
    return np.stack([np.concatenate([some, np.full(size - len(some), some[0])]) for some in tasks])


def _commonest(found: list[str]) -> str:
    return max(found, key=found.count)
