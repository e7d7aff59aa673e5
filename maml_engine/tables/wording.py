"""From scores to one sentence, and what to use."""

from typing import NamedTuple

from maml_engine.checks import shown
from maml_engine.tables.baselines import POOLED, SUPPORT_MEAN
from maml_engine.tables.scoring import MARGIN, META, Gap, Scale
from maml_engine.tables.verdict import Score

UNLIKE = 1.1  # times an error: who errs by more does not do as well, whether chance may have it so or not
SIMPLE = {POOLED: "one fit for all tasks", SUPPORT_MEAN: "the mean of the known rows"}


class Saved(NamedTuple):
    """What is saved, as it is judged.

    score: of it.
    alone: the name of the way that it is; "" for a blend.
    gain: how much less it errs than what would be saved without ways that are meta-learned; None where that is nothing.
    simple: how much less it errs than each way of `SIMPLE` that was judged, by name.
    """

    score: Score
    alone: str
    gain: Gap | None
    simple: dict[str, Gap]


class Words(NamedTuple):
    """The verdict in words.

    outcome: as `Verdict.outcome`.
    helps: as `Verdict.helps`.
    sentence: on whether it is worth it, and than what.
    advice: what to use.
    """

    outcome: str
    helps: bool
    sentence: str
    advice: str


def words(
    all_scores: tuple[Score, ...], scale: Scale, *, target: str, k_shot: int, num_tasks: int, saved: Saved | None = None
) -> Words:
    """One sentence on whether it is worth it and than what, and what to use.

    Args:
      all_scores: the meta-learner's first.
      scale: in which units.
      target: the column that is predicted.
      k_shot: support rows.
      num_tasks: tasks that were judged.
      saved: what is saved; None where that is the meta-learner.
    """
    own, others = all_scores[0], all_scores[1:]
    rows = f"{k_shot} known row{'' if k_shot == 1 else 's'} of a new task"
    if not others:
        sentence = f"From {rows} the meta-learner errs by {_spell_error(own, scale, target)}; it was compared with nothing."
        return Words("no different", False, sentence, "Choose something simpler to compare it with.")
    best = min(others, key=lambda score: score.relative)
    if saved is None or saved.gain is None or saved.alone == META:
        error = own.relative
        rivals = {score.name: score.relative for score in others if score.name in SIMPLE and not _beats(score)}
        outcome = "worth it" if _beats(best) else "worse" if _loses(best) else "no different"
        difference = (
            f"difference {best.difference:+.3f}, 95 % interval {best.difference_low:+.3f} to {best.difference_high:+.3f}"
        )
        compared = (
            f"from {rows} the meta-learner errs by {_spell_error(own, scale, target)}, the best of the rest ({best.title}) by "
            f"{best.relative:.3f} ({difference}, {num_tasks} tasks never seen)."
        )
        advice = {
            "worth it": "Use the meta-learner: give it the known rows of a new task.",
            "no different": f"Use whichever is simpler for you: {best.title} does as well here.",
            "worse": f"Use {best.title}; meta-learning does not pay here.",
        }[outcome]
    else:
        gain = saved.gain
        error = saved.score.relative
        rivals = {name: gap.other for name, gap in saved.simple.items() if not gap.counts}
        is_worth_it = gain.counts or _beats(best)
        outcome = "worth it" if is_worth_it else "worse" if _loses(best) else "no different"
        parts = [_saved_words(saved, gain, spelt=_spell_error(saved.score, scale, target), num_tasks=num_tasks)]
        parts.append(f"the meta-learner alone has {own.relative:.3f}, the best of the rest ({best.title}) {best.relative:.3f}.")
        first, second = reversed(parts) if outcome == "worse" else parts  # what the outcome is of comes first
        compared = f"from {rows} {first} {second[0].upper()}{second[1:]}"
        pays = {
            "worth it": "Meta-learning earns its place here.",
            "no different": f"Meta-learning is not what makes it good here: {best.title} alone may be simpler for you.",
            "worse": f"Meta-learning by gradient steps does not pay here: {best.title} alone may be simpler for you.",
        }
        advice = f"Use what is saved: give it the known rows of a new task. {pays[outcome]}"
    sentence = f"{outcome.capitalize()}: {compared}"
    if not rivals:
        return Words(outcome, True, sentence, advice)
    rival = min(rivals, key=rivals.__getitem__)
    if rivals[rival] > UNLIKE * error:
        sentence += (
            f" That adapting a learner helps is likely and not certain: {SIMPLE[rival]} has {rivals[rival]:.3f}, and "
            f"{num_tasks} tasks that differ so much may show that by chance."
        )
        return Words(outcome, False, sentence, advice)
    sentence += f" Adapting a learner does not help here: {SIMPLE[rival]} does as well or better ({rivals[rival]:.3f})."
    return Words(outcome, False, sentence, f"Use {SIMPLE[rival]}: nothing needs to be meta-learned.")


def _saved_words(saved: Saved, gain: Gap, *, spelt: str, num_tasks: int) -> str:
    """What is saved, and how much of it is meta-learning's."""
    errs = f"what is saved ({saved.score.title}) errs by {spelt}"
    if gain.low == gain.high == 0:
        return f"{errs}; nothing in it is meta-learned ({num_tasks} tasks never seen)."
    return (
        f"{errs}; without meta-learning that would be {gain.other:.3f} (meta-learning gains {gain.value:+.3f}, 95 % interval "
        f"{gain.low:+.3f} to {gain.high:+.3f}, {num_tasks} tasks never seen)."
    )


def _beats(score: Score) -> bool:
    """Whether the meta-learner is better than `score` by more than chance and by more than nothing."""
    gap, _, high = _gap(score)
    return high < 0 and -gap >= MARGIN * score.relative


def _loses(score: Score) -> bool:
    gap, low, _ = _gap(score)
    return low > 0 and gap >= MARGIN * score.relative


def _gap(score: Score) -> tuple[float, float, float]:
    """The difference to the meta-learner, which all but its own score have, and its interval."""
    assert score.difference is not None and score.difference_low is not None and score.difference_high is not None
    return score.difference, score.difference_low, score.difference_high


def _spell_error(score: Score, scale: Scale, target: str) -> str:
    if scale.is_class:
        return f"{score.relative:.3f} of the error of always naming the commonest class ({score.error:.0%} wrong)"
    return f"{score.relative:.3f} of the target's spread ({score.error:.3g} in units of {shown(target)})"
