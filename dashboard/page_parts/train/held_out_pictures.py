"""The few held-out tasks that the Train page watches, drawn."""

from dashboard.figures import training as figures
from dashboard.page_parts.train.held_out_tasks import family, rows
from dashboard.widgets import page
from maml_engine import Learner


def show(learner: Learner, key: str) -> None:
    """The same six held-out tasks for every learner, or a table's test rows."""
    inner_steps = max(1, learner.experiment.inner_steps)
    if learner.experiment.tasks == "table":
        found = rows(learner, inner_steps)
        figure = figures.prediction_figure(**found._asdict(), target=learner.experiment.target, inner_steps=inner_steps)
        page.chart(figure, key, "Predicted against true targets of held-out tasks, before and after adapting.")
        return
    found = family(learner, inner_steps)
    limit = 1.1 * max(learner.experiment.amplitude[1], 0.1)
    figure = figures.family_figure(**found._asdict(), inner_steps=inner_steps, y_limit=limit)
    before, after = found.errors
    alt = f"Six held-out tasks. Mean squared error over them: {before:.2f} before adapting, {after:.2f} after."
    page.chart(figure, key, alt)
