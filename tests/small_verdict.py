"""A verdict made by hand, with names that no page may take for markup."""

from maml_engine.tables import Score, TaskPicture, TaskScore, Verdict

EVIL = '=1+1 <b>bold</b> *star* [link](https://example.org) `tick` $x$ :smile: "quoted", %'


def score(name, relative, difference=None, curve=(0.9, 0.5, None)):
    around = () if difference is None else (difference - 0.1, difference + 0.1)
    sides = (None, None) if difference is None else around
    return Score(
        name=name,
        title=name.replace("_", " ").capitalize(),
        setting="none",
        error=2 * relative,
        relative=relative,
        low=relative - 0.05,
        high=relative + 0.1,
        difference=difference,
        difference_low=sides[0],
        difference_high=sides[1],
        curve=curve,
    )


def task_picture(task, shift=0.0):
    x, y = (3.0, 1.0, 2.0, 4.0), (30.0, 10.0, 20.0, 40.0)
    return TaskPicture(
        task=task,
        x=x,
        y=y,
        support=(False, True, True, False),
        before=(20.0,) * 4,
        after=tuple(value + shift for value in y),
        low=tuple(value - 1 for value in y),
        high=tuple(value + 1 for value in y),
    )


def small_verdict(**changes):
    """Spread 2, three predictors, three tasks of which one loses, two pictures."""
    fields = {
        "outcome": "worth it",
        "helps": True,
        "sentence": f"Worth it: 40 % less error than the pooled fit on {EVIL!r}.",
        "advice": "Use the learner.",
        "target": "y",
        "k_shot": 2,
        "num_tasks": 3,
        "num_rows": 12,
        "folds": 3,
        "spread": 2.0,
        "nominal": 0.9,
        "coverage": 0.88,
        "width": 1.5,
        "shots": (1, 2, 3),
        "scores": (score("pooled", 0.5, -0.3), score("meta", 0.2, curve=(0.6, 0.2, 0.1)), score("support_mean", 0.8, -0.6)),
        "tasks": (
            TaskScore("a", 4, 0.4, 3.0, 1.0, 0.6),
            TaskScore(EVIL, 4, 1.4, 3.0, 1.0, -0.4),
            TaskScore("c", 4, 0.1, 3.0, 1.0, 0.9),
        ),
        "task_pictures": (task_picture("a"), task_picture(EVIL, shift=5.0)),
        "x_name": "x",
        "classes": (),
        "left_out": (EVIL,),
        "seconds": 12.0,
        "iterations": 100,
    }
    return Verdict(**(fields | changes))
