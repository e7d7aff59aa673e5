"""The Your tasks page in a real browser: from a file to a learner that the command line uses."""

import csv
import io
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect

from dashboard.page_parts.your_tasks import run
from tests.browser.conftest import ROOT
from tests.browser.waiting import middle, wait_until_idle, wait_until_it_fits

FILES = '[data-testid="stFileUploaderDropzoneInput"]'


def waves(tasks, rows, seed):
    """Waves, each with a phase and a level of its own, as a file; the last one apart, as its known rows and its others."""
    rng = np.random.default_rng(seed)
    lines = []
    for task in range(tasks + 1):
        phase, level = rng.uniform(0, 2), rng.normal()
        for x in np.linspace(-2, 2, rows) + rng.uniform(-0.2, 0.2, rows):
            lines.append((f"wave {task}", round(float(x), 3), round(float(np.sin(x + phase) + level), 4)))
    *told, new = [lines[task * rows : (task + 1) * rows] for task in range(tasks + 1)]
    return as_csv(("wave", "x", "y"), [line for task in told for line in task]), new


def as_csv(header, rows):
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows([header, *rows])
    return file.getvalue().encode()


def bring(page, content, name="waves.csv", field=f".st-key-_tasks_file {FILES}"):
    page.locator(field).set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})


def saved(page, key):
    with page.expect_download() as download:
        page.locator(f".st-key-{key} button").click()
    return Path(download.value.path()).read_bytes()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_button_that_cannot_be_pressed_is_still_read(open_page, scheme):
    page = open_page("/your_tasks?source=A+file", scheme=scheme)
    bring(page, waves(2, 8, seed=0)[0])  # too few tasks
    button = page.locator(".st-key-judge button")
    expect(button).to_be_disabled()
    label, ground = button.evaluate(
        """button => {
            const brush = Object.assign(document.createElement("canvas"), {width: 1, height: 1}).getContext("2d");
            const colours = element => [...(element.parentElement ? colours(element.parentElement) : []),
                getComputedStyle(element).backgroundColor];
            const painted = layers => {
                layers.forEach(colour => { brush.fillStyle = colour; brush.fillRect(0, 0, 1, 1) });
                return [...brush.getImageData(0, 0, 1, 1).data].slice(0, 3);
            };
            const ground = colours(button);
            return [painted([...ground, getComputedStyle(button.querySelector("p")).color]), painted(ground)];
        }"""
    )
    assert max(abs(one - other) for one, other in zip(label, ground, strict=True)) > 50


