"""Tables with the columns, order and kind of numbers that well-known tables of many small groups have; the cells are drawn.

None is a copy: each is a structure (who stands first, what repeats, what is copied from what) with an answer.
"""

from typing import NamedTuple

import numpy as np

rng = np.random.default_rng(7)


class StandIn(NamedTuple):
    """Columns by name, and the answer: the task, inputs that must be there, the target, and what must not be an input."""

    columns: dict
    task: str
    inputs: tuple
    target: str
    never: tuple = ()


def grid(groups, times):
    """Group number and time of each row, groups together: `[groups * times]` each."""
    return np.repeat(np.arange(1, groups + 1), len(times)), np.tile(times, groups)


def curve(group, x, digits=1, slope=1.0, level=10.0, spread=3.0):
    """A line with a level and slope of each group's own and some noise, `[rows]`."""
    levels, slopes = rng.normal(level, spread, group.max() + 1), rng.normal(slope, 0.3 * abs(slope), group.max() + 1)
    return np.round(levels[group] + slopes[group] * x + rng.normal(0, 0.5, len(group)), digits)


def of_group(group, values):
    """One of the values for each group, `[rows]`."""
    return np.asarray(values)[rng.integers(0, len(values), group.max() + 1)][group]


def sleep():
    group, day = grid(18, np.arange(10))
    return StandIn(
        {"Reaction": curve(group, day, 4, 10, 250, 30), "Days": day, "Subject": 307 + group}, "Subject", ("Days",), "Reaction"
    )


def theophylline():
    group, hour = grid(12, [0, 0.25, 0.57, 1.12, 2.02, 3.82, 5.1, 7.03, 9.05, 12.12, 24.37])
    hour = np.round(hour * rng.uniform(0.97, 1.03, len(hour)), 2)
    conc = np.round(np.maximum(0, of_group(group, np.arange(8, 13)) * (np.exp(-0.08 * hour) - np.exp(-1.5 * hour))), 2)
    weight = np.round(rng.uniform(55, 87, 13), 1)[group]
    return StandIn(
        {"Subject": group, "Wt": weight, "Dose": np.round(320 / weight, 2), "Time": hour, "conc": conc},
        "Subject",
        ("Time",),
        "conc",
    )


def uptake():
    group, conc = grid(12, [95, 175, 250, 350, 500, 675, 1000])
    names = np.array([f"Q{k}" if k < 7 else f"M{k - 6}" for k in range(13)])[group]
    kind = np.where(group < 7, "Quebec", "Mississippi")
    columns = {"Plant": names, "Type": kind, "Treatment": np.where(group % 6 < 3, "chilled", "nonchilled"), "conc": conc}
    return StandIn(
        columns | {"uptake": np.round(40 * conc / (conc + 200) + of_group(group, range(-6, 7)) + rng.normal(0, 1, 84), 1)},
        "Plant",
        ("conc",),
        "uptake",
    )


def assay_runs():
    group, conc = grid(11, np.repeat([0.04882812, 0.1953125, 0.390625, 0.78125, 1.5625, 3.125, 6.25, 12.5], 2))
    density = np.round(2.3 * conc / (conc + 4) + rng.normal(0, 0.02, len(conc)) + 0.1 * of_group(group, range(3)), 3)
    return StandIn({"Run": group, "conc": conc, "density": density}, "Run", ("conc",), "density")


def dialysers():
    group, index = grid(20, np.arange(1, 8))
    pressure = np.round(np.tile([0.24, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0], 20) + rng.normal(0, 0.03, 140), 3)
    rate = np.round(of_group(group, [45, 50, 55, 60]) * (1 - np.exp(-1.2 * pressure)) + rng.normal(0, 2, 140), 3)
    columns = {"Subject": group, "QB": of_group(group, [200, 300]), "pressure": pressure, "rate": rate, "index": index}
    return StandIn(columns, "Subject", ("pressure",), "rate")


