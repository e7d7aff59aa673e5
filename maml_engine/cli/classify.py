"""`maml classify`: from a few pictures of each class to the class of others."""

import json
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

import numpy as np

from maml_engine.cli.adapt import write_text
from maml_engine.cli.exit_codes import DIVERGED, DONE
from maml_engine.experiment.fields import parse_number
from maml_engine.io.pictures.describing import describe_pictures
from maml_engine.io.pictures.description import PictureSet
from maml_engine.io.pictures.sorting import sorted_folder, sorted_paths
from maml_engine.io.write_csv import table_csv
from maml_engine.learner import Learner
from maml_engine.learner.pictures import Classified, classify_pictures

DIGITS = 6


def classify(options: Namespace) -> int:
    """Adapts to class folders and writes the class of each query picture, with probabilities, as CSV or JSON; sorts copies."""
    learner = Learner.load(options.folder)
    if not isinstance(learner, Learner):
        raise ValueError(f"`folder` must hold what `train` left on pictures, got a table's learner in {options.folder}.")
    support = _described(options.support, options.layout, options.ink)
    query = _described(options.query, None, options.ink)
    # Whatever was typed: what is no number of steps is refused where it is used.
    inner_steps: Any = None if options.inner_steps is None else parse_number(options.inner_steps)
    found = classify_pictures(learner, support, query, inner_steps=inner_steps, one_by_one=options.one_by_one)
    if not np.isfinite(found.probabilities).all():
        print("error: Adapting diverged: its predictions are no finite numbers; lower `inner_steps`.", file=sys.stderr)
        return DIVERGED
    print(support, file=sys.stderr)
    for sentence in (*found.notes, *(one.sentence for one in found.left_out)):
        print(f"note: {sentence}", file=sys.stderr)
    if found.truth:
        print(f"{found.right} of {len(found.paths)} are of the class that their folder is named after.", file=sys.stderr)
    if options.sort is not None:
        sorted_folder(query.found.files, sorted_paths(found.paths, found.chosen), Path(options.sort))
        print(f"The query pictures are in {options.sort}, a folder for each class.", file=sys.stderr)
    write_text(_as_json(found) if options.json else _as_csv(found), options.out)
    return DONE


def _described(source: str, layout: str | None, ink: str | None) -> PictureSet:
    pictures = describe_pictures(source, layout=layout)
    return pictures if ink is None else pictures.with_ink(ink)


def _as_csv(found: Classified) -> str:
    """One row a picture: its path, its class and how likely that is, then the probability of each class."""
    columns: dict[str, Any] = {"picture": found.paths, "class": found.chosen, "probability": found.probabilities.max(axis=1)}
    columns |= {f"p({name})": found.probabilities[:, place] for place, name in enumerate(found.classes)}
    return table_csv(columns).decode()


def _as_json(found: Classified) -> str:
    rows = [
        {"picture": path, "class": chosen}
        | ({"folder": found.truth[place]} if found.truth else {})
        | {"probabilities": {name: round(float(p), DIGITS) for name, p in zip(found.classes, odds, strict=True)}}
        for place, (path, chosen, odds) in enumerate(zip(found.paths, found.chosen, found.probabilities, strict=True))
    ]
    facts = {"classes": found.classes, "transductive": found.transductive, "pictures": rows}
    left_out = [{"names": one.names, "why": one.sentence} for one in found.left_out]
    return json.dumps(facts | {"left_out": left_out, "notes": found.notes}) + "\n"
