"""Lists beside pictures: of files with labels, or of what a split holds; as CSV, text or JSON, with a header or without."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from maml_engine.checks import listed, shown
from maml_engine.io.pictures.archive import clean_path
from maml_engine.io.pictures.layouts import Place, split_in, split_of
from maml_engine.io.pictures.opening import ENDINGS as PICTURE_ENDINGS
from maml_engine.io.read_csv import read_cells

ENDINGS = (".csv", ".tsv", ".txt", ".json")
MAX_LISTS = 2000
# What a column of labels is called, the surest first; else it is one that repeats itself.
LABELS = ("label", "labels", "class", "classname", "classid", "category", "target")
LABELS += ("species", "breed", "character", "diagnosis", "dx", "y", "id")
MATCHED = 0.5  # of a list's rows, so that it is one


class Rows(NamedTuple):
    """A list as it was read.

    path: of the file.
    cells: rows of text, the header among them.
    """

    path: str
    cells: list[list[str]]


class Listed(NamedTuple):
    """What lists say.

    places: by picture, where it belongs.
    splits: by class, its split, where lists are of classes, or of the pictures of a split and no more.
    notes: one sentence for each thing that was decided about pictures.
    columns: that may be taken for the label.
    contradiction: a sentence where lists put a class into two splits, so that `splits` is empty; else "".
    """

    places: dict[str, Place]
    splits: dict[str, str]
    notes: list[str]
    columns: tuple[str, ...]
    contradiction: str = ""


def is_list(path: str) -> bool:
    """Whether a file may be a list, by its name."""
    name = path.rpartition("/")[2].lower()
    return name.endswith(ENDINGS) and not name.startswith(("readme", "license", "licence", "requirements"))


def read_rows(path: str, content: bytes) -> Rows | None:
    """The cells of a list; None where the file is none."""
    try:
        if path.lower().endswith(".json"):
            return _rows_of_json(path, json.loads(content))
        table = read_cells(content).table
    except (ValueError, RecursionError):
        return None
    return Rows(path, [[str(cell).strip() for cell in row] for row in table.to_numpy(object).tolist()])


def _rows_of_json(path: str, found: Any) -> Rows | None:
    """Of a list of names, a list of rows, or columns by name; of the latter those of the length that most of them have."""
    if isinstance(found, dict):
        columns = {name: column for name, column in found.items() if isinstance(column, list)}
        length, count = (Counter(map(len, columns.values())).most_common(1) or [(0, 0)])[0]
        columns = {name: column for name, column in columns.items() if len(column) == length and count > 1}
        found = [list(columns), *map(list, zip(*columns.values(), strict=True))]
    rows = [row if isinstance(row, list) else [row] for row in found] if isinstance(found, list) else []
    is_table = len({len(row) for row in rows}) == 1 and len(rows[0]) > 0
    return Rows(path, [[str(cell).strip() for cell in row] for row in rows]) if is_table else None


def read_lists(lists: Iterable[Rows], paths: Sequence[str], classes: Sequence[str], label: str | None = None) -> Listed:
    """What lists say of pictures, or of classes.

    Args:
      lists: as they were read.
      paths: of all pictures.
      classes: of each picture, the class that folders make; "" where they make none.
      label: the column of labels, where somebody has said which; else it is judged.

    Raises:
      ValueError: `label` names no column.
    """
    pictures, by_class, class_of = _picture_index(paths), _class_index(classes), dict(zip(paths, classes, strict=False))
    places: dict[str, Place] = {}
    splits: dict[str, set[str]] = {}
    notes: list[str] = []
    columns: dict[str, None] = {}
    for rows in lists:
        of_pictures = _PictureList.of(rows, pictures)
        if of_pictures is not None and of_pictures.columns:
            columns |= dict.fromkeys(of_pictures.columns)
            of_pictures.say(places, notes, label)
            continue
        if of_pictures is None:
            said = _splits_of_classes(rows, by_class)
        else:
            names = [class_of.get(picture or "", "") for picture in of_pictures.pictures]
            said = zip(names, of_pictures.splits, strict=True)
        for name, split in said:
            if name and split:
                splits.setdefault(name, set()).add(split)
    if label is not None and label not in columns:
        there = listed([*map(shown, columns)]) or "none, for want of a list of pictures"
        raise ValueError(f"`label` must be a column of a list of pictures, got {shown(label)}; there are {there}.")
    if shared := [name for name, found in splits.items() if len(found) > 1]:
        contradiction = (
            f"The lists put {listed([*map(shown, shared)], most=3)} into more than one split: they are not used, since no "
            "class may be in two."
        )
        return Listed(places, {}, notes, tuple(columns), contradiction)
    return Listed(places, {name: split for name, (split,) in splits.items()}, notes, tuple(columns))


def _splits_of_classes(rows: Rows, by_class: Mapping[str, str]) -> list[tuple[str, str]]:
    """Class and split of each row of a list of classes; the split is in a column, or in the list's name."""

    def find(cell: str) -> str | None:
        return _found_class(by_class, cell)

    place = _column_of(rows.cells, find)
    if place is None:
        return []
    body = rows.cells[find(rows.cells[0][place]) is None :]
    _, splits = _splits_of(rows.path, body, place)
    return [(find(row[place]) or "", split) for row, split in zip(body, splits, strict=True)]


def _splits_of(path: str, body: list[list[str]], named: int) -> tuple[int | None, list[str]]:
    """The column of splits, None where there is none, and the split of each row: by it, else by the list's name; "" for none.

    Args:
      path: of the list.
      body: its cells without the header, a row or more.
      named: the column that names pictures or classes.
    """
    others = (other for other in range(len(body[0])) if other != named)
    place = next((other for other in others if all(split_of(row[other]) for row in body)), None)
    return place, [split_in(_file_of(path)) if place is None else split_of(row[place]) for row in body]


