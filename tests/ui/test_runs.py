"""A dataset of one's own in a real browser: uploaded, run, and its answers in the table."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.integration.inference.batch_fixtures import as_jsonl
from tests.system import System
from tests.ui.steps import sign_in

pytestmark = pytest.mark.ui

LINES = 30
RUN_MS = 60_000
TOO_WIDE = "document.documentElement.scrollWidth > innerWidth"


def upload(page: Page, system: System, folder: Path) -> None:
    """Open a dataset of a file with a bad line."""
    file = folder / "questions.jsonl"
    lines = [{"custom_id": f"q-{n // 2}/{n}", "prompt": f"Question {n} of {n * 7}?"} for n in range(LINES)]
    file.write_bytes(as_jsonl(lines) + b"{oops\n")
    sign_in(page, system)
    page.get_by_role("link", name="Datasets", exact=True).click()
    page.get_by_label("Name").fill("Spring questions")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    # Nobody reloads the page while the file is taken in.
    expect(page.get_by_text(f"Run a model on its {LINES} items")).to_be_visible()
    expect(page.get_by_text("1 line was not taken")).to_be_visible()


def test_a_file_is_uploaded_run_and_its_answers_are_in_the_table(
    page: Page, complaints: list[str], slow_system: System, tmp_path: Path
) -> None:
    upload(page, slow_system, tmp_path)
    page.get_by_role("link", name="Run models").click()
    page.get_by_label("Longest answer").fill("20")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text(f"of {LINES} answered")).to_be_visible()
    expect(page.get_by_text(f"{LINES} of {LINES} answered, {LINES} taken in")).to_be_visible(timeout=RUN_MS)
    expect(page.get_by_text("done", exact=True)).to_be_visible(timeout=RUN_MS)
    page.get_by_role("link", name="Examples").click()
    expect(page.get_by_role("heading", name=f"{LINES} examples")).to_be_visible()
    expect(page.get_by_text("to: Question 3 of 21?")).to_be_visible()

    page.get_by_role("link", name="Splits").click()
    page.get_by_label("Name").fill("First")
    page.get_by_role("button", name="Split", exact=True).click()
    expect(page.get_by_text("done", exact=True)).to_be_visible(timeout=RUN_MS)
    page.get_by_role("link", name="First", exact=True).click()
    expect(page.get_by_text("Nothing leaks")).to_be_visible()

    side = page.get_by_title("Show its answers").first
    many = side.inner_text()
    side.click()
    expect(page.get_by_role("heading", name=f"{many} examples in this view")).to_be_visible()
    expect(page.get_by_label("Side")).to_have_value("train")
    page.get_by_role("link", name=f"Run models on these {many}").click()
    expect(page.get_by_role("heading", name=f"Run models on the {many} items of the view")).to_be_visible()
    page.get_by_role("button", name="Run", exact=True).click()
    expect(page.get_by_text(f"Asked {many} items of a view")).to_be_visible()
    assert complaints == []
