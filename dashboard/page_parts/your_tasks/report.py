"""The verdict as one HTML file: no network, no markup from the table, readable in ten years."""

import html
from collections.abc import Iterable, Sequence

from dashboard.escape import short
from dashboard.figures import plain
from dashboard.figures import verdict as figures
from maml_engine.tables import Finding, Roles, Settings, Verdict

# Nothing is loaded from anywhere, whatever the file is made to hold.
_POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"
_STYLE = """
body { font: 16px/1.5 system-ui, -apple-system, 'Segoe UI', sans-serif; color: #21252b; background: #fcfcfa;
       max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.7rem; margin-bottom: .2rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
.verdict { font-size: 1.35rem; line-height: 1.35; border-left: 5px solid #2476e0;
           padding: .2rem 0 .2rem 1rem; margin: 1.2rem 0; }
table { border-collapse: collapse; font-size: .9rem; width: 100%; } .wide { overflow-x: auto; }
th, td { text-align: left; padding: .25rem .7rem .25rem 0; border-bottom: 1px solid #dedfd8; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.small { color: #5c626b; font-size: .88rem; }
"""


def report(name: str, roles: Roles, settings: Settings, verdict: Verdict, *, findings: Sequence[Finding] = ()) -> str:
    """The whole page.

    Args:
      name: of the table.
      roles: which of its columns is what.
      settings: how the meta-learner was trained and judged.
      verdict: what was found.
      findings: what was found in the table before training.
    """
    parts = [
        f"<h1>{_text(name)}</h1>",
        f'<p class="small">{_text(facts(roles, verdict))}</p>',
        f'<p class="verdict">{_text(verdict.sentence, 2000)}</p>',
        f"<p>{_text(verdict.advice, 2000)}</p>",
        "<h2>Every way, on tasks that it has not seen</h2>",
        _scores(verdict),
        _figures(roles, settings.method, verdict),
        *_effects(verdict),
        "<h2>Task by task</h2>",
        _table(
            ("task", "rows", "before adapting", "after", "best of the rest", "gain", "what is saved"),
            (list(row.values()) for row in figures.task_table(verdict.tasks)),
        ),
        "<h2>How it was done</h2>",
        f"<p>{_text(protocol(settings, verdict), 2000)}</p>",
        *(f'<p class="small">{_text(finding.sentence, 600)}</p>' for finding in findings),
        '<p class="small">Made by MAML Lab.</p>',
    ]
    head = (
        f'<meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(name)}</title><style>{_STYLE}</style>"
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>\n' + "\n".join(parts) + "\n</body></html>\n"


def facts(roles: Roles, verdict: Verdict) -> str:
    """What the verdict is on, in one line."""
    logs = f" (logarithm of {', '.join(roles.log)})" if roles.log else ""
    time = f", in the order of {roles.time}" if roles.time else ""
    return (
        f"{verdict.num_tasks:,} tasks by {roles.task}, {verdict.num_rows:,} rows{time}; {roles.target} from "
        f"{', '.join(roles.inputs)}{logs}; {verdict.k_shot} known rows of a new task"
    )


def protocol(settings: Settings, verdict: Verdict) -> str:
    """How the numbers came about."""
    left_out = f" Left out, for too few rows: {', '.join(map(short, verdict.left_out))}." if verdict.left_out else ""
    coverage = (
        f" Of the rows of unseen tasks, {verdict.coverage:.0%} lay inside their {verdict.nominal:.0%} intervals."
        if verdict.coverage == verdict.coverage
        else ""
    )
    return (
        f"Each task was predicted by fits that had not seen it ({verdict.folds} parts of the tasks in turn), from "
        f"{verdict.k_shot} of its rows; the error is over its other rows. The meta-learner is an ensemble of "
        f"{settings.members} networks ({settings.method}, {settings.hidden_dim} units, {settings.inner_steps} inner steps), "
        "each stopped on validation tasks of its own. Intervals are 95 % over tasks."
        f"{_saved(verdict)}"
        f"{coverage} It took {verdict.seconds:.0f} seconds.{left_out}"
    )


def _saved(verdict: Verdict) -> str:
    """What is taken home."""
    if verdict.saved is None:
        return ""
    shares = ", ".join(f"{title} {weight:.0%}" for title, weight in verdict.shares)
    return f" What is saved: {shares}, by weights that are chosen on other tasks than those it is judged on."


def _scores(verdict: Verdict) -> str:
    def numbers(score) -> list:
        difference = (
            ""
            if score.difference is None
            else f"{score.difference:+.3f} ({score.difference_low:+.3f} to {score.difference_high:+.3f})"
        )
        interval = f"{score.low:.3f} to {score.high:.3f}"
        return [score.title, score.error, f"{score.relative:.3f}", interval, difference, score.setting]

    header = ("", "error", "relative", "95 %", "meta-learner minus this", "setting")
    return _table(header, (numbers(score) for score in figures.ranked(verdict)))


def _effects(verdict: Verdict) -> list[str]:
    if not verdict.effects:
        return []
    rows = figures.effect_table(verdict.effects)
    return ["<h2>What the inputs do, and how much tasks differ</h2>", _table(rows[0], (list(row.values()) for row in rows))]


def _figures(roles: Roles, method: str, verdict: Verdict) -> str:
    shown = [
        ("Error, with its interval", figures.errors_figure(verdict, method, in_units=True)),
        ("Paired differences to the meta-learner", figures.differences_figure(verdict, method, in_units=True)),
        ("Error against the known rows", figures.shots_figure(verdict, method, in_units=False)),
        ("Which tasks gain, and which lose", figures.gains_figure(verdict)),
    ]
    if verdict.curves:
        curves, first = verdict.curves, verdict.curves.tasks[0].task
        shown.append((f"Each task's {_text(roles.target)}", figures.curves_figure(curves, first, roles.target)))
    if verdict.task_pictures:
        tasks = figures.tasks_figure(verdict.task_pictures, verdict.x_name, roles.target, as_lines=len(roles.inputs) == 1)
        shown.append(("Single tasks before and after", tasks))
    return "\n".join(f"<h2>{title}</h2>\n{_drawn(figure, first=place == 0)}" for place, (title, figure) in enumerate(shown))


def _drawn(figure: plain.Figure, *, first: bool) -> str:
    """A figure's own part of the page; the first one brings Plotly along for all."""
    config = {"displaylogo": False, "responsive": True}
    return figure.to_html(full_html=False, include_plotlyjs=first, config=config)


def _table(header: Iterable[str], rows: Iterable[Sequence]) -> str:
    head = "".join(f"<th>{_text(cell)}</th>" for cell in header)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(value: object) -> str:
    if isinstance(value, float):
        return f'<td class="number">{value:.4g}</td>'
    return f'<td class="number">{value}</td>' if isinstance(value, int) else f"<td>{_text(value)}</td>"


def _text(value: object, longest: int = 200) -> str:
    return html.escape(short(value, longest))
