"""More of `stand_ins`."""

import numpy as np

from tests.tables.guessing.stand_ins import StandIn, curve, grid, of_group, rng


def ticks():
    sizes = rng.integers(1, 8, 118)
    group = np.repeat(np.arange(118), sizes)
    height = rng.integers(400, 540, 118)[group]
    columns = {
        "INDEX": np.arange(1, len(group) + 1),
        "TICKS": rng.poisson(np.exp(rng.normal(1, 1, 118))[group]),
        "BROOD": 501 + group,
    }
    columns |= {
        "HEIGHT": height,
        "YEAR": of_group(group, [95, 96, 97]),
        "LOCATION": of_group(group, range(1, 60)),
        "cHEIGHT": height - height.mean(),
    }
    return StandIn(columns, "BROOD", (), "TICKS", ("INDEX",))


def toothed():
    group, age = grid(26, [-1, -0.7479, -0.463, -0.1643, -0.0027, 0.2466, 0.5562, 0.7781, 0.9945])
    age = np.round(age + rng.normal(0, 0.003, len(age)), 4)
    order = np.tile(np.arange(1, 10), 26)
    return StandIn(
        {"Subject": group, "age": age, "height": curve(group, age, 1, 6.5, 149, 8), "Occasion": order},
        "Subject",
        ("age",),
        "height",
        ("Occasion",),
    )


def visits():
    group, visit = grid(60, np.arange(1, 5))
    base = rng.integers(6, 100, 61)[group]
    count = rng.poisson(base / 4)
    columns = {
        "y": count,
        "trt": of_group(group, ["placebo", "progabide"]),
        "base": base,
        "age": rng.integers(18, 42, 61)[group],
    }
    columns |= {"V4": (visit == 4).astype(int), "subject": group, "period": visit, "lbase": np.round(np.log(base / 4), 8)}
    return StandIn(columns, "subject", ("period",), "y")


def petrol():
    sizes = rng.integers(2, 5, 10)
    group = np.repeat(np.arange(10), sizes)
    end = rng.integers(200, 450, len(group))
    columns = {
        "No": np.array(list("ABCDEFGHIJ"))[group],
        "SG": np.round(rng.uniform(31, 51, 10), 1)[group],
        "VP": np.round(rng.uniform(0, 9, 10), 1)[group],
    }
    columns |= {
        "V10": rng.integers(190, 320, 10)[group],
        "EP": end,
        "Y": np.round(end / 8 - 20 + rng.normal(0, 2, 10)[group] + rng.normal(0, 1, len(end)), 1),
    }
    return StandIn(columns, "No", ("EP",), "Y")


def machines():
    group, machine = grid(6, np.repeat(["A", "B", "C"], 3))
    score = np.round(52 + rng.normal(0, 6, 7)[group] + 7 * (machine == "B") + 13 * (machine == "C") + rng.normal(0, 1, 54), 1)
    return StandIn({"Worker": group, "Machine": machine, "score": score}, "Worker", ("Machine",), "score")


def cigarettes():
    group, year = grid(46, np.arange(63, 93))
    price = np.round(28 + 4.0 * (year - 63) + rng.normal(0, 4, len(group)), 1)
    pop = np.round(np.exp(rng.normal(8, 1, 47))[group] * (1 + 0.01 * (year - 63)), 1)
    sales = np.round(160 - 0.6 * price + rng.normal(0, 25, 47)[group] + rng.normal(0, 5, len(group)), 1)
    columns = {
        "state": group,
        "year": year,
        "price": price,
        "pop": pop,
        "pop16": np.round(0.7 * pop, 1),
        "cpi": np.round(30 + 3.6 * (year - 63), 1),
    }
    return StandIn(
        columns
        | {
            "ndi": np.round(1500 + 450 * (year - 63) + rng.normal(0, 300, len(group)), 2),
            "sales": sales,
            "pimin": np.round(price - 2 + rng.normal(0, 1.5, len(group)), 1),
        },
        "state",
        ("price",),
        "sales",
    )


def wages():
    group, year = grid(200, np.arange(1980, 1988))
    columns = {
        "nr": 13 + 11 * group,
        "year": year,
        "school": rng.integers(6, 17, 201)[group],
        "exper": rng.integers(0, 8, 201)[group] + year - 1980,
    }
    columns |= {
        "union": of_group(np.arange(len(group)), ["no", "yes"]),
        "married": of_group(np.arange(len(group)), ["no", "yes"]),
    }
    wage = np.round(1.2 + 0.06 * (year - 1980) + rng.normal(0, 0.3, 201)[group] + rng.normal(0, 0.3, len(group)), 6)
    return StandIn(columns | {"wage": wage}, "nr", ("exper",), "wage")


