"""What a curator does with a task: copy it, put it right while typing, and save it. In a real browser."""

from typing import Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.system import System
from tests.ui.steps import sign_in

pytestmark = pytest.mark.ui


def test_a_task_is_put_right_while_it_is_typed_and_saved(
    page: Page, complaints: list[str], slow_system: System
) -> None:
    sign_in(page, slow_system)
    page.get_by_role("link", name="Tasks").click()
    page.get_by_role("link", name="Classification").click()
    page.get_by_role("link", name="Copy and edit").click()
    text = page.get_by_label("Task schema (JSON)")
    good = text.input_value()

    # Nobody presses a button: what is wrong shows while somebody types.
    text.fill(good.replace("{{text}}", "{{texd}}"))
    expect(page.get_by_text("One thing is wrong.")).to_be_visible()
    page.locator("[data-line]").click()
    assert "{{texd}}" in text.evaluate("area => area.value.slice(area.selectionStart, area.selectionEnd)")
    text.fill(good)
    expect(page.get_by_text("This is a task schema.")).to_be_visible()
    page.get_by_label("A row to try").fill('{"text": "A <b>new</b> row"}')
    expect(page.get_by_role("region", name="user message")).to_contain_text("A <b>new</b> row")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved as version 1.")).to_be_visible()
    assert complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_of_a_task_is_wider_than_its_window(
    browser: Browser, slow_system: System, width: int, scheme: Literal["light", "dark"]
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    sign_in(page, slow_system)
    for path in ("", "/cv_parsing", "/cv_parsing/requests", "/new?from=cv_parsing"):
        page.goto(f"{slow_system.running.ui_url}/tasks{path}")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
    context.close()
