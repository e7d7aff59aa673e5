"""A class in real browsers: a teacher makes a lesson of a page, two pupils open its link and answer, one of them on a phone."""

import re

from playwright.sync_api import expect

from tests.browser.waiting import wait_until_idle, wait_until_it_fits


def make(page, question):
    """The lesson's link, as a class reads it."""
    page.get_by_role("button", name="Lesson").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Seed of the points").click()
    wait_until_idle(page)
    dialog.get_by_label("Question").fill(question)
    dialog.get_by_label("Unit").fill("steps")
    dialog.get_by_label("Highest").fill("20")
    dialog.get_by_label("Highest").press("Tab")
    wait_until_idle(page)
    dialog.get_by_role("button", name="Make the lesson").click()
    link = page.locator(".lesson-link")
    expect(link).to_be_visible()
    return link.inner_text()


def answer(page, given):
    field = page.get_by_label("Your answer")
    field.fill(str(given))
    field.press("Enter")
    expect(page.get_by_text(f"Your answer: {given} steps.")).to_be_visible()


def test_a_class_sees_one_picture_and_its_answers_come_together(open_page, app):
    teacher = open_page("/?shots=3")
    link = make(teacher, "How many *steps* until it fits?")
    assert re.fullmatch(re.escape(app) + r"/\?class=[a-z2-9]{8}", link)
    assert "teacher" not in teacher.url
    path = link.removeprefix(app)
    first = open_page(f"{path}&shots=9&point_noise=1&point_seed=5")
    assert "shots=3" in first.url and "point_noise" not in first.url and "point_seed=5" in first.url
    expect(first.get_by_text("How many *steps* until it fits?")).to_be_visible()
    expect(first.get_by_label("Seed of the points")).to_have_value("5")
    for hidden in ("Support points", "Noise on the points"):
        expect(first.get_by_label(hidden, exact=False).first).to_be_hidden()
    expect(first.get_by_role("button", name="Other points")).to_be_visible()
    second = open_page(path, width=390, scheme="dark")
    wait_until_it_fits(second, 390)
    answer(first, 4)
    answer(second, 7)
    answer(second, 8)
    expect(teacher.get_by_text("2 answers so far.")).to_be_visible()
    teacher.get_by_role("button", name="Show the class the answers").click()
    teacher.get_by_role("button", name="Close the question").click()
    for pupil in (first, second):
        expect(pupil.get_by_text("The question is closed, with 2 answers.")).to_be_visible()
        expect(pupil.locator(".st-key-lesson_answers .js-plotly-plot")).to_be_visible()
    teacher.reload()
    expect(teacher.get_by_role("button", name="Open again")).to_be_visible()  # the browser is the teacher's, not the address
    first.get_by_role("button", name="Leave the lesson").click()
    expect(first.get_by_role("slider", name="Support points")).to_be_visible()
    assert "class=" not in first.url
