"""`make load`, or `python -m benchmarks.load [--sessions 1,10] [--seconds 60] [--out FOLDER]`: many visitors on one server.

First one visitor alone: the processor time of a change by page and control, once everything is compiled; apart those that ask
for new numbers. What is switched in the browser costs the server nothing and is not among them. Then so many sessions at a
time: each opens page after page in random order and changes three things on each, one every 2 to 4 s; the first two keep a run
training and follow it. A time is from asking to the script's end. A Streamlit app with one slider and one chart is measured in
the same run: the floor.
"""

import argparse
import random
import statistics
import sys
import threading
import time
from collections import Counter

from benchmarks import machine, measuring
from benchmarks.visitors import Server, Visitor

FLOOR = "benchmarks/one_chart_app.py"
# By page, the keys of what is moved on it: what is answered with numbers that are there, and what asks for new ones.
SWITCHES = {
    "": ["shots", "point_noise", "point_seed"],
    "learn": ["lesson"],
    "parameter_space": [],
    "gradients": ["race_lr", "race_iterations"],
    "pitfalls": ["cell_steps", "summary"],
    "train": ["inner_lr", "k_shot", "hidden_dim", "seed", "meta_batch_size", "inner_steps"],
    "adapt": ["chosen_task"],
    "compare": ["after", "pin", "budget", "amount_iterations", "seeds"],
    "characters": [],
    "your_tasks": ["known_rows", "effort", "way"],
    "notes": ["published_card"],
}
NEW_NUMBERS = {
    "": ["sine_bench"],
    "parameter_space": ["surface"],
    "gradients": ["gradient_lr", "inner_steps", "meta_batch_size", "k_shot", "seed"],
    "pitfalls": ["pitfall_shots"],
    "adapt": ["adapt_shots", "task_seed", "task_range", "sine_bench"],
    "compare": ["look"],
    "characters": ["episode_seed"],
    "your_tasks": ["example"],
}
CHANGES = {page: keys + NEW_NUMBERS.get(page, []) for page, keys in SWITCHES.items()}
TRAINING_SESSIONS = 2


