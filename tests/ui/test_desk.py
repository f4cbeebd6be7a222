"""One answer at a time with the keyboard alone: of a view, and of a queue. In a real browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from curation.queue_making import AT_ONCE
from tests.integration.inference.batch_fixtures import as_jsonl
from tests.system import System
from tests.ui.filled import call, is_taken_in, upload, wait_for
from tests.ui.steps import sign_in
from tests.ui.test_review import LINES, counted, review

pytestmark = pytest.mark.ui


def open_desk(page: Page, system: System, folder: Path) -> str:
    """Review a new dataset's answers one at a time; returns the address of its table."""
    review(page, system, folder)
    table = page.url
    page.get_by_role("link", name="Review one at a time").click()
    expect(page.get_by_role("article", name="Example 1", exact=True)).to_be_visible()
    return table


def open_queue(page: Page, system: System, folder: Path, **chosen: str) -> str:
    """The same from a queue; returns the queue's address."""
    review(page, system, folder)
    page.get_by_role("link", name="Make a queue").click()
    for label, option in chosen.items():
        page.get_by_label(label).select_option(option)
    page.get_by_role("button", name="Make the queue").click()
    expect(page.get_by_text("Nobody has begun")).to_be_visible()
    queue = page.url
    page.get_by_role("link", name="Review", exact=True).click()
    expect(page.get_by_role("article", name="Example 1", exact=True)).to_be_visible()
    return queue


