"""What a curator does: take a batch's answers, star and edit them, undo, and export. In a real browser."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.system import System
from tests.ui.steps import fill_form, sign_in, write_requests

pytestmark = pytest.mark.ui

LINES = 20
BATCH_MS = 60_000


def review(page: Page, system: System, folder: Path) -> None:
    """Open a dataset of a batch's answers."""
    sign_in(page, system)
    fill_form(page, write_requests(folder, LINES), "Spring candidates")
    page.get_by_role("button", name="Review the answers").click(timeout=BATCH_MS)
    # Nobody reloads the page while answers are taken in.
    expect(page.get_by_role("heading", name=f"{LINES} examples")).to_be_visible()


def counted(page: Page, name: str) -> Locator:
    return page.locator(".tile", has=page.get_by_text(name, exact=True)).locator("dd")


def test_a_curator_stars_edits_undoes_and_exports(
    page: Page, complaints: list[str], slow_system: System, tmp_path: Path
) -> None:
    review(page, slow_system, tmp_path)
    page.get_by_role("button", name="Give a gold star").first.click()
    expect(page.get_by_text("1 example changed: gold yes.")).to_be_visible()

    page.get_by_label(f"With all {LINES}").select_option("Reject")
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_text(f"{LINES} examples changed: status rejected.")).to_be_visible()
    expect(page.get_by_label(f"With all {LINES}")).to_have_value("reject")
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator(".tile", has_text="To review")).to_contain_text(str(LINES))

    page.get_by_label("Gold star", exact=True).select_option("Yes")
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_role("link", name="1", exact=True).click()
    page.get_by_label("A better answer").fill("Hire.\nTruly.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("1 example changed: edited output Hire.")).to_be_visible()
    page.go_back()
    page.go_back()
    page.get_by_role("link", name="Export", exact=True).click()
    expect(page.get_by_role("heading", name="Export 1 example")).to_be_visible()
    expect(page.get_by_text("Fine-tuning takes at least 10 examples; here are 1.")).to_be_visible()
    page.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    (line,) = map(json.loads, download.value.path().read_bytes().splitlines())
    assert line == {
        "messages": [{"role": "user", "content": "<b>0</b>"}, {"role": "assistant", "content": "Hire.\nTruly."}]
    }
    assert complaints == []


def test_twenty_answers_are_reviewed_with_the_keyboard_only(
    page: Page, complaints: list[str], slow_system: System, tmp_path: Path
) -> None:
    review(page, slow_system, tmp_path)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keys")).to_be_hidden()
    # Faster than the server answers: each key waits for the one before.
    for number in range(LINES):
        if number % 5 == 0:
            page.keyboard.press("s")
        page.keyboard.press("r" if number % 4 == 0 else "a")
    expect(counted(page, "To review")).to_have_text("0", timeout=BATCH_MS)
    page.keyboard.press("u")
    expect(counted(page, "To review")).to_have_text("1", timeout=BATCH_MS)
    shown = {name: counted(page, name).inner_text() for name in ("Approved", "Rejected", "Gold")}
    assert shown == {"Approved": "14", "Rejected": "5", "Gold": "4"}
    page.keyboard.press("/")
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="1 example in this view")).to_be_visible()
    assert complaints == []


def test_no_key_is_lost_while_the_server_is_away(page: Page, slow_system: System, tmp_path: Path) -> None:
    review(page, slow_system, tmp_path)
    tries: list[str] = []

    def away(route: Route) -> None:
        tries.append(route.request.url)
        if len(tries) == 1:
            route.abort()
        elif len(tries) == 2:
            route.fulfill(status=503, body="Later.")
        else:
            route.continue_()

    page.route("**/change", away)
    for key in "sar":
        page.keyboard.press(key)
    expect(page.get_by_text("Not saved, retrying")).to_be_visible()
    expect(counted(page, "To review")).to_have_text(str(LINES - 2))
    shown = {name: counted(page, name).inner_text() for name in ("Approved", "Rejected", "Gold")}
    assert shown == {"Approved": "1", "Rejected": "1", "Gold": "1"}
    expect(page.get_by_label("Example 1", exact=True).get_by_text("gold", exact=True)).to_be_visible()
    assert len(tries) == 5
    page.keyboard.press("u")
    expect(counted(page, "Rejected")).to_have_text("0")


def test_a_key_counts_from_the_moment_at_which_the_list_of_keys_is_closed(
    page: Page, slow_system: System, tmp_path: Path
) -> None:
    review(page, slow_system, tmp_path)
    # Browsers take the focus from what is hidden only when they next draw the page.
    page.evaluate("""() => {
        const dialog = document.getElementById("keys");
        dialog.showModal();
        dialog.close();
        document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key: "s", bubbles: true }));
    }""")
    expect(counted(page, "Gold")).to_have_text("1")