def main() -> int:
    """Measures what the flags ask for, and writes it down."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__.splitlines()[0])
    parser.add_argument("--sessions", default="1,10,25,50", help="how many at a time, one after another")
    parser.add_argument("--seconds", type=float, default=60, help="of each number of sessions")
    parser.add_argument("--out", default="benchmarks/results", help="folder for load.json")
    options = parser.parse_args()
    content = {"machine": machine.describe()}
    server = Server(FLOOR)
    try:
        content["floor"] = floor = alone(server, {"": ["number"]}, repeats=80)  # a change is shorter than the clock's tick
        say_alone("One chart, the floor", floor)
    finally:
        server.stop()
    server = Server("streamlit_app.py")
    try:
        content["alone"] = found = alone(server, CHANGES)
        say_alone("What is there", {place: found[place] for place in found if place[1] in SWITCHES[place[0]]})
        say_alone("New numbers", {place: found[place] for place in found if place[1] not in SWITCHES[place[0]]})
        content["alone"] = {f"{page or 'home'}: {key}": figures for (page, key), figures in found.items()}
        content["floor"] = floor["", "number"]
        print("| sessions | changes: median, 95th | opening a page: median, 95th | cores used | memory: server, all | errors |")
        print("|---|---|---|---|---|---|")
        content["together"] = []
        for sessions in map(int, options.sessions.split(",")):
            content["together"].append(figures := together(server, sessions, options.seconds))
            print(row_of(figures), flush=True)
            for error, times in figures["errors"].items():
                print(f"{times} times: {error}", file=sys.stderr)
    finally:
        server.stop()
    measuring.save(content, options.out, "load.json")
    return 0


def alone(server: Server, changes: dict[str, list[str]], repeats: int = 8) -> dict[tuple[str, str], dict[str, float]]:
    """What a change by one visitor costs once everything has been used, by page and control: milliseconds and kilobytes.

    Args:
      server: nobody else uses it.
      changes: keys of widgets, by page.
      repeats: changes a control; processor time comes in ticks of 10 ms, so what is told is a mean.
    """
    figures, choose = {}, random.Random(0)
    for measured in (False, True):
        visitor = Visitor(server.port)
        for page, keys in changes.items():
            opening = visitor.open(page)
            visitor.rerun()
            for key in keys:
                times, sent, cpu = [], visitor.received, server.cpu_seconds()
                for _ in range(repeats if measured else 2):
                    if visitor.change(key, choose):
                        times.append(1e3 * visitor.rerun())
                if times:
                    each = {"cpu_ms": 1e3 * (server.cpu_seconds() - cpu), "kilobytes": (visitor.received - sent) / 1e3}
                    waits = {"rerun_times_ms": statistics.median(times), "longest_ms": max(times), "open_ms": 1e3 * opening}
                    figures[page, key] = {name: value / len(times) for name, value in each.items()} | waits
                elif measured:
                    print(f"{page or 'home'} has no {key} to move", file=sys.stderr)
        visitor.close()
    return figures


def together(server: Server, sessions: int, seconds: float) -> dict:
    """What so many sessions at once wait, and what the server takes meanwhile."""
    stage = Stage(server.port, time.monotonic() + seconds)
    began, cpu = time.monotonic(), server.cpu_seconds()
    trainers = TRAINING_SESSIONS if sessions > TRAINING_SESSIONS else 0
    threads = [
        threading.Thread(target=train if number < trainers else browse, args=(stage, number)) for number in range(sessions)
    ]
    for thread in threads:
        thread.start()
    memory = [server.memory_mb()]
    while any(thread.is_alive() for thread in threads):
        time.sleep(1)
        memory.append(server.memory_mb())
    return {
        "sessions": sessions,
        "rerun_times_ms": stage.times["change"],
        "page_load_times_ms": stage.times["open"],
        "cpu_cores": (server.cpu_seconds() - cpu) / (time.monotonic() - began),
        "memory_rss_mb_peak": max(resident for resident, _ in memory),
        "memory_with_workers_mb_peak": max(together for _, together in memory),
        "errors": dict(stage.errors),
    }


class Stage:
    """Sessions at once: where and until when, what all have waited for in milliseconds, and what went wrong."""

    def __init__(self, port: int, end: float):
        self.port, self.end = port, end
        self.times, self.errors = {"open": [], "change": []}, Counter()

    @property
    def goes_on(self) -> bool:
        """It is not over."""
        return time.monotonic() < self.end

    def add(self, what: str, seconds: float, visitor: Visitor) -> None:
        """One answer."""
        self.times[what].append(1e3 * seconds)
        self.errors.update(visitor.exceptions)
        visitor.exceptions.clear()


def browse(stage: Stage, number: int) -> None:
    """Page after page with three changes each; `number` says in which order."""
    choose = random.Random(number)
    time.sleep(choose.uniform(0, 3))
    visitor, ahead = None, []
    while stage.goes_on:
        try:
            visitor = visitor or Visitor(stage.port)
            ahead = ahead or choose.sample(list(CHANGES), len(CHANGES))
            page = ahead.pop()
            stage.add("open", visitor.open(page), visitor)
            for _ in range(3):
                time.sleep(choose.uniform(2, 4))
                if stage.goes_on and visitor.change(choose.choice(CHANGES[page]), choose):
                    stage.add("change", visitor.rerun(), visitor)
            time.sleep(choose.uniform(2, 4))
        except Exception as error:  # whatever it is: it is counted, and the session comes back
            stage.errors[f"{type(error).__name__}: {error}"] += 1
            visitor = None
    if visitor:
        visitor.close()


def train(stage: Stage, number: int) -> None:
    """A run after another on Train, followed as the page follows it; `number` is their seed."""
    visitor = Visitor(stage.port)
    visitor.open("train", f"num_iterations=100000&seed={number}")
    while stage.goes_on:
        try:
            visitor.rerun(press="train")
            while visitor.repeats and stage.goes_on:
                time.sleep(0.4)
                visitor.rerun(fragment=next(iter(visitor.repeats)))
            time.sleep(1)
        except Exception as error:  # as above
            stage.errors[f"in training: {type(error).__name__}: {error}"] += 1
            time.sleep(1)
    visitor.close()


def say_alone(title: str, controls: dict[tuple[str, str], dict[str, float]]) -> None:
    """A table of controls, and the median over them."""
    print(f"| {title} | processor | waited | longest | sent |")
    print("|---|---|---|---|---|")
    for (page, key), each in controls.items():
        waits = f"{each['rerun_times_ms']:.0f} ms | {each['longest_ms']:.0f} ms"
        print(f"| {page or 'home'}: {key} | {each['cpu_ms']:.0f} ms | {waits} | {each['kilobytes']:.0f} kB |")
    middle = {name: statistics.median(each[name] for each in controls.values()) for name in ("cpu_ms", "kilobytes")}
    highest = max(each["cpu_ms"] for each in controls.values())
    print(f"median {middle['cpu_ms']:.0f} ms, highest {highest:.0f} ms; {middle['kilobytes']:.0f} kB\n", flush=True)


def row_of(figures: dict) -> str:
    """A line of the table of sessions."""
    waits = [spell(figures[name]) for name in ("rerun_times_ms", "page_load_times_ms")]
    memory = f"{figures['memory_rss_mb_peak']:.0f}, {figures['memory_with_workers_mb_peak']:.0f} MB"
    errors = sum(figures["errors"].values())
    return f"| {figures['sessions']} | {waits[0]} | {waits[1]} | {figures['cpu_cores']:.2f} | {memory} | {errors} |"


def spell(times: list[float]) -> str:
    """Median and 95th percentile of milliseconds, in seconds."""
    if not times:
        return "-"
    return f"{statistics.median(times) / 1e3:.2f}, {measuring.percentile_95(times) / 1e3:.2f} s"


if __name__ == "__main__":
    sys.exit(main())