def all_saved(page: Page) -> None:
    expect(page.locator("#saved")).to_have_text("Saved")


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_twenty_answers_of_a_view_are_reviewed_with_the_keyboard_only(
    page: Page, complaints: list[str], slow_system: System, tmp_path: Path
) -> None:
    table = open_desk(page, slow_system, tmp_path)
    press(page, "?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    press(page, "Escape")
    # Faster than the server answers.
    for number in range(LINES):
        if number % 5 == 0:
            press(page, "s", "7")
        press(page, "r" if number % 4 == 0 else "a")
    expect(page.get_by_text("That was the last one")).to_be_visible()
    expect(page.locator("#progress")).to_have_text(f"{LINES} of {LINES}")
    all_saved(page)
    press(page, "u")
    expect(page.get_by_role("article", name=f"Example {LINES}", exact=True)).to_be_visible()
    all_saved(page)
    page.goto(table)
    shown = {name: counted(page, name).inner_text() for name in ("To review", "Approved", "Rejected", "Gold")}
    assert shown == {"To review": "1", "Approved": "14", "Rejected": "5", "Gold": "4"}
    assert complaints == []


def test_texts_save_themselves_and_undo_goes_back_step_by_step(
    page: Page, complaints: list[str], slow_system: System, tmp_path: Path
) -> None:
    table = open_desk(page, slow_system, tmp_path)
    article = page.get_by_role("article", name="Example 1", exact=True)
    press(page, "e")
    editor = page.get_by_label("A better answer")
    expect(editor).to_be_focused()
    # Letters are letters where somebody types.
    page.keyboard.type(" as")
    expect(article.locator("[data-diff] ins")).to_contain_text("as")
    all_saved(page)
    press(page, "Escape", "t")
    page.keyboard.type("nursing, fine")
    press(page, "Enter", "c")
    page.keyboard.type("spring")
    press(page, "Escape", "n")
    page.keyboard.type("why <b>not</b>")
    press(page, "Escape", "3", "+")
    expect(article.locator("[data-show=score]")).to_have_text("score 0.4")
    expect(article.get_by_role("button", name="nursing")).to_be_visible()
    all_saved(page)
    page.reload()
    expect(page.get_by_label("Notes")).to_have_value("why <b>not</b>")
    expect(page.get_by_label("Category")).to_have_value("spring")
    assert editor.input_value().endswith(" as")
    press(page, "-", "a")
    expect(page.get_by_role("article", name="Example 2", exact=True)).to_be_visible()
    press(page, "u", "u")
    expect(article.locator("[data-show=status]")).to_have_text("needs review")
    expect(article.locator("[data-show=score]")).to_have_text("score 0.4")
    press(page, "u")
    expect(page.get_by_text("There is nothing left to undo")).to_be_visible()
    all_saved(page)
    # Who edits on is not lost when they go on from within the text.
    press(page, "n")
    page.keyboard.type("!")
    press(page, "Control+Enter")
    expect(page.get_by_role("article", name="Example 2", exact=True)).to_be_visible()
    press(page, "k")
    expect(page.get_by_label("Notes")).to_have_value("why <b>not</b>!")
    all_saved(page)
    page.goto(table)
    expect(counted(page, "To review")).to_have_text(str(LINES))
    assert complaints == []


def test_a_queue_is_reviewed_while_the_network_comes_and_goes(page: Page, slow_system: System, tmp_path: Path) -> None:
    queue = open_queue(page, slow_system, tmp_path)
    press(page, "a", "j", "r")
    expect(page.get_by_role("article", name="Example 4", exact=True)).to_be_visible()
    all_saved(page)
    page.context.set_offline(True)
    press(page, "a")
    expect(page.locator("#saved")).to_have_text("Not saved, retrying")
    expect(page.get_by_role("article", name="Example 5", exact=True)).to_be_visible()
    page.context.set_offline(False)
    all_saved(page)
    for _ in range(LINES - 4):
        press(page, "a")
    # What was skipped comes last.
    expect(page.get_by_role("article", name="Example 2", exact=True)).to_be_visible()
    press(page, "r")
    expect(page.get_by_text("That was the last one")).to_be_visible()
    press(page, "u", "a")
    expect(page.get_by_text("That was the last one")).to_be_visible()
    expect(page.locator("#progress")).to_have_text(f"{LINES} of {LINES}")
    all_saved(page)
    page.goto(queue)
    assert counted(page, "Decided").inner_text() == str(LINES)


def test_a_large_queue_opens_by_itself(page: Page, complaints: list[str], slow_system: System) -> None:
    lines = as_jsonl([{"prompt": f"Question {n}?", "completion": "Yes."} for n in range(AT_ONCE + 1)])
    with slow_system.http() as http:
        dataset = call(http, "datasets", name="Many")["id"]
        call(http, f"datasets/{dataset}/uploads", file_id=upload(http, "many.jsonl", lines))
        wait_for(lambda: is_taken_in(http, dataset))
    sign_in(page, slow_system)
    page.goto(f"{slow_system.running.ui_url}/datasets/{dataset}/queues/new")
    page.get_by_role("button", name="Make the queue").click()
    # Nobody reloads the page while a worker makes it.
    expect(counted(page, "Answers")).to_have_text(f"{AT_ONCE + 1:,}")
    page.get_by_role("link", name="Review", exact=True).click()
    expect(page.get_by_role("article", name="Example 1", exact=True)).to_be_visible()
    assert complaints == []


def test_an_answer_that_is_edited_fits_a_narrow_window(browser: Browser, slow_system: System, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    queue = open_queue(page, slow_system, tmp_path, **{"Reviews of each answer": "2"})
    too_wide = "document.documentElement.scrollWidth > innerWidth"
    press(page, "e")
    page.keyboard.type(" and more")
    press(page, "Escape", "s", "7", "t")
    page.keyboard.type("a-tag, another")
    press(page, "Enter")
    all_saved(page)
    assert not page.evaluate(too_wide)
    press(page, "a")
    all_saved(page)
    page.goto(queue)
    expect(page.get_by_text("Too few to say").first).to_be_visible()
    for address in (queue, f"{queue}/agreement", f"{queue}/disputes", f"{slow_system.running.ui_url}/queues"):
        page.goto(address)
        assert not page.evaluate(too_wide)
    context.close()
