"""How long a job takes on this machine, and how much memory: as measured of its like, or else by its size."""

from collections import OrderedDict

from dashboard.jobs.job import Work, like
from maml_engine import METHODS, Experiment, Report
from maml_engine.models import IMAGE_MODELS
from maml_engine.tasks import PICTURES

# Before anything was measured here: until the first report of a run of a new kind, which is compiled, and of one whose like was
# trained just before; other work than a plain run, in all.
STARTUP_SECONDS, WARM_SECONDS, WORK_SECONDS = 5.0, 0.5, 40.0
# Of one meta-iteration: whatever its size, and for each thousand million multiplications.
BASE_SECONDS, SECONDS_A_BILLION = 5e-5, 0.045
MAX_KINDS = 256
NEW_WEIGHT = 0.5  # of the latest measurement, beside those before
MIN_SECONDS_LEFT, OVERDUE = 1.0, 0.25  # left of what should have ended: at least, and of the time that it has taken


class Estimates:
    """What was measured so far. The registry's lock guards it."""

    def __init__(self) -> None:
        """Nothing was measured yet."""
        self._startup, self._warm, self._scale = STARTUP_SECONDS, WARM_SECONDS, 1.0
        self._runs = OrderedDict[Experiment, tuple[float, float]]()  # like -> until the first report; an iteration
        self._trained = set[Experiment]()  # those of which a run has ended
        self._kinds: dict[str, float] = {}  # of other work -> in all

    def seconds_of(self, experiment: Experiment, *, is_warm: bool = False) -> float:
        """A plain run, in all.

        Args:
          experiment: the run.
          is_warm: whether its like will be trained before it, if it was not yet.
        """
        startup, each = self._measured(experiment, like(experiment), is_warm=is_warm)
        return startup + each * experiment.num_iterations

    def iterations_in(self, seconds: float, experiment: Experiment) -> int:
        """How many meta-iterations of a run like this fit into so many seconds; at least one."""
        startup, each = self._measured(experiment, like(experiment), is_warm=False)
        return max(1, int((seconds - startup) / each))

    def seconds(self, work: Work, *, is_warm: bool = False) -> float:
        """A job, in all; `is_warm` as for `seconds_of`."""
        if work.is_plain:
            startup, each = self._measured(work.experiment, work.like, is_warm=is_warm)
            return startup + each * work.experiment.num_iterations
        return self._kinds.get(work.kind, WORK_SECONDS)

    def seconds_left(self, work: Work, now: float) -> float:
        """Of a job that runs, by what it has done so far."""
        if work.began is None:
            return self.seconds(work)
        elapsed = now - work.began
        if (share := getattr(work.snapshot.report, "share", 0.0)) > 0.05:
            return max(MIN_SECONDS_LEFT, elapsed * (1 - share) / share)
        if each := _speed(work, now):
            return (work.experiment.num_iterations - work.snapshot.iteration) * each
        return max(MIN_SECONDS_LEFT, OVERDUE * elapsed, self.seconds(work) - elapsed)

    def watch(self, work: Work, now: float) -> None:
        """A run under way: how fast it is, its like will be."""
        if each := _speed(work, now):
            self._runs[work.like] = (self._runs.get(work.like, (self._warm, 0.0))[0], each)

    def calibrate(self, startup: float, report: Report) -> None:
        """What was compiled while nobody waited for it, so many seconds until the report, says how fast this machine is."""
        experiment, each = report.experiment, 1 / report.iterations_per_second
        if not self._runs:
            self._startup, self._scale = startup, each / seconds_an_iteration(experiment)
            self._runs[like(experiment)] = (self._warm, each)

    def learn(self, work: Work, now: float) -> None:
        """A job has ended; what it took is what its like will take."""
        if work.began is None or work.first_report is None:
            return
        if not work.is_plain:
            before = self._kinds.get(work.kind, now - work.began)
            self._kinds[work.kind] = before + NEW_WEIGHT * (now - work.began - before)
            return
        each = _speed(work, now) or work.snapshot.seconds / max(1, work.snapshot.iteration)
        startup, kind = work.first_report[0] - work.began, work.like
        self._scale += NEW_WEIGHT * (each / seconds_an_iteration(work.experiment) - self._scale)
        if kind in self._trained:
            self._warm += NEW_WEIGHT * (startup - self._warm)
            startup = self._runs[kind][0] + NEW_WEIGHT * (startup - self._runs[kind][0])
        else:
            self._startup += NEW_WEIGHT * (startup - self._startup)
            startup = min(startup, self._warm)  # the next one of its kind need not compile
        self._runs[kind] = (startup, max(each, 1e-9))
        self._trained.add(kind)
        if len(self._runs) > MAX_KINDS:
            self._trained.discard(self._runs.popitem(last=False)[0])

    def _measured(self, experiment: Experiment, kind: Experiment, *, is_warm: bool) -> tuple[float, float]:
        """Seconds until the first report, and of a meta-iteration; `kind` is what stands for its like."""
        known = self._runs.get(kind)
        startup = self._warm if is_warm else self._startup
        return known or (startup, self._scale * seconds_an_iteration(experiment))


