"""From files of a stranger's to a description of the pictures among them."""

import dataclasses
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from maml_engine.checks import check_choice, counted, listed, shown
from maml_engine.io.pictures.description import Found, LeftOut, PictureClass, PictureSet, left_out, natural
from maml_engine.io.pictures.files import HEAD, Files, Given, Source, open_files
from maml_engine.io.pictures.ink import Look, look_of
from maml_engine.io.pictures.layouts import LAYOUTS, Place, folders_of, guess_layout, places_of, without_top
from maml_engine.io.pictures.limits import LIMITS, Limits, UnusableFile, is_archive, is_picture, kind_of
from maml_engine.io.pictures.lists import MAX_LISTS, Listed, Rows, is_list, read_lists, read_rows
from maml_engine.io.pictures.opening import ALLOWED, ENDINGS, read_header, read_picture

OTHER_PICTURES = (".heic", ".heif", ".avif", ".svg", ".psd", ".eps", ".fits")
MAX_HEADS = 5000  # files whose first bytes are looked at; of more, what is called a picture is one until it is opened
MEASURED, LOOKED_AT, LOOK_SIZE = 48, 24, 64  # pictures whose sides are read, and that are decoded to judge what they show
NOWHERE = Place("", "")
MIXED = 0.1  # of the drawings, from which on the other ink is no oddity
IN_LISTS = 0.5  # of the pictures, so that a list is the layout


def describe_pictures(
    source: Source,
    *,
    layout: str | None = None,
    label: str | None = None,
    lists: Mapping[str, bytes] | None = None,
    min_pictures: int = 1,
    limits: Limits = LIMITS,
) -> PictureSet:
    """What somebody's pictures are; a few of them are decoded, to see whether they are drawings.

    Args:
      source: a folder, a zip archive or one picture, by path or as bytes; or several files by path.
      layout: how they are laid out, a name of `LAYOUTS`; None guesses.
      label: the column of labels in a list; None judges.
      lists: further lists by name, such as the split lists of a protocol, as bytes.
      min_pictures: classes of fewer are left out, and named.
      limits: what is read at the most.

    Raises:
      ValueError: one sentence: no pictures, an archive that is not to be opened, or a layout that does not fit.
    """
    files = open_files(source, limits)
    paths, unusable = _pictures_among(files)
    given = Given(lists or {}, limits)
    holders = [(given, name) for name in given.names] + [(files, name) for name in files.names if is_list(name)]
    rows = tuple(filter(None, (_rows(holder, name) for holder, name in holders[:MAX_LISTS])))
    look, sides, broken = _looked_at(files, paths, limits)
    is_broken = {name for one in broken for name in one.names}
    paths = [path for path in paths if path not in is_broken]
    notes = list(files.notes)
    if look.is_drawing and look.ink == "bright":
        notes.append("These drawings have bright ink on dark paper and are taken as they are; those of dark ink are inverted.")
    if look.others >= MIXED:
        notes.append(
            f"About {look.others:.0%} of these drawings have bright ink where the others have dark, or the reverse. All are "
            "taken for one kind, and those come out turned over: bring them alike."
        )
    found = Found(files, limits, tuple(paths), rows, (*unusable, *broken), tuple(notes), sides)
    return laid_out(PictureSet(found, look, "", (), (), (), (), ()), layout=layout, label=label, min_pictures=min_pictures)


def laid_out(pictures: PictureSet, *, layout: str | None = None, label: str | None = None, min_pictures: int = 1) -> PictureSet:
    """The same pictures, read in another way; files are not opened again.

    Args:
      pictures: as they were described.
      layout: how they are laid out, a name of `LAYOUTS`; None guesses.
      label: the column of labels in a list; None judges.
      min_pictures: classes of fewer are left out, and named.

    Raises:
      ValueError: a layout or a column that there is not.
    """
    paths = pictures.found.paths
    folders = folders_of(without_top(paths)[1])
    layouts = guess_layout(folders)
    by_folder = layout if layout in LAYOUTS and layout != "list" else layouts[0]
    names = [place.class_name for place in places_of(folders, by_folder)]
    said = read_lists(pictures.found.lists, paths, names, label)
    if said.places:
        is_protocol = len({place.split for place in said.places.values()} - {""}) > 1  # it may be of some of many pictures
        is_layout = is_protocol or len(said.places) >= IN_LISTS * len(paths)
        layouts = ("list", *layouts) if is_layout else (*layouts, "list")
    layout = layout or ("list" if label else layouts[0])
    check_choice("layout", layout, LAYOUTS)
    if layout == "list" and not said.places:
        raise ValueError("`layout` 'list' needs a CSV file of pictures and their labels beside them, and there is none.")
    notes, out = list(pictures.found.notes), list(pictures.found.left_out)
    if layout == "list":
        places = [said.places.get(path, NOWHERE) for path in paths]
        notes += said.notes
    else:
        places = places_of(folders, layout)
        notes += filter(None, [said.contradiction])
    if said.splits and layout not in ("list", "unlabelled"):
        members = _by_class(_split_by_lists(places, said, out, notes))
    else:
        members = _by_class(_one_split_each(places, notes))
    outside = [paths[picture] for picture in members.pop(NOWHERE, [])]
    if outside and layout != "unlabelled":
        out.append(
            left_out(outside, "picture", "that no list names" if layout == "list" else "outside of the classes' folders")
        )
    small = [place.class_name for place, pictures_of in members.items() if len(pictures_of) < min_pictures]
    if small:
        out.append(left_out(small, "class", f"of fewer than {counted(min_pictures, 'picture')}", "classes"))
    classes = [
        PictureClass(*place, tuple(paths[picture] for picture in pictures_of))
        for place, pictures_of in sorted(members.items(), key=lambda item: natural(item[0].class_name))
        if len(pictures_of) >= min_pictures
    ]
    return dataclasses.replace(
        pictures,
        layout=layout,
        layouts=layouts,
        classes=tuple(classes),
        unlabelled=tuple(outside) if layout == "unlabelled" else (),
        left_out=tuple(out),
        notes=tuple(notes),
        labels=said.columns,
    )


