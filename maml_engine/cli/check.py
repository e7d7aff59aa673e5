"""`maml check`: whether the engine's numbers are right on this machine."""

import dataclasses
import json
import sys
from argparse import Namespace
from pathlib import Path

from maml_engine.checks import check_choice
from maml_engine.cli.exit_codes import DONE, WRONG
from maml_engine.experiment.presets import PRESETS
from maml_engine.verification.board import CHECKS
from maml_engine.verification.check import CheckResult
from maml_engine.verification.published import RECORDED, Row, run_cards
from maml_engine.verification.record import provenance


def check(options: Namespace) -> int:
    """Runs the board's checks and prints each error beside its tolerance; or the learning figures, beside what is printed."""
    if options.published:
        return _check_published(options)
    for name in options.names:
        check_choice("name", name, CHECKS)
    results = []
    for name in options.names or CHECKS:
        results.append(CHECKS[name].run())
        print(_line(results[-1]), file=sys.stderr if options.json else sys.stdout)
    wrong = [result.name for result in results if not result.ok and CHECKS[result.name].decides]
    if options.json:
        command = " ".join(["python -m maml_engine check", *options.names, "--json"])
        rows = [dataclasses.asdict(result) | {"ok": result.ok} for result in results]
        print(json.dumps(provenance(command) | {"results": rows}))
    elif not wrong:
        print(f"All {len(results)} checks hold." if len(results) > 1 else "The check holds.")
    if wrong:
        print(f"error: {len(wrong)} of {len(results)} checks failed: {', '.join(wrong)}.", file=sys.stderr)
    return WRONG if wrong else DONE


def _check_published(options: Namespace) -> int:
    for name in options.names:
        check_choice("name", name, PRESETS)
    names, seeds = options.names or RECORDED, _seeds(options.seeds)
    rows = []
    for row in run_cards(names, seeds, folder=Path(options.out) if options.out else None):
        rows.append(row)
        print(_published_line(row), file=sys.stderr if options.json else sys.stdout)
    if options.json:
        command = " ".join(["python -m maml_engine check --published", *options.names, "--seeds", ",".join(map(str, seeds))])
        facts = [dataclasses.asdict(row) | {"ok": row.ok} for row in rows]
        print(json.dumps(provenance(f"{command} --json") | {"results": facts}))
    if wrong := list(dict.fromkeys(row.card for row in rows if not row.ok)):
        print(f"error: {len(wrong)} cards are not reproduced: {', '.join(wrong)}.", file=sys.stderr)
        return WRONG
    return DONE


def _seeds(text: str) -> tuple[int, ...]:
    """Different whole numbers that are not negative."""
    parts = text.split(",")
    if not all(part.strip().isdecimal() for part in parts) or len(set(map(int, parts))) < len(parts):
        raise ValueError(f"`--seeds` must be different whole numbers >= 0, with commas between them, got {text!r}.")
    return tuple(map(int, parts))


def _line(result: CheckResult) -> str:
    check = CHECKS[result.name]
    mark = "ok   " if result.ok else "WRONG" if check.decides else "slow "
    return f"{mark} {result.name:<22} {result.error:>9.2e}  allowed {result.tolerance:.0e} {check.unit:<15} {check.title}"


def _published_line(row: Row) -> str:
    ours = f"{row.mean:.3f} ({row.low:.3f} to {row.high:.3f})"
    if row.published is None:
        ours += f", median task {row.median:.3f}"
        return f"      {PRESETS[row.card].title}, after {row.step}: ours {ours}; {row.seconds:.0f} s"
    printed = f"{row.published:g}" + ("" if row.margin is None else f" ± {row.margin:g}")
    mark = "ok   " if row.ok else "WRONG"
    return f"{mark} {PRESETS[row.card].title}, after {row.step}: printed {printed}, ours {ours}; {row.seconds:.0f} s"
