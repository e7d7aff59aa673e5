"""Tables for the commands' tests."""

import csv

TABLE = ["--tasks", "table", "--task", "shop", "--inputs", "week,noise", "--target", "sales", "--log", "sales", "--k-shot", "5"]


def write_csv(path, header, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path
