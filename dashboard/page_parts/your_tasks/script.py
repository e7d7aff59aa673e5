"""A verdict from Python: the script that does the same without the app."""

import dataclasses

from dashboard.page_parts.your_tasks.run import TrainedVerdict
from maml_engine.tables import Settings


def script(trained: TrainedVerdict) -> str:
    """The same from Python: the table to the verdict, and the learner to predictions. Names are spelt as literals."""
    changes = {
        spec.name: getattr(trained.settings, spec.name)
        for spec in dataclasses.fields(Settings)
        if getattr(trained.settings, spec.name) != getattr(Settings(), spec.name)
    }
    settings = ", ".join(f"{name}={value!r}" for name, value in changes.items())
    sheet = trained.table.sheet
    read = f".read_as({dict(sheet.forms)!r}, sure={tuple(sheet.sure)!r})" if sheet.forms or sheet.sure else ""
    return _SCRIPT.format(roles=repr(trained.table.roles), settings=f"Settings({settings})", read=read)


_SCRIPT = '''"""A verdict on a table, and its learner in use: python your_tasks.py TABLE.csv KNOWN.csv OTHERS.csv"""

import sys

from maml_engine.tables import Roles, Settings, judge, read_sheet

table, known, others = sys.argv[1:]
roles = {roles}

for progress in judge(read_sheet(table){read}, roles, {settings}):
    print(f"{{progress.share:4.0%}} {{progress.doing}}", flush=True)
print(progress.verdict.sentence)

learner = progress.learner
learner.save("learner")
prediction = learner.adapt_rows(known).predict_rows(others)
for mean, low, high in zip(prediction.mean, prediction.low, prediction.high):
    print(*mean, *low, *high)
'''
