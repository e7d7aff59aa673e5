"""How long a job takes on this machine, and how much memory: as measured of its like, or else by its size."""

from collections import OrderedDict
from typing import NamedTuple

from dashboard.jobs.job import Work, like
from maml_engine import METHODS, Experiment
from maml_engine.models import IMAGE_MODELS
from maml_engine.tasks import PICTURES
from maml_engine.training import loop

# Before anything was measured here: until a run's first report, what compiling and a new process add to that, and work of
# another kind, in all.
BEGIN_SECONDS, COMPILE_SECONDS, PROCESS_SECONDS, WORK_SECONDS = 0.05, 4.0, 1.5, 40.0
# Whatever its size: a meta-iteration; a whole run, for its reports and that it is kept.
BASE_SECONDS, BESIDE_SECONDS = 5.5e-5, 0.3
# For a thousand million on the way of examples through a network: of units and of multiplications between them, and of a
# picture's multiplications. In narrow layers most goes into the units: by both, widths of 16 to 128 with 25 and 100 tasks are
# all told within a third of one another, by multiplications alone one is told four times as long as another.
SECONDS_A_BILLION_UNITS, SECONDS_A_BILLION, SECONDS_A_BILLION_OF_PICTURES = 1.1, 0.0143, 0.045
MAX_KINDS = 256
NEW_WEIGHT = 0.5  # of the latest measurement, beside those before
LEAST_SHARE = 0.02  # of a run: from then on what it took beside its meta-iterations says what the whole takes
MIN_SECONDS_LEFT, OVERDUE = 1.0, 0.25  # left of what should have ended: at least, and of the time that it has taken


class Took(NamedTuple):
    """What runs of a kind take, in seconds.

    begin: until the first report, where nothing need be compiled.
    beside: in a whole run, beside its meta-iterations.
    each: a meta-iteration.
    """

    begin: float
    beside: float
    each: float


class Measured(NamedTuple):
    """What was measured of runs of a kind, in seconds; None where it was not yet.

    begin: until the first report.
    beside: in a whole run, beside its meta-iterations.
    each: a meta-iteration.
    """

    begin: float | None = None
    beside: float | None = None
    each: float | None = None


