"""B1: bad inputs, drawn by number, into every parser that a stranger's words, files or links reach."""

import functools
import io
import json
import random
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.faults.tries import Tries
from benchmarks.measuring import ROOT
from tests.io.spellings import ODD_CELLS, odd_file
from tests.zips import unzipped, zipped

SHARES = {"links": 6000, "tables": 6000, "pictures": 3000, "learners": 2500, "runs": 2500}
TABLES = ROOT / "dashboard/page_parts/your_tasks/shipped_verdicts"
LEARNERS = (ROOT / "maml_engine/pretrained/sinusoid_maml", TABLES / "machines/learner", TABLES / "patients/learner")
DEEP = functools.reduce(lambda inner, _: [inner], range(200), [])
VALUES = (
    *(None, True, False, 0, -1, 1, 0.5, 1e308, -1e308, float("nan"), float("inf"), 10**30, 2**63, "", "x", "\0", "../x"),
    *(
        "x" * 5000,
        [],
        {},
        [1],
        {"a": 1},
        DEEP,
        "nan",
        "1e999",
        "<script>alert(1)</script>",
        "=1+1",
        "\u202e",
        "\ud800",
        [[]] * 50,
    ),
)


def figures(quick: bool) -> Iterator[dict[str, Any]]:
    """A figure for each parser."""
    for name, count in SHARES.items():
        yield tried(name, max(20, count // 100) if quick else count)


def tried(name: str, count: int) -> dict[str, Any]:
    """So many inputs of one kind; the same ones every time."""
    make, parse = MAKERS[name], PARSERS[name]
    tries = Tries("B1", f"bad {name}")
    for seed in range(count):
        bad = make(random.Random(f"{name} {seed}"))
        tries.one(functools.partial(parse, bad), seed)
    return tries.figure()


def bad_parameters(rng: random.Random) -> dict[str, list[str]]:
    """What stands behind the "?" of a bad link."""
    from dashboard.widgets import links

    keys = [
        *links.FIELDS,
        *links.RESERVED,
        "bench",
        "shots",
        "chosen_task",
        "example",
        "known_rows",
        "__proto__",
        "\0",
        "a" * 300,
    ]
    words = [*ODD_CELLS, *map(str, VALUES[:-1]), "sinusoid", "maml", "table", "1,2", "0.01", "40", "run x", "%00", "0,0,0"]
    words = [word for word in words if word.isascii() or word.encode(errors="ignore").decode() == word]  # as a browser sends it
    return {rng.choice(keys): rng.choices(words, k=rng.choice([1, 1, 1, 3])) for _ in range(rng.randrange(12))}


def _read_link(parameters: dict[str, list[str]]) -> None:
    from dashboard.widgets import links

    link = links.read(parameters)
    assert all(len(note) < 2000 for note in link.notes), "a note as long as a page"
    links.address("https://host/train", link.values, link.others)


def bad_table(rng: random.Random) -> bytes:
    """A file that is hardly a table."""
    return odd_file(rng.randrange(10**9))


def _read_table(content: bytes) -> None:
    from maml_engine.tables import guess, read_sheet, validate

    sheet = read_sheet(content)
    validate(sheet, guess(sheet).roles)


def bad_pictures(rng: random.Random) -> bytes:
    """An archive of two pictures, all of them spoilt."""
    names = [rng.choice(("a/1.png", "b/1.png", "b/2.jpg", "../c.png", "a\\b.png", "0", "c" * 300, "CON", "a/1.png/x"))] * 2
    files = {name + str(place): spoilt(_picture(rng.randrange(8)), rng) for place, name in enumerate(names)}
    return spoilt(zipped(files), rng) if rng.random() < 0.7 else zipped(files)


def _read_pictures(content: bytes) -> None:
    from maml_engine.io.pictures.archive import Archive
    from maml_engine.io.pictures.limits import PAGE_LIMITS, UnusableFile
    from maml_engine.io.pictures.opening import read_picture

    archive = Archive(content, PAGE_LIMITS)
    for name in archive.names:
        try:
            read_picture(archive.read(name), name, size=28, limits=PAGE_LIMITS)
        except UnusableFile as refusal:
            assert len(str(refusal).splitlines()) == 1, refusal


def bad_learner(rng: random.Random, learners: Sequence[Path] = LEARNERS) -> bytes:
    """A zip of one of these learners, changed somewhere."""
    return zipped(_spoilt_learner(rng, learners)) if rng.random() < 0.8 else spoilt(zipped(files_of(learners[0])), rng)


def _read_learner(content: bytes) -> None:
    from dashboard.runs import open_learner

    open_learner(content)


def bad_run(rng: random.Random) -> bytes:
    """The file of a run, changed somewhere."""
    content = _run_file()
    way = rng.random()
    if way < 0.3:
        return spoilt(content, rng)
    files = unzipped(content)
    if way < 0.8:
        facts = json.loads(files["run.json"])
        for _ in range(rng.choice([1, 1, 2, 4])):
            facts = changed(facts, rng)
        files["run.json"] = json.dumps(facts).encode()
    elif way < 0.9:
        files["curves.safetensors"] = forged(files["curves.safetensors"], rng)
    else:
        files.pop(rng.choice(list(files)))
    return zipped(files)


def _read_run(content: bytes) -> None:
    from dashboard.runs import exchange

    exchange.unpacked(content, "somebody")


MAKERS: dict[str, Callable[[random.Random], Any]] = {
    "links": bad_parameters,
    "tables": bad_table,
    "pictures": bad_pictures,
    "learners": bad_learner,
    "runs": bad_run,
}
PARSERS: dict[str, Callable[[Any], None]] = {
    "links": _read_link,
    "tables": _read_table,
    "pictures": _read_pictures,
    "learners": _read_learner,
    "runs": _read_run,
}


def _spoilt_learner(rng: random.Random, learners: Sequence[Path]) -> dict[str, bytes]:
    """The files of a learner, one of them changed: by chance, or by somebody who knows how to make the digest fit."""
    files = dict(files_of(learners[rng.randrange(len(learners))]))
    arrays = next(name for name in files if name.endswith(".safetensors"))
    described = next(name for name in files if name.endswith(("experiment.json", "table.json")))
    way = rng.random()
    if way < 0.4:
        files[arrays] = forged(files[arrays], rng)
    elif way < 0.7:
        files[described] = json.dumps(changed(json.loads(files[described]), rng)).encode()
    elif way < 0.9:
        name = rng.choice(list(files))
        files[name] = spoilt(files[name], rng)
    else:
        files.pop(rng.choice(list(files)))
    return files


def forged(content: bytes, rng: random.Random) -> bytes:
    """A file of arrays with other facts or arrays, and a digest that fits them."""
    from maml_engine.io.arrays import pack_arrays, parse_arrays

    arrays, facts = parse_arrays(content, Path("forged"))
    arrays = dict(sorted(arrays.items()))  # they are read in another order every time
    if rng.random() < 0.6 and facts:
        if isinstance(facts.get("description"), str) and rng.random() < 0.7:  # JSON within
            facts["description"] = json.dumps(changed(json.loads(facts["description"]), rng))
        else:
            facts = changed(facts, rng)
        return pack_arrays(arrays, facts if isinstance(facts, dict) else {"facts": facts})
    name = rng.choice(list(arrays))
    array = arrays[name]
    other: list[Callable[[], np.ndarray]] = [
        lambda: array[..., :0],
        lambda: array.astype(np.int8),
        lambda: array.reshape(-1),
        lambda: np.full(array.shape, np.nan),
        lambda: np.full(array.shape, 1e38, np.float32),
        lambda: np.zeros((1000, 1000), np.float32),
        lambda: np.array(1.0),
        lambda: array.astype(bool),
    ]
    arrays[name] = rng.choice(other)()
    if rng.random() < 0.2:
        arrays.pop(name)
    return pack_arrays(arrays, facts)


def changed(value: Any, rng: random.Random) -> Any:
    """JSON with one place changed, taken away, or named otherwise."""
    if isinstance(value, dict) and value and rng.random() < 0.85:
        key, value = rng.choice(list(value)), dict(value)
        way = rng.random()
        if way < 0.15:
            value.pop(key)
        elif way < 0.2:
            value[rng.choice(("", "x", "__class__", key * 2))] = value.pop(key)
        else:
            value[key] = changed(value[key], rng)
        return value
    if isinstance(value, list) and value and rng.random() < 0.7:
        at = rng.randrange(len(value))
        return [*value[:at], changed(value[at], rng), *value[at + 1 :]] if rng.random() < 0.8 else value[:at]
    if isinstance(value, int | float) and not isinstance(value, bool) and rng.random() < 0.4:
        return rng.choice((-value, value * 1000, value + 1, value / 3, str(value)))
    return rng.choice(VALUES)


def spoilt(content: bytes, rng: random.Random) -> bytes:
    """Bytes that were changed, cut, doubled or moved."""
    spoilt = bytearray(content)
    for _ in range(rng.choice([1, 1, 2, 8])):
        at, to = sorted((rng.randrange(len(spoilt) + 1), rng.randrange(len(spoilt) + 1)))
        way = rng.randrange(5)
        if way == 0 and at < len(spoilt):
            spoilt[at] ^= 1 << rng.randrange(8)
        elif way == 1:
            del spoilt[at : min(to, at + 50)]
        elif way == 2:
            spoilt[at:at] = rng.randbytes(rng.randrange(1, 20))
        elif way == 3:
            spoilt[at:at] = spoilt[at : min(to, at + 500)]
        elif rng.random() < 0.3:
            del spoilt[at:]
        if not spoilt:
            break
    return bytes(spoilt)


@functools.cache
def files_of(learner: Path) -> dict[str, bytes]:
    """The files of a saved learner as it is taken along, for others to copy."""
    from dashboard.downloads.files import learner_zip
    from maml_engine import Learner

    return {name: part for name, part in unzipped(learner_zip(Learner.load(learner))).items() if "learner/" in name}


@functools.cache
def _run_file() -> bytes:
    from dashboard.runs import Run, exchange
    from maml_engine import Experiment

    curves = {"curve_iterations": np.arange(3), "curves": np.ones((3, 2)), "history": np.ones((5, 3))}
    run = Run(id="a", owner="b", experiment=Experiment(), name="n", note="m", result={"error": 1.0}, **curves)
    return exchange.packed(run, None)


@functools.cache
def _picture(number: int) -> bytes:
    from PIL import Image

    content = io.BytesIO()
    image = Image.effect_noise((30 + number, 20), 50).convert(("L", "RGB", "1", "P")[number % 4])
    image.save(content, ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM", "PNG")[number] if number % 4 != 3 else "PNG")
    return content.getvalue()
