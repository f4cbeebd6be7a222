"""What a curator does with a task: copy it, put it right while typing, and save it. In a real browser."""

import pytest
from playwright.sync_api import Page, expect

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