class Estimates:
    """What was measured so far. The registry's lock guards it."""

    def __init__(self) -> None:
        """Nothing was measured yet."""
        self._begin, self._compile, self._process = BEGIN_SECONDS, COMPILE_SECONDS, PROCESS_SECONDS
        self._each_scale, self._beside_scale = 1.0, 1.0  # measured, over what the size says
        self._runs = OrderedDict[Experiment, Measured]()  # by their like
        self._trained = set[Experiment]()  # those of which a run has ended: nothing need be compiled for them
        self._kinds: dict[str, float] = {}  # of other work -> in all
        self._known = set[str]()  # what of the numbers above was measured

    @property
    def knows_speed(self) -> bool:
        """Whether meta-iterations were measured on this machine."""
        return "each" in self._known

    def seconds_of(self, experiment: Experiment) -> float:
        """A plain run, in all."""
        return self._whole(experiment, like(experiment))

    def iterations_in(self, seconds: float, experiment: Experiment) -> int:
        """How many meta-iterations of a run like this fit into so many seconds; at least one."""
        kind = like(experiment)
        took = self._took(kind)
        return max(1, int((seconds - self._until_report(kind) - took.beside) / took.each))

    def seconds(self, work: Work, *, is_warm: bool = False) -> float:
        """A job, in all.

        Args:
          work: the job.
          is_warm: whether its like will be trained before it, if it was not yet.
        """
        if work.is_plain:
            return self._whole(work.experiment, work.like, done=work.snapshot.iteration, is_warm=is_warm)
        return self._of_kind(work)

    def seconds_left(self, work: Work, now: float) -> float:
        """Of a job that runs, by what it has done so far."""
        if work.began is None:
            return self.seconds(work)
        if work.unwanted is not None:  # it ends at once, and its process with it
            return MIN_SECONDS_LEFT + self._process
        elapsed = now - work.began
        if (share := getattr(work.snapshot.report, "share", 0.0)) > 0.05:
            return max(MIN_SECONDS_LEFT, elapsed * (1 - share) / share)
        if not work.is_plain:
            return _at_least(self._of_kind(work) - elapsed, elapsed)
        done, whole = work.snapshot.iteration, work.experiment.num_iterations
        if work.first_report is None:
            return self.seconds_until_report(work, now) + self._computing(work.experiment, work.like, done)
        reported, at_first, _ = work.first_report
        if done > at_first and now > reported:
            return (whole - done) * (now - reported) / (done - at_first)  # its evaluations with it
        return self._computing(work.experiment, work.like, done)

    def seconds_until_report(self, work: Work, now: float) -> float:
        """Until a plain run that has begun reports for the first time."""
        assert work.began is not None, "It has begun."
        elapsed = now - work.began
        return _at_least(self._until_report(work.like, is_fresh=work.is_fresh) - elapsed, elapsed)

    def watch(self, work: Work) -> None:
        """A run under way, the first of its kind: what it takes, its like will."""
        if work.is_plain and work.first_report is not None and work.like not in self._trained:
            self._remember(work.like, _measured(work))

    def learn(self, work: Work, now: float) -> None:
        """A job has ended; what it took is what its like will take."""
        if work.began is None or work.first_report is None:
            return
        if not work.is_plain:
            self._kinds[work.kind] = _mixed(self._kinds.get(work.kind), now - work.began)
            return
        new = _measured(work, now)._replace(begin=self._learn_beginning(work))
        if new.each is not None:
            self._each_scale = self._mix("each", self._each_scale, new.each / seconds_an_iteration(work.experiment))
        if new.beside is not None:
            self._beside_scale = self._mix("beside", self._beside_scale, new.beside / seconds_beside(work.experiment))
        before = self._runs.get(work.like, Measured()) if work.like in self._trained else Measured()
        mixed = (old if again is None else _mixed(old, again) for old, again in zip(before, new, strict=True))
        self._remember(work.like, Measured(*mixed))
        self._trained.add(work.like)

    def _learn_beginning(self, work: Work) -> float:
        """What it took until the first report; gives back how much of it is neither compiling nor the process's start."""
        assert work.began is not None and work.first_report is not None, "It has reported."
        reported, _, computed = work.first_report
        if computed > reported - work.began:  # by another process, which has died
            return self._took(work.like).begin
        until_report, is_new = max(1e-3, reported - work.began - computed), work.like not in self._trained
        if not is_new and not work.is_fresh:
            self._begin = self._mix("begin", self._begin, until_report)
            return until_report
        begin = self._took(work.like).begin
        # What was slower than expected was so in all alike.
        times = until_report / (begin + self._compile * is_new + self._process * work.is_fresh)
        if is_new:
            self._compile = self._mix("compile", self._compile, self._compile * times)
        if work.is_fresh:
            self._process = self._mix("process", self._process, self._process * times)
        if "begin" not in self._known:
            self._begin *= times
        return begin * min(1.0, times) if work.like in self._trained else self._begin

    def _remember(self, kind: Experiment, measured: Measured) -> None:
        self._runs[kind] = measured
        if len(self._runs) > MAX_KINDS:
            self._trained.discard(self._runs.popitem(last=False)[0])

    def _took(self, kind: Experiment) -> Took:
        """As measured of its like; else by its size, and by how fast this machine was."""
        beside_scale = self._beside_scale if "beside" in self._known else self._each_scale  # both compute
        by_size = Took(self._begin, beside_scale * seconds_beside(kind), self._each_scale * seconds_an_iteration(kind))
        found = zip(self._runs.get(kind, Measured()), by_size, strict=True)
        return Took(*(expected if measured is None else measured for measured, expected in found))

    def _until_report(self, kind: Experiment, *, is_warm: bool = False, is_fresh: bool = False) -> float:
        compiles = kind not in self._trained and not is_warm
        return self._took(kind).begin + self._compile * compiles + self._process * is_fresh

    def _whole(self, experiment: Experiment, kind: Experiment, *, done: int = 0, is_warm: bool = False) -> float:
        return self._until_report(kind, is_warm=is_warm) + self._computing(experiment, kind, done)

    def _computing(self, experiment: Experiment, kind: Experiment, done: int) -> float:
        """What comes after the first report; `done` was done by a process that has died."""
        took, left = self._took(kind), experiment.num_iterations - done
        return took.beside * left / experiment.num_iterations + took.each * left

    def _of_kind(self, work: Work) -> float:
        return self._kinds.get(work.kind, WORK_SECONDS)

    def _mix(self, name: str, before: float, new: float) -> float:
        """One of the numbers of this machine, measured again; what it was before anything was measured counts for nothing."""
        mixed = _mixed(before if name in self._known else None, new)
        self._known.add(name)
        return mixed


