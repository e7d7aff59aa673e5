"""The button that copies a page's address, where the browser lets it and where not."""

from playwright.sync_api import expect


def copied(page):
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    return page.evaluate("navigator.clipboard.readText()")


def test_the_link_is_copied_and_opens_what_is_shown(open_page):
    page = open_page("/adapt?task_seed=7")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    link = copied(page)
    assert link.startswith(page.url.split("?")[0]) and "task_seed=7" in link and "v=" in link
    page.goto(link)
    expect(page.get_by_role("spinbutton", name="Seed of the tasks")).to_have_value("7")
    page.get_by_role("radio", name="Pretrained on all tasks").click()
    assert "shown=pretrained" in copied(page)


def test_where_the_browser_refuses_the_link_is_shown_and_selected(open_page):
    page = open_page("/adapt?task_seed=7")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new DOMException('', 'NotAllowedError')); }")
    page.get_by_role("button", name="Copy link").click()
    field = page.get_by_role("textbox", name="The link")
    expect(field).to_be_visible()
    expect(page.get_by_text("press Ctrl+C")).to_be_visible()
    assert "task_seed=7" in field.input_value()
    assert field.evaluate("field => field.selectionEnd - field.selectionStart") == len(field.input_value())
    page.evaluate("Object.defineProperty(navigator, 'clipboard', {value: undefined})")  # as on a page that came by plain http
    page.get_by_role("button", name="Copy link").click()
    expect(field).to_be_visible()