def livers():
    sizes = rng.integers(2, 10, 150)
    group = np.repeat(np.arange(1, 151), sizes)
    day = np.concatenate([np.r_[0, np.sort(rng.choice(np.arange(150, 4000), n - 1, replace=False))] for n in sizes])
    spread = np.exp(rng.normal(0.3, 0.8, 151))[group]
    columns = {
        "id": group,
        "futime": rng.integers(400, 5000, 151)[group],
        "status": of_group(group, [0, 1, 2]),
        "age": np.round(rng.uniform(30, 75, 151), 4)[group],
    }
    columns |= {
        "day": day,
        "ascites": rng.integers(0, 2, len(group)),
        "edema": of_group(np.arange(len(group)), [0.0, 0.5, 1.0]),
    }
    columns |= {
        "bili": np.round(spread * np.exp(day / 4000 + rng.normal(0, 0.2, len(group))), 1),
        "albumin": np.round(rng.normal(3.4, 0.4, len(group)), 2),
    }
    return StandIn(
        columns | {"platelet": rng.integers(60, 500, len(group)), "protime": np.round(rng.normal(11, 1, len(group)), 1)},
        "id",
        ("day",),
        "bili",
    )


def tasters():
    group, kind = grid(9, ["T1", "T2", "T3", "T4"])
    return StandIn(
        {"effort": rng.integers(7, 16, 36), "Type": kind, "Subject": np.array(list("ABCDEFGHIJ"))[group]},
        "Subject",
        ("Type",),
        "effort",
    )


def rabbits():
    group, dose = grid(10, [6.25, 12.5, 25, 50, 100, 200])
    change = np.round(25 * dose / (dose + 40) + rng.normal(0, 2, 60) + of_group(group, range(4)), 2)
    names = np.array([f"R{k % 5 + 1}" for k in range(11)])[group]
    treated = np.where(group <= 5, "MDL", "Control")
    runs = np.array([f"{'PC'[k > 5]}{k}" for k in range(11)])[group]
    return StandIn(
        {"deltaBP": change, "dose": dose, "Run": runs, "Treatment": treated, "Rabbit": names}, "Run", ("dose",), "deltaBP"
    )


def quakes():
    sizes = rng.integers(2, 20, 20)
    group = np.repeat(np.arange(1, 21), sizes)
    distance = np.concatenate([np.sort(np.round(np.exp(rng.uniform(0, 5.5, n)), 1)) for n in sizes])
    accel = np.round(0.4 * np.exp(-distance / 60) * np.exp(rng.normal(0, 0.5, len(group))), 3)
    return StandIn(
        {
            "Quake": group,
            "Richter": np.round(rng.uniform(5, 7.7, 21), 1)[group],
            "distance": distance,
            "soil": rng.integers(0, 2, len(group)),
            "accel": accel,
        },
        "Quake",
        ("distance",),
        "accel",
    )


def mares():
    group = np.repeat(np.arange(1, 12), 28)
    time = np.concatenate([np.round(np.linspace(-0.14, 1.14, 28) + rng.normal(0, 0.004), 5) for _ in range(11)])
    follicles = np.maximum(
        0, np.round(13 - 3 * np.sin(2 * np.pi * time) + rng.normal(0, 3, 12)[group] + rng.normal(0, 3, len(group)))
    ).astype(int)
    return StandIn({"Mare": group, "Time": time, "follicles": follicles}, "Mare", ("Time",), "follicles")


def deutsch():
    group, day = grid(25, np.arange(1, 13))
    price = np.round(rng.uniform(2, 5, len(group)), 2)
    pieces = np.round(60 - 8 * price + rng.normal(0, 8, 26)[group] + rng.normal(0, 3, len(group))).astype(int)
    return StandIn(
        {
            "lfd": np.arange(1, len(group) + 1),
            "Filiale": group + 100,
            "Woche": day,
            "Stück": pieces,
            "Preis": price,
            "Umsatz": np.round(pieces * price, 2),
        },
        "Filiale",
        ("Woche",),
        "Umsatz",
        ("lfd", "Stück"),
    )


def francais():
    group, month = grid(30, np.arange(1, 10))
    return StandIn(
        {"élève": group, "mois": month, "taille": curve(group, month, 1, 0.5, 120, 8), "sexe": of_group(group, ["f", "g"])},
        "élève",
        ("mois",),
        "taille",
    )


def espanol():
    group, week = grid(20, np.arange(1, 9))
    return StandIn(
        {"semana": week, "peso": curve(group, week, 1, 3, 60, 8), "paciente": group, "edad": rng.integers(20, 70, 21)[group]},
        "paciente",
        ("semana",),
        "peso",
    )


ALL = (
    ticks,
    toothed,
    visits,
    petrol,
    machines,
    cigarettes,
    wages,
    livers,
    tasters,
    rabbits,
    quakes,
    mares,
    deutsch,
    francais,
    espanol,
)
