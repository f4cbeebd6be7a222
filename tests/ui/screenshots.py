"""`make screenshots`: a picture of every page, light and dark, on a desk and in a hand."""

import itertools
import tempfile
from pathlib import Path
from typing import Final

import click
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from tests.system import System, started
from tests.ui.conftest import launch
from tests.ui.every_page import address_book, linked_pages
from tests.ui.filled import Filled, fill
from tests.ui.steps import sign_in_with

WIDTHS: Final = (1280, 390)
SCHEMES: Final = ("light", "dark")
ENGINE: Final = ("--engine=stub", "--engine-arg=latency_ms=200", "--without=flower")


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def main(folder: Path) -> None:
    """Take them all and put them into this folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="vbs-screenshots-") as place:
        Path(place).chmod(0o755)
        with started(Path(place, "system"), *ENGINE) as system, sync_playwright() as playwright:
            browser = launch(playwright)
            take(browser, system, system.key, {"empty": "/"}, folder)
            filled = fill(system)
            take(browser, system, system.key, pages_of(filled, Path(place)), folder)
            browser.close()
    click.echo(f"{len(list(folder.glob('*.png')))} pictures are in {folder}.")


def pages_of(filled: Filled, place: Path) -> dict[str, str]:
    found, _ = linked_pages(filled, address_book(place))
    extra = {
        "datasets.show-hostile": f"{filled.dataset}?sort=newest",
        "datasets.show-nothing": f"{filled.dataset}?q=nothing-like-it",
        "review.show-hostile": filled.examples["long word"],
        "batches.show-failed": filled.batches["script"],
        "error": "/nothing",
    }
    return found | extra


def take(browser: Browser, system: System, key: str, pages: dict[str, str], folder: Path) -> None:
    for width, scheme in itertools.product(WIDTHS, SCHEMES):
        window = ViewportSize(width=width, height=800)
        context = browser.new_context(viewport=window, color_scheme=scheme)
        page = context.new_page()
        page.goto(f"{system.running.ui_url}/sign-in")
        shoot(page, folder / f"session.show_form-{width}-{scheme}.png")
        sign_in_with(page, system, key)
        for name, path in pages.items():
            page.goto(system.running.ui_url + path)
            shoot(page, folder / f"{name}-{width}-{scheme}.png")
        context.close()


def shoot(page: Page, file: Path) -> None:
    page.screenshot(path=file, full_page=True)


if __name__ == "__main__":
    main()