def fatigue():
    group, cycles = grid(21, np.round(np.arange(0, 0.121, 0.01), 2))
    return StandIn(
        {
            "Path": group,
            "cycles": cycles,
            "relLength": np.round(0.9 + cycles * (4 + of_group(group, range(5))) + rng.normal(0, 0.01, len(group)), 2),
        },
        "Path",
        ("cycles",),
        "relLength",
    )


def cows():
    group, week = grid(40, np.arange(1, 20))
    protein = np.round(3.4 + rng.normal(0, 0.2, 41)[group] + rng.normal(0, 0.2, len(group)), 2)
    names = np.array([f"B{k:02d}" for k in range(41)])[group]
    return StandIn(
        {"protein": protein, "Time": week, "Cow": names, "Diet": of_group(group, ["barley", "lupins", "both"])},
        "Cow",
        ("Time",),
        "protein",
    )


def trees():
    group, day = grid(79, [152, 174, 201, 227, 258])
    size = np.round(3 + day / 100 + rng.normal(0, 0.5, 80)[group] + rng.normal(0, 0.05, len(group)), 2)
    return StandIn(
        {"size": size, "Time": day, "tree": group, "treat": np.where(group < 55, "ozone", "control")}, "tree", ("Time",), "size"
    )


def schools_with_means():
    sizes = rng.integers(15, 50, 60)
    group = np.repeat(np.arange(60), sizes)
    ses = np.round(rng.normal(0, 0.4, 60)[group] + rng.normal(0, 0.7, len(group)), 3)
    mean = np.round(np.bincount(group, ses) / sizes, 3)[group]
    score = np.round(12 + 2 * ses + rng.normal(0, 2, 60)[group] + rng.normal(0, 6, len(group)), 3)
    columns = {
        "school": 1000 + 7 * group,
        "minrty": of_group(np.arange(len(group)), ["No", "Yes"]),
        "sx": of_group(np.arange(len(group)), ["F", "M"]),
    }
    columns |= {
        "ses": ses,
        "mAch": score,
        "meanses": mean,
        "sector": of_group(group, ["Public", "Catholic"]),
        "cses": np.round(ses - mean, 3),
    }
    return StandIn(columns, "school", ("ses",), "mAch")


def classes():
    sizes = rng.integers(8, 35, 100)
    group = np.repeat(np.arange(100), sizes)
    iq = np.round(rng.normal(12, 2, len(group)) * 2) / 2
    lang = np.round(8 + 2.5 * iq + rng.normal(0, 3, 100)[group] + rng.normal(0, 6, len(group))).astype(int)
    ses = rng.integers(10, 50, len(group))
    columns = {
        "lang": lang,
        "IQ": iq,
        "class": 180 + 10 * group,
        "GS": sizes[group],
        "SES": ses,
        "COMB": rng.integers(0, 2, 100)[group],
    }
    return StandIn(columns, "class", ("IQ",), "lang")


def counties():
    group, year = grid(90, np.arange(81, 88))
    of_county = np.exp(rng.normal(0, 0.5, (5, 91)))[:, group] * np.exp(rng.normal(0, 0.1, (5, len(group))))
    arrests, police, density, tax = (np.round(of_county[k] * scale, 6) for k, scale in enumerate([0.3, 0.002, 1.4, 30]))
    crime = np.round(0.03 * arrests**-0.3 * of_county[4] ** 0.3, 7)
    columns = {"county": 2 * group - 1, "year": year, "crmrte": crime, "prbarr": arrests, "polpc": police, "density": density}
    columns |= {"taxpc": tax, "region": of_group(group, ["west", "central", "other"])}
    columns |= {"lcrmrte": np.round(np.log(crime), 6), "lprbarr": np.round(np.log(arrests), 6)}
    return StandIn(columns, "county", ("prbarr",), "crmrte", ("lcrmrte",))


ALL = (sleep, theophylline, uptake, assay_runs, dialysers, fatigue, cows, trees, schools_with_means, classes, counties)