def _measured(work: Work, ended: float | None = None) -> Measured:
    """Of a plain run that has reported, between its first report and its latest.

    The first report is of a few iterations after a start, which are slow however long the run is, so they say nothing of the
    others.

    Args:
      work: the run.
      ended: when it has; what a whole run takes after its last report is its own, too. None where it goes on.
    """
    assert work.first_report is not None, "It has reported."
    (reported, at_first, computed), done, seconds = work.first_report, work.snapshot.iteration, work.snapshot.seconds
    whole = work.experiment.num_iterations
    if done <= at_first:
        return Measured(each=max(seconds / max(1, done), 1e-9)) if done == whole else Measured()
    each, share = max((seconds - computed) / (done - at_first), 1e-9), (done - at_first) / (whole - at_first)
    if share <= LEAST_SHARE:
        return Measured(each=each)
    kept = ended - work.reported if ended is not None and done == whole else 0.0
    return Measured(beside=max(0.0, work.reported - reported - (seconds - computed)) / share + kept, each=each)


def _mixed(before: float | None, new: float) -> float:
    return new if before is None else before + NEW_WEIGHT * (new - before)


def _at_least(left: float, elapsed: float) -> float:
    """What is overdue takes longer yet."""
    return max(MIN_SECONDS_LEFT, OVERDUE * elapsed, left)


def seconds_an_iteration(experiment: Experiment) -> float:
    """A meta-iteration by its size, on two cores of 2024; by how much this machine differs is measured."""
    return BASE_SECONDS + _passes(experiment) * _seconds_a_pass(experiment)


def seconds_beside(experiment: Experiment) -> float:
    """A whole run's evaluations and reports, likewise; of vectors there are as many evaluations however long it is."""
    known, _ = _examples(experiment)
    evaluations, least_steps, queries = loop.EVALUATIONS, loop.HELD_OUT_STEPS, loop.HELD_OUT_QUERIES
    if _are_pictures(experiment):
        least_steps, queries = loop.PICTURE_STEPS, loop.PICTURE_QUERIES * experiment.n_way
        evaluations = loop.picture_evaluations(experiment, known=known, asked=queries)
    passes = loop.passes_of_evaluation(max(least_steps, experiment.inner_steps), known=known, asked=queries)
    return BESIDE_SECONDS + evaluations * passes * _seconds_a_pass(experiment)


def _seconds_a_pass(experiment: Experiment) -> float:
    """One example's way through the network."""
    if _are_pictures(experiment):
        return 1e-9 * SECONDS_A_BILLION_OF_PICTURES * _multiplications(experiment)
    return 1e-9 * (SECONDS_A_BILLION_UNITS * _units(experiment) + SECONDS_A_BILLION * _multiplications(experiment))


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
    return experiment.tasks in PICTURES or experiment.model in IMAGE_MODELS


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
