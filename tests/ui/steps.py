"""What people do on the pages, again and again."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.integration.inference.batch_fixtures import as_jsonl, chat_line
from tests.system import System


def sign_in(page: Page, system: System) -> None:
    sign_in_with(page, system, system.key)


def sign_in_with(page: Page, system: System, key: str) -> None:
    page.goto(f"{system.running.ui_url}/sign-in")
    page.get_by_label("API key").fill(key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="What is running")).to_be_visible()


def fill_form(page: Page, file: Path, name: str) -> None:
    page.get_by_role("link", name="New batch").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Model").select_option(index=1)
    page.get_by_label("File of requests").set_input_files(file)
    page.get_by_role("button", name="Upload and start").click()


def write_requests(folder: Path, lines: int) -> Path:
    file = folder / "requests.jsonl"
    file.write_bytes(as_jsonl([chat_line(f"c-{number}", f"<b>{number}</b>") for number in range(lines)]))
    return file
