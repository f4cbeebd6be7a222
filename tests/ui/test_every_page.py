"""Every page of the UI: somebody can get to it, it fits its window, and axe finds nothing wrong with it."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.ui.axe import AXE
from tests.ui.every_page import address_book, linked_pages, wanted_endpoints
from tests.ui.filled import Filled
from tests.ui.steps import sign_in_with

pytestmark = pytest.mark.ui

Scheme = Literal["light", "dark"]
# Colours are what differs in the dark.
RULES: Mapping[Scheme, Any] = {
    "light": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "dark": {"type": "rule", "values": ["color-contrast"]},
}
RUN = """async (rules) => {
    const found = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
    return found.violations.map(({ id, impact, nodes }) => [id, impact, nodes.map((node) => node.html.slice(0, 200))]);
}"""


@pytest.fixture(scope="module")
def pages(filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    book = address_book(tmp_path_factory.mktemp("pages"))
    found, files = linked_pages(filled, book)
    assert wanted_endpoints(book) - found.keys() - files == set(), "no link on a filled system leads there"
    return found | {"not found": "/nothing", "view without examples": f"{filled.dataset}?q=nothing-like-it"}


@pytest.fixture(scope="module", params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> Scheme:
    chosen: Scheme = request.param
    return chosen


@pytest.fixture(scope="module")
def visit(browser: Browser, filled: Filled, scheme: Scheme) -> Iterator[BrowserContext]:
    # What a policy forbids to pages is what a check of them needs: a script from outside.
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce", bypass_csp=True)
    yield context
    context.close()


def violations(context: BrowserContext, address: str, scheme: Scheme) -> Any:
    page = context.new_page()
    page.goto(address)
    page.evaluate(AXE)
    found = page.evaluate(RUN, RULES[scheme])
    page.close()
    return found


def test_axe_finds_nothing_wrong_with_any_page(
    visit: BrowserContext, filled: Filled, pages: Mapping[str, str], scheme: Scheme
) -> None:
    url = filled.system.running.ui_url
    assert violations(visit, f"{url}/sign-in", scheme) == []
    page = visit.new_page()
    sign_in_with(page, filled.system, filled.key)
    wrong = {name: found for name, path in pages.items() if (found := violations(visit, url + path, scheme))}
    assert wrong == {}


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_fits_its_window(browser: Browser, filled: Filled, pages: Mapping[str, str], width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800})
    page = context.new_page()
    sign_in_with(page, filled.system, filled.key)
    wide = []
    for name, path in pages.items():
        page.goto(filled.system.running.ui_url + path)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        wide += [name] if page.evaluate("document.documentElement.scrollWidth > innerWidth") else []
    context.close()
    assert wide == []