def test_a_table_goes_from_a_file_to_a_learner_that_the_command_line_uses(open_page, tmp_path):
    page = open_page("/your_tasks?source=A+file&effort=Quick+look&known_rows=4")
    page.set_default_timeout(180_000)  # a run on a busy machine
    table, new = waves(9, 8, seed=1)
    bring(page, table)
    expect(page.get_by_text("waves.csv. 9 tasks, a line each")).to_be_visible()
    page.locator(".st-key-judge button").click()
    expect(page.locator(".st-key-verdict")).to_be_visible(timeout=240_000)
    wait_until_idle(page)
    address = page.url
    assert re.search(r"[?&]trial=[\w-]{16}", address)

    known, others = as_csv(("x", "y"), [line[1:] for line in new[::2]]), as_csv(("x",), [line[1:2] for line in new[1::2]])
    page.get_by_role("button", name="Rows from a file").click()
    bring(page, known, "known.csv", f".st-key-_known_file {FILES}")
    wait_until_idle(page)
    bring(page, others, "others.csv", f".st-key-_asked_file {FILES}")
    expect(page.get_by_text("From others.csv")).to_be_visible()
    wait_until_idle(page)
    page.keyboard.press("Escape")

    with zipfile.ZipFile(io.BytesIO(saved(page, "take_learner"))) as archive:
        archive.extractall(tmp_path)
    shown = list(csv.DictReader(io.StringIO(saved(page, "take_predictions").decode())))
    assert [float(row["x"]) for row in shown] == [line[1] for line in new[1::2]]
    command = [sys.executable, "-m", "maml_engine", "adapt", "learner", "known.csv", "--predict", "others.csv"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    printed = list(csv.DictReader(io.StringIO(ran.stdout)))
    for name in shown[0]:
        np.testing.assert_allclose(
            [float(row[name]) for row in printed], [float(row[name]) for row in shown], rtol=1e-5, atol=1e-5, err_msg=name
        )

    report = saved(page, "take_report").decode()
    assert page.locator(".st-key-verdict h3").inner_text().strip()[-40:] in re.sub("&#x27;|&quot;", "'", report)
    page.reload()
    expect(page.locator(".st-key-verdict")).to_be_visible()
    assert page.url == address


def test_what_cannot_be_read_is_answered_and_the_table_before_stays(open_page):
    page = open_page("/your_tasks?source=A+file")
    bring(page, b"PK\x03\x04" + bytes(100), "table.csv")
    expect(page.locator('[data-testid="stAlert"]').filter(has_text="ZIP")).to_be_visible()
    expect(page.locator(".st-key-verdict")).to_be_visible()  # the example's


def test_names_of_a_file_are_shown_as_they_are(open_page):
    page = open_page("/your_tasks?source=A+file")
    rows = [(f"**t{row // 6}** <i>", row % 6, (row * 7) % 5) for row in range(48)]
    bring(page, as_csv(("<b>task</b>", "$x$ :smile:", "=1+1"), rows), "<b>*table*.csv")
    expect(page.get_by_text("8 tasks, a line each")).to_be_visible()
    wait_until_idle(page)
    main = page.locator('[data-testid="stMain"]')
    assert "$x$ :smile:" in main.inner_text()
    assert "<b>*table*.csv" in main.inner_text()
    assert not main.locator("b, em").count()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_a_telephone(open_page, scheme):
    page = open_page("/your_tasks", width=390, scheme=scheme)
    expect(page.locator(".st-key-wall .js-plotly-plot")).to_be_visible()
    wait_until_it_fits(page, 390)


def test_a_known_row_moved_by_keys_is_predicted_from_anew(open_page):
    page = open_page("/your_tasks?example=Machines")
    handle = page.locator(".handle").first
    expect(handle).to_be_visible()
    wait_until_idle(page)
    before = list(csv.DictReader(io.StringIO(saved(page, "take_predictions").decode())))
    handle.focus()
    for _ in range(8):
        page.keyboard.press("ArrowUp")
    expect(page.get_by_text("As left on the picture.")).to_be_visible()
    page.evaluate("new Promise(done => setTimeout(done, 400))")  # the keys have rested, and the last of them is reported
    wait_until_idle(page)
    with zipfile.ZipFile(io.BytesIO(saved(page, "take_learner"))) as archive:
        known = next(name for name in archive.namelist() if name.endswith("known.csv"))
        rows = pd.read_csv(archive.open(known))
    after = pd.read_csv(io.BytesIO(saved(page, "take_predictions")))
    learner = run.shipped("Machines").learner
    mean = learner.adapt_rows(rows).predict_rows(after[["speed_rpm"]]).mean[:, 0]
    predicted = after.iloc[:, 1].to_numpy()
    np.testing.assert_allclose(predicted, mean, rtol=1e-3)
    assert not np.allclose(predicted, [float(list(row.values())[1]) for row in before], rtol=1e-3)


def rows_on_the_bench(page):
    """What the handles say of themselves: `[(x, y), ...]`, in their order."""
    said = page.locator(".st-key-_row_bench .handle").evaluate_all("handles => handles.map(one => one.ariaLabel)")
    return [tuple(float(number.replace("−", "-")) for number in re.findall(r"[-−]?\d[\d.]*", label)[-2:]) for label in said]


def test_a_known_row_is_dragged_added_and_taken_away(open_page):
    page = open_page("/your_tasks")
    handles = page.locator(".st-key-_row_bench .handle")
    expect(handles).to_have_count(5)
    wait_until_idle(page)
    before, lines = rows_on_the_bench(page), saved(page, "take_predictions")
    x, y = middle(handles.nth(2))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y - 60, steps=5)
    page.mouse.up()
    expect(page.get_by_text("As left on the picture.")).to_be_visible()
    wait_until_idle(page)
    dragged = rows_on_the_bench(page)
    assert [row for place, row in enumerate(dragged) if place != 2] == [row for place, row in enumerate(before) if place != 2]
    assert dragged[2][1] > before[2][1]
    assert saved(page, "take_predictions") != lines

    page.locator(".st-key-_row_bench .add").click()
    expect(handles).to_have_count(6)
    wait_until_idle(page)
    handles.nth(5).focus()
    page.keyboard.press("Delete")
    expect(handles).to_have_count(5)
    wait_until_idle(page)
    assert rows_on_the_bench(page) == dragged