class _PictureList(NamedTuple):
    """A list of pictures.

    path: of the list.
    pictures: the picture of each row; None where there is none of that name.
    columns: names of the others.
    body: their cells, row by row.
    splits: the split of each row, "" for none.
    """

    path: str
    pictures: list[str | None]
    columns: list[str]
    body: list[list[str]]
    splits: list[str]

    @classmethod
    def of(cls, rows: Rows, pictures: Mapping[str, str]) -> "_PictureList | None":
        """The list, or None where no column names pictures."""
        folder = rows.path.rpartition("/")[0]

        def find(cell: str) -> str | None:
            return _found(pictures, folder, cell)

        place = _column_of(rows.cells, find, len(set(pictures.values())))
        if place is None:
            return None
        has_header = find(rows.cells[0][place]) is None
        body = rows.cells[has_header:]
        header = rows.cells[0] if has_header else [f"column {number + 1}" for number in range(len(rows.cells[0]))]
        of_splits, splits = _splits_of(rows.path, body, place)
        others = [other for other in range(len(header)) if other not in (place, of_splits)]
        cells = [[row[other] for other in others] for row in body]
        return cls(rows.path, [find(row[place]) for row in body], [header[other] for other in others], cells, splits)

    def say(self, places: dict[str, Place], notes: list[str], label: str | None) -> None:
        """Puts down where its pictures belong, and how that was decided."""
        chosen = self.columns.index(label) if label in self.columns else self._label_column()
        decided = f"Labels are column {shown(self.columns[chosen])} of"
        if not any(note.startswith(decided) for note in notes):
            others = listed([shown(name) for name in self.columns if name != self.columns[chosen]], most=5)
            notes.append(f"{decided} {shown(self.path)}{f'; it has {others} as well' if others else ''}.")
        for picture, row, split in zip(self.pictures, self.body, self.splits, strict=True):
            if picture is not None and row[chosen]:
                places.setdefault(picture, Place(row[chosen], split))
        if unknown := self.pictures.count(None):
            notes.append(f"{unknown:,} of {len(self.body):,} rows of {shown(self.path)} name pictures that are not there.")

    def _label_column(self) -> int:
        """One that is called so, else the one of the most values that still repeat: a flag repeats more than a label does."""
        distinct = [len({row[place] for row in self.body}) for place in range(len(self.columns))]
        names = [re.sub("[^a-z0-9]", "", name.lower()) for name in self.columns]
        for word in LABELS:
            for place, name in enumerate(names):
                repeats = distinct[place] < len(self.body) or len(self.body) < 3
                if repeats and (name == word or (len(word) > 3 and name.endswith(word))):
                    return place
        repeating = [place for place, count in enumerate(distinct) if 1 < count <= max(2, len(self.body) // 2)]
        return max(repeating or range(len(distinct)), key=distinct.__getitem__)


def _file_of(path: str) -> str:
    return path.rpartition("/")[2]


def _picture_index(paths: Sequence[str]) -> dict[str, str]:
    """Pictures by what a list may call them: the path or an end of it, with or without what follows the dot; each its own."""
    ends = ((end, path) for path in paths for end in _ends(path.lower()))
    return _index((name, path) for end, path in ends for name in (end, re.sub(r"\.[a-z0-9]{2,4}$", "", end)))


def _class_index(classes: Sequence[str]) -> dict[str, str]:
    """Classes by what a list may call them: the name or an end of it, where no other class has it."""
    return _index((end, name) for name in dict.fromkeys(filter(None, classes)) for end in _ends(_plain(name)))


def _ends(path: str) -> Iterator[str]:
    parts = path.split("/")
    return ("/".join(parts[start:]) for start in range(len(parts)))


def _index(calls: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Things by name, of pairs of a name and a thing; without names that two things have."""
    things: dict[str, str] = {}
    doubtful: set[str] = set()
    for name, thing in calls:
        if things.setdefault(name, thing) != thing:
            doubtful.add(name)
    return {name: thing for name, thing in things.items() if name not in doubtful}


def _plain(name: str) -> str:
    """A class's name as it is compared: aquarium_fish and Aquarium fish are one."""
    return re.sub(r"[\s_-]+", " ", clean_path(name).strip("/")).casefold()


def _found(pictures: Mapping[str, str], folder: str, cell: str) -> str | None:
    # Most cells are plain, and there may be a million.
    name = (cell if cell.isascii() and "\\" not in cell else clean_path(cell)).lower().lstrip("/")
    if picture := pictures.get(f"{folder}/{name}".lower().lstrip("/")):
        return picture
    if picture := _by_end(pictures, name):
        return picture
    stem, _, ending = name.rpartition(".")
    return _by_end(pictures, stem) if f".{ending}" in PICTURE_ENDINGS else None  # saved anew in another format


def _found_class(classes: Mapping[str, str], cell: str) -> str | None:
    return _by_end(classes, _plain(cell))


def _by_end(names: Mapping[str, str], name: str) -> str | None:
    while name not in names and "/" in name:  # folders that are not here
        name = name.partition("/")[2]
    return names.get(name)


def _column_of(cells: list[list[str]], find: Callable[[str], str | None], things: int | None = None) -> int | None:
    """The column whose cells name the most different things.

    None where it is neither by half of the rows nor, of so many `things`, by half of these: a list may be of more than is here.
    """
    found = [[name for row in cells if (name := find(row[place])) is not None] for place in range(len(cells[0]))]
    best = max(found, key=lambda names: (len(set(names)), len(names)))
    is_enough = len(best) >= max(1, MATCHED * (len(cells) - 1)) or (things and len(set(best)) >= MATCHED * things)
    return found.index(best) if is_enough else None