def _speed(work: Work, now: float) -> float | None:
    """Seconds of a meta-iteration, measured over the run so far, its evaluations with it; None before there are any."""
    if not work.is_plain or work.first_report is None:
        return None
    (first, at_first), done = work.first_report, work.snapshot.iteration
    return (now - first) / (done - at_first) if done > at_first and now > first else None


def seconds_an_iteration(experiment: Experiment) -> float:
    """A meta-iteration by its size, on two cores of 2024; by how much this machine differs is measured."""
    return BASE_SECONDS + SECONDS_A_BILLION * _passes(experiment) * _multiplications(experiment) / 1e9


def memory_mb(experiment: Experiment) -> float:
    """What the intermediate values of a meta-iteration take, which the outer gradient goes back through."""
    known, asked = _examples(experiment)
    through = known * max(1, experiment.inner_steps) + asked if _goes_through(experiment) else known + asked
    return MEMORY_FACTOR * 4e-6 * experiment.meta_batch_size * through * _units(experiment)


MEMORY_FACTOR = 4.0  # values kept of each unit


def _goes_through(experiment: Experiment) -> bool:
    """Whether the outer gradient passes through the inner steps, whose values are kept for it."""
    return experiment.method not in ("fomaml", "reptile", "imaml")


def _examples(experiment: Experiment) -> tuple[int, int]:
    """Known and asked examples of a task."""
    classes = experiment.n_way if _are_pictures(experiment) else 1
    return experiment.k_shot * classes, experiment.k_query * classes


def _passes(experiment: Experiment) -> float:
    """Examples that pass through the network in a meta-iteration, forwards and backwards."""
    known, asked = _examples(experiment)
    steps = experiment.inner_steps if METHODS[experiment.method].support_gives != "solution" else 1
    again = 2 if _goes_through(experiment) else 1
    each = known * max(1, steps) * again + asked
    solving = experiment.cg_steps * known if experiment.method == "imaml" else 0
    return 3.0 * experiment.meta_batch_size * (each + solving)


def _are_pictures(experiment: Experiment) -> bool:
    return experiment.tasks in PICTURES or experiment.tasks == "images" or experiment.model in IMAGE_MODELS


def _side(experiment: Experiment) -> int:
    """Of a picture, in pixels."""
    return experiment.image_size or (84 if experiment.tasks == "images" else 28)


def _units(experiment: Experiment) -> float:
    """Numbers that a network computes of one example on its way."""
    if _are_pictures(experiment):
        first = (_side(experiment) / 2) ** 2 if experiment.downsampling == "stride" else _side(experiment) ** 2
        return 1.33 * first * experiment.filters * (4 if experiment.model == "resnet" else 1) * 9  # a convolution's patches
    return experiment.hidden_dim * (2 if experiment.model == "maml_regressor" else max(1, experiment.num_layers))


def _multiplications(experiment: Experiment) -> float:
    """Of one example's way through the network."""
    width = experiment.hidden_dim
    if not _are_pictures(experiment):
        layers = 2 if experiment.model == "maml_regressor" else max(1, experiment.num_layers)
        return (
            (layers - 1) * width**2 + 2 * width + (experiment.fourier_features * width if "fourier" in experiment.model else 0)
        )
    pixels = _side(experiment) ** 2 / (4 if experiment.downsampling == "stride" else 1)
    first = pixels * 9 * 3 * experiment.filters
    return (first + pixels / 3 * 9 * experiment.filters**2) * (4 if experiment.model == "resnet" else 1)
