"""What a person does: sign in, submit, watch, download. In a real browser, on a real system."""

import json
import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.system import System
from tests.ui.steps import fill_form, sign_in, write_requests

pytestmark = pytest.mark.ui

LINES = 250
BATCH_MS = 60_000
# ReDoc asks for it from its maker's server, and has no option not to. Our pages' policy refuses it.
REDOCS_LOGO = "cdn.redoc.ly/redoc/logo-mini.svg"
Scheme = Literal["light", "dark"]


@pytest.fixture
def requests_file(tmp_path: Path) -> Path:
    return write_requests(tmp_path, LINES)


def test_a_person_submits_a_file_watches_it_run_and_downloads_the_answers(
    page: Page, complaints: list[str], slow_system: System, requests_file: Path
) -> None:
    sign_in(page, slow_system)
    fill_form(page, requests_file, "Spring candidates")

    # Nobody reloads the page: it keeps itself fresh.
    page.evaluate("window.neverReloaded = true")
    expect(page.get_by_role("img", name=f"of {LINES}")).to_be_visible()
    expect(page.get_by_text(re.compile(r"about .+ left \(.+ to .+\)"))).to_be_visible()
    expect(page.get_by_text("completed", exact=True)).to_be_visible(timeout=BATCH_MS)
    assert page.evaluate("window.neverReloaded") is True

    with page.expect_download() as download:
        page.get_by_role("link", name="Download answers").click()
    answers = [json.loads(line) for line in download.value.path().read_bytes().splitlines()]
    assert [answer["custom_id"] for answer in answers] == [f"c-{number}" for number in range(LINES)]
    assert complaints == []


def test_a_person_cancels_a_batch_and_retries_the_rest(page: Page, slow_system: System, tmp_path: Path) -> None:
    # Minutes of work, so that it still runs when the page has been read.
    long = write_requests(tmp_path, 20 * LINES)
    sign_in(page, slow_system)
    fill_form(page, long, "To be cancelled")
    expect(page.get_by_role("link", name="Download what is finished")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    first = page.url
    page.get_by_role("button", name="Retry what did not succeed").click(timeout=BATCH_MS)
    expect(page.get_by_text("Retry of")).to_be_visible()
    assert page.url != first


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_page_is_wider_than_its_window(browser: Browser, slow_system: System, width: int, scheme: Scheme) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    page.goto(slow_system.running.api_url)
    too_wide = "document.documentElement.scrollWidth > innerWidth"
    assert not page.evaluate(too_wide)
    sign_in(page, slow_system)
    for path in ("/", "/batches", "/files", "/new"):
        page.goto(slow_system.running.ui_url + path)
        assert not page.evaluate(too_wide), path
    context.close()


def test_the_browser_finds_nothing_wrong_with_any_page(page: Page, complaints: list[str], slow_system: System) -> None:
    running = slow_system.running
    sign_in(page, slow_system)
    pages = [running.ui_url + path for path in ("/", "/batches", "/files", "/new", "/sign-in")]
    for address in [*pages, *(running.api_url + path for path in ("/", "/docs", "/redoc"))]:
        page.goto(address, wait_until="networkidle")
    assert [complaint for complaint in complaints if REDOCS_LOGO not in complaint] == []


@pytest.mark.parametrize("path", ["/", "/docs", "/redoc"])
def test_pages_work_without_the_rest_of_the_internet(page: Page, slow_system: System, path: str) -> None:
    answered: list[str] = []
    page.on("response", lambda response: answered.append(response.url))
    page.goto(slow_system.running.api_url + path)
    expect(page.get_by_text("batches").first).to_be_visible()
    hosts = {urlsplit(address).netloc for address in answered if address.startswith("http")}
    assert hosts == {urlsplit(slow_system.running.api_url).netloc}


def test_commands_are_copied_with_one_click(browser: Browser, slow_system: System) -> None:
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(slow_system.running.api_url)
    page.get_by_role("button", name="Copy").nth(2).click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "from openai import OpenAI" in page.evaluate("navigator.clipboard.readText()")
    context.close()
