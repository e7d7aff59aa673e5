"""Characters in a real browser: five symbols by hand, another page and back, what is taken along comes back, a game."""

import zipfile

from playwright.sync_api import expect

from tests.browser.test_drawing_pad import draw, expect_counts, press
from tests.browser.waiting import wait_until_idle
from tests.pages.test_your_pictures import drawn, shapes

FILES = '[data-testid="stFileUploaderDropzoneInput"]'
# Five symbols, each of one or two strokes, as shares of the pad.
SYMBOLS = [
    [[(0.2, 0.5), (0.8, 0.5)], [(0.5, 0.2), (0.5, 0.8)]],
    [[(0.5, 0.2), (0.8, 0.8), (0.2, 0.8), (0.5, 0.2)]],
    [[(0.2, 0.3), (0.4, 0.7), (0.6, 0.3), (0.8, 0.7)]],
    [[(0.3, 0.2), (0.3, 0.8), (0.7, 0.8)]],
    [[(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8), (0.2, 0.2)], [(0.2, 0.2), (0.8, 0.8)]],
]

# How far what was seen has moved since the page began, as browsers count it: 0 is nothing, and 0.1 is called good.
MOVED = """() => new Promise(done => {
    let sum = 0;
    new PerformanceObserver(list => list.getEntries().forEach(({value}) => { sum += value })).observe(
        {type: "layout-shift", buffered: true});
    setTimeout(() => done(sum), 500);
})"""


def by_another_hand(strokes):
    """Smaller, elsewhere, and a little askew."""
    return [[(0.1 + 0.7 * x + 0.06 * y, 0.2 + 0.65 * y - 0.05 * x) for x, y in stroke] for stroke in strokes]


def test_nothing_moves_when_the_pad_comes(open_page):
    page = open_page("/characters", width=390, height=844)
    page.locator(".board:not([inert])").wait_for()
    assert page.evaluate(MOVED) < 0.1


def test_five_symbols_by_hand_are_told_apart_and_stay(open_page, tmp_path):
    page = open_page("/characters")
    expect(page.locator(".verdict")).to_contain_text("Most like C")  # before anybody has drawn
    press(page, "Draw my own")
    for strokes in SYMBOLS:
        for stroke in strokes:
            draw(page, *stroke)
        press(page, "Next")
    right = 0
    for way, strokes in enumerate(SYMBOLS):
        for stroke in by_another_hand(strokes):
            draw(page, *stroke)
        expect(page.locator(".board:not(.busy) .verdict")).to_contain_text("%")
        right += f"Most like {'ABCDE'[way]}" in page.locator(".verdict").inner_text()
        if way < 4:
            press(page, "Another question")
    assert right == 5
    verdict = page.locator(".verdict").inner_text()

    take = page.get_by_role("button", name="Take along (zip)")
    take.hover()
    page.wait_for_timeout(500)  # as long as a hand takes: what is taken along is what Python has heard of
    wait_until_idle(page)
    with page.expect_download() as download:
        expect(take).to_be_enabled()
        take.click()
    download.value.save_as(tmp_path / "mine.zip")
    page.get_by_role("link", name="Home").click()
    page.locator(".bench").wait_for()
    page.get_by_role("link", name="Characters").click()
    expect(page.locator(".verdict")).to_have_text(verdict)
    expect_counts(page, 1, 1, 1, 1, 1)

    press(page, "Clear all")
    expect_counts(page, 0, 0, 0, 0, 0)
    page.get_by_role("button", name="Bring back").click()
    page.locator(f".st-key-_drawings_file {FILES}").set_input_files(tmp_path / "mine.zip")
    expect_counts(page, 1, 1, 1, 1, 1)
    expect(page.locator(".verdict")).to_have_text(verdict)


def test_a_game_against_the_learner(open_page):
    page = open_page("/characters")
    for question in range(15):
        page.get_by_text(f"Question {question + 1} of 15").wait_for()
        page.get_by_role("button", name="A", exact=True).click()
    wait_until_idle(page)
    expect(page.locator(".st-key-scores")).to_contain_text("3 of 15")
    expect(page.locator(".st-key-scores")).to_contain_text("The learner")


def test_a_folder_is_brought_one_picture_is_named_and_many_come_back_sorted(open_page, tmp_path):
    for name, content in shapes(3).items():
        (tmp_path / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / name).write_bytes(content)
    page = open_page("/characters")
    page.locator(".st-key-_known_pictures_how").get_by_role("radio", name="A folder").click()
    page.locator(f".st-key-_known_pictures_folder {FILES}").set_input_files(tmp_path / "mine")
    page.get_by_text("3 classes of 3 pictures each: a folder for each class").wait_for()
    expect(page.get_by_test_id("stMetric").filter(has_text="Right about")).to_contain_text("100 %")
    asked = page.locator(f".st-key-_asked_pictures {FILES}")
    asked.set_input_files({"name": "what.png", "mimeType": "image/png", "buffer": drawn("corner", 77)})
    page.get_by_text("It is most likely corner").wait_for()
    two = [("a.png", drawn("cross", 90)), ("b.png", drawn("bar", 91))]
    asked.set_input_files([{"name": name, "mimeType": "image/png", "buffer": content} for name, content in two])
    page.get_by_text("3 pictures without classes").wait_for()
    wait_until_idle(page)
    with page.expect_download() as download:
        page.locator(".st-key-take_sorted").get_by_role("button", name="Sorted pictures (zip)").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        assert set(archive.namelist()) == {"cross/a.png", "bar/b.png", "corner/what.png"}
