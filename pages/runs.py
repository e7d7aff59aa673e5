"""Runs: what was trained here, side by side; filter, compare, name, use, take along."""

from dashboard.page_parts.runs import actions, empty, kept, pictures, rows, table
from dashboard.widgets import page, session

OWN = {session.FIND_RUNS: "", session.ONLY_DIFFERENCES: False, session.RUN_CHOICE: "", session.BASELINE: ""}


def show_runs(shown: kept.Kept) -> None:
    """The library, from the filter to what can be done with a run."""
    baseline = kept.baseline(shown)
    found = table.filtered(shown.runs)
    in_table = pictures.brushed(found)
    table.show(in_table, baseline)
    kept.show_more(shown)
    chosen = shown.of(kept.chosen())
    actions.show(shown, chosen, baseline)
    pictures.show_curves(in_table, chosen, rows.colours(shown.runs, shown.total), baseline)


page.opening(
    "Runs",
    "Every run that ends is kept here. **Choose rows** to lay their curves one over the other, **pin** one as the baseline, "
    "and drag along an axis to see which settings made the loss low.",
)
shown = kept.read()
if shown is not None and shown.runs:
    show_runs(shown)
elif shown is not None:
    empty.show()
if shown is not None:
    actions.importer()
page.finish(OWN)
