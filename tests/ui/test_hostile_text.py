"""Texts that want to be more than text, on every page, in a real browser: nothing runs, and nothing breaks the page."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page

from schemas.text import storable
from tests.ui.attacks import ATTACKS, PRODUCT
from tests.ui.filled import Filled
from tests.ui.steps import sign_in_with
from webapi.display import visible

pytestmark = pytest.mark.ui

LISTS = ("/", "/batches", "/datasets", "/files", "/new", "/people", "/audit", "/account")
LOOK = """() => {
    const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) {
        if (!walker.currentNode.parentElement.closest("textarea")) texts.push(walker.currentNode.data);
    }
    return {
        ran: "attacked" in window,
        planted: document.querySelectorAll("[data-attack]").length,
        tooWide: document.documentElement.scrollWidth > innerWidth,
        text: texts.join(" "),
    };
}"""
# What must never be in a page as it is: controls, and marks that change the direction or can't be seen.
RAW = re.compile(
    "[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\U000e0000-\U000e007f]"
)


@pytest.fixture(scope="module")
def narrow(browser: Browser, filled: Filled) -> Iterator[Page]:
    """A telephone in the hand of somebody whose own name is hostile."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.set_default_timeout(20_000)
    page.on("dialog", lambda dialog: pytest.fail(f"a dialog opened: {dialog.message}"))
    sign_in_with(page, filled.system, filled.key)
    yield page
    context.close()


def look_at(page: Page, filled: Filled, path: str) -> Any:
    """What the browser makes of a page; everything that is wrong with it fails."""
    complaints: list[str] = []

    def listen(message: Any) -> None:
        if message.type == "error":
            complaints.append(message.text)

    page.on("console", listen)
    page.goto(filled.system.running.ui_url + path)
    seen = page.evaluate(LOOK)
    page.remove_listener("console", listen)
    assert not seen["ran"], path
    assert seen["planted"] == 0, path
    assert not seen["tooWide"], path
    assert RAW.search(seen["text"]) is None, path
    assert PRODUCT not in seen["text"], path
    assert complaints == [], path
    return seen


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_shown_as_text(narrow: Page, filled: Filled, attack: str) -> None:
    wanted = storable(ATTACKS[attack])
    look_at(narrow, filled, filled.batches[attack])
    assert narrow.locator("h1").text_content() == visible(wanted.strip())
    look_at(narrow, filled, filled.datasets[attack])
    assert narrow.locator("h1").text_content() == visible(wanted[:200].strip())
    look_at(narrow, filled, filled.examples[attack])
    assert narrow.locator(".answers .text").first.text_content() == visible(wanted)
    # A browser has one kind of line end.
    kept = wanted.replace("\r\n", "\n").replace("\r", "\n")
    assert narrow.get_by_label("A better answer").input_value() == kept


@pytest.mark.parametrize("path", LISTS)
def test_a_list_of_attacks_is_a_list_of_texts(narrow: Page, filled: Filled, path: str) -> None:
    look_at(narrow, filled, path)


def test_a_table_of_attacks_is_a_table_of_texts(narrow: Page, filled: Filled) -> None:
    look_at(narrow, filled, filled.dataset)
    look_at(narrow, filled, filled.batch)
    for name in ("q", "tag", "category", "model"):
        look_at(narrow, filled, f"{filled.dataset}?{name}={quote(ATTACKS['attribute'])}")


@pytest.mark.parametrize("path", ["/datasets/{}", "/batches/{}", "/examples/{}", "/nothing/{}", "/files/{}/content"])
def test_an_address_that_attacks_is_an_error_that_shows_text(narrow: Page, filled: Filled, path: str) -> None:
    for attack in ("script", "attribute", "right to left"):
        complaint = f"{path} {attack}"
        narrow.goto(filled.system.running.ui_url + path.format(quote(ATTACKS[attack], safe="")))
        seen = narrow.evaluate(LOOK)
        assert not (seen["ran"] or seen["planted"] or seen["tooWide"]), complaint
        assert RAW.search(seen["text"]) is None, complaint


@pytest.mark.parametrize("path", ["datasets", "batches", "keys"])
def test_half_of_a_surrogate_pair_is_refused_where_it_is_typed(filled: Filled, path: str) -> None:
    body = b'{"name": "a \\ud83d b", "role": "viewer", "metadata": {"x": "\\ud83d"}}'
    with filled.system.http() as http:
        answer = http.post(f"/v1/{path}", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
