"""A real Chromium in front of a whole system whose engine takes its time."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from tests.system import System, started
from tests.ui.filled import Filled, fill

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# Other tests run beside these.
expect.set_options(timeout=20_000)


def launch(playwright: Playwright) -> Browser:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise FileNotFoundError(f"none of {', '.join(BROWSERS)} is installed")
    return playwright.chromium.launch(executable_path=path, args=list(FLAGS))


# Not for the whole run: while it is open its event loop runs in this thread, and no other test could run one.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        try:
            browser = launch(playwright)
        except FileNotFoundError as missing:
            pytest.skip(str(missing))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def slow_system(server_dir: Path) -> Iterator[System]:
    """Answers 20 requests at a time, and each takes a second."""
    slow = ("--engine-arg=latency_ms=1000", "--engine-arg=concurrency=20")
    with started(server_dir / "slow", "--engine=stub", *slow, "--without=flower") as system:
        yield system


@pytest.fixture(scope="session")
def filled(slow_system: System) -> Filled:
    """The same, with something on every page."""
    return fill(slow_system)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(20_000)
    yield page
    context.close()


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser finds wrong with our pages."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found