def _pictures_among(files: Files) -> tuple[list[str], list[LeftOut]]:
    """Paths of pictures, and what looked like one by its name but is none."""
    named = [name for name in files.names if name.lower().endswith((*ENDINGS, *OTHER_PICTURES))]
    if len(files.names) > MAX_HEADS:
        heads: dict[str, bytes | UnusableFile] = {}
        found = [name for name in named if name.lower().endswith(ENDINGS)]
    else:
        heads = {name: _head(files, name) for name in files.names}
        found = [name for name, head in heads.items() if isinstance(head, bytes) and is_picture(head)]
    out = [LeftOut((name,), str(error)) for name, error in heads.items() if isinstance(error, UnusableFile)]
    kinds = {name: kind_of(head) for name, head in heads.items() if isinstance(head, bytes)}
    is_found = set(found)
    for name in named:
        if name in kinds and name not in is_found:
            out.append(LeftOut((name,), f"{shown(name)} must be a picture ({ALLOWED}), got {kinds[name]}."))
    archives = [name for name, head in heads.items() if isinstance(head, bytes) and is_archive(head)]
    if archives:
        what = f"{counted(len(archives), 'archive is', 'archives are')} among the pictures and not opened"
        out.append(LeftOut(tuple(archives), f"{what}: unpack {listed([*map(shown, archives)], most=3)} first."))
    if not found and out:
        raise ValueError(f"There are no pictures that can be used: {out[0].sentence}")
    if not found:
        names = listed([*map(shown, files.names)], most=3) or "no file"
        raise ValueError(f"There must be pictures ({ALLOWED}), got {names}.")
    return sorted(found, key=natural), out


def _head(files: Files, name: str) -> bytes | UnusableFile:
    try:
        return files.head(name, HEAD)
    except UnusableFile as error:
        return error


def _rows(holder: Files, name: str) -> Rows | None:
    try:
        return read_rows(name, holder.read(name))
    except UnusableFile:
        return None


def _looked_at(files: Files, paths: Sequence[str], limits: Limits) -> tuple[Look, tuple[int, int], list[LeftOut]]:
    """What some pictures look like, spread evenly over all; their sides; and those of them that cannot be used."""

    def measure(place: int) -> tuple[tuple[int, int] | None, np.ndarray | None, str]:
        name = paths[place]
        try:
            content = files.read(name)
            header = read_header(content, name, limits)
            picture = read_picture(content, name, size=LOOK_SIZE, colour=True, limits=limits) if place in decoded else None
        except UnusableFile as error:
            return None, None, str(error)
        return (header.width, header.height), picture, ""

    measured: list[int] = np.unique(np.linspace(0, len(paths) - 1, MEASURED).round().astype(int)).tolist()
    decoded = set(measured[:: max(1, len(measured) // LOOKED_AT)])
    with ThreadPoolExecutor(2) as threads:
        results = list(threads.map(measure, measured))
    broken = [LeftOut((paths[place],), reason) for place, (_, _, reason) in zip(measured, results, strict=True) if reason]
    sides = [side for pair, _, _ in results if pair for side in pair]
    pictures = [picture for _, picture, _ in results if picture is not None]
    if not pictures:
        raise ValueError(
            f"There are no pictures that can be used: {broken[0].sentence}" if broken else "There are no pictures."
        )
    return look_of(pictures), (min(sides), max(sides)), broken


def _by_class(places: Sequence[Place | None]) -> dict[Place, list[int]]:
    members: dict[Place, list[int]] = {}
    for picture, place in enumerate(places):
        if place is not None:
            members.setdefault(place, []).append(picture)
    return members


def _one_split_each(places: list[Place], notes: list[str]) -> list[Place]:
    """Classes are split, not pictures: where a class is in two splits, the splits are of something else, and are not used."""
    splits: dict[str, set[str]] = {}
    for place in places:
        if place.class_name:
            splits.setdefault(place.class_name, set()).add(place.split)
    shared = [name for name, found in splits.items() if len(found) > 1]
    if not shared:
        return places
    notes.append(
        f"{counted(len(shared), 'class is', 'classes are')} in more than one split ({listed([*map(shown, shared)], most=3)}): "
        "the pictures of a class were put together, and the classes will be split anew, since no class may be in two."
    )
    return [Place(place.class_name, "") for place in places]


def _split_by_lists(places: list[Place], said: Listed, out: list[LeftOut], notes: list[str]) -> list[Place | None]:
    """The splits that lists of classes say; None for a class in none of them, which is left out."""
    names = {place.class_name for place in places} - {""}
    missing = sorted(names - said.splits.keys(), key=natural)
    notes.append(
        f"The classes are split as the lists beside them say: {counted(len(names) - len(missing), 'class', 'classes')}."
    )
    if missing:
        out.append(left_out(missing, "class", "that no list names", "classes"))
    is_said = [place.class_name in said.splits for place in places]
    placed = [Place(place.class_name, said.splits.get(place.class_name, "")) for place in places]
    return [place if is_kept else None if place.class_name else NOWHERE for place, is_kept in zip(placed, is_said, strict=True)]
