"""Answers side by side, and what differs between them marked in a real browser."""

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.integration.inference.batch_fixtures import as_jsonl
from tests.system import System
from tests.ui.filled import call, is_run, is_taken_in, upload, wait_for
from tests.ui.steps import sign_in

pytestmark = pytest.mark.ui

# What the stub says to it ends with the prompt.
PROMPTS = tuple(f"is <b>candidate</b> {number}, a fit?" for number in range(1, 13))
DIFF = "async ([before, after]) => (await import('/static/diff.js')).diff(before, after)"
SECOND = (
    "(text) => [...text.childNodes].filter((part) => part.nodeName !== 'DEL').map((part) => part.textContent).join('')"
)
MARKS = {"same": "{}", "del": "[-{}-]", "ins": "{{+{}+}}"}


@pytest.fixture(scope="module")
def comparison(slow_system: System) -> str:
    """The address of a page with answers of a file and of a model."""
    lines = as_jsonl([{"prompt": prompt, "completion": prompt.replace(",", ".")} for prompt in PROMPTS])
    with slow_system.http() as http:
        dataset = call(http, "datasets", name="Compared")["id"]
        call(http, f"datasets/{dataset}/uploads", file_id=upload(http, "compared.jsonl", lines))
        wait_for(lambda: is_taken_in(http, dataset))
        model = http.get("/v1/models").json()["data"][0]["id"]
        run = call(http, f"datasets/{dataset}/runs", models=[model])["id"]
        wait_for(lambda: is_run(http, run))
    return f"{slow_system.running.ui_url}/datasets/{dataset}/compare?model=file&model={model}"


def test_what_differs_is_marked_word_by_word_where_somebody_looks(
    page: Page, complaints: list[str], slow_system: System, comparison: str
) -> None:
    sign_in(page, slow_system)
    page.goto(comparison)
    expect(page.get_by_text("Words that only the first model said")).to_be_visible()
    beside = page.locator("[data-beside]")
    beside.first.scroll_into_view_if_needed()
    expect(beside.first.locator("ins").first).to_contain_text("Stub answer")
    assert beside.first.locator("del").all_inner_texts() == ["."]
    # What both have, and what the second one has, is its answer; nothing of it is markup.
    assert beside.first.evaluate(SECOND).endswith(f" to: {PROMPTS[0]}")
    assert beside.first.locator("b").count() == 0
    assert beside.last.locator("ins").count() == 0
    beside.last.scroll_into_view_if_needed()
    expect(beside.last.locator("ins").first).to_be_visible()
    assert complaints == []


def test_without_scripts_both_answers_can_be_read(browser: Browser, slow_system: System, comparison: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    sign_in(page, slow_system)
    page.goto(comparison)
    texts = page.locator(".side-by-side .text").all_inner_texts()
    assert texts[0] == PROMPTS[0].replace(",", ".")
    assert texts[1].endswith(f" to: {PROMPTS[0]}")
    expect(page.get_by_text("Words that only the first model said")).to_be_hidden()
    context.close()


@pytest.mark.parametrize(
    ("before", "after", "marked"),
    [
        ("A strong hire.", "A weak hire!", "A [-strong-]{+weak+} hire[-.-]{+!+}"),
        ("He said yes, twice.", "He (twice) said: yes", "He {+(twice) +}said{+:+} yes[-, twice.-]"),
        ("我们去北京。", "我们去上海。", "我们去[-北京-]{+上海+}。"),
        ("Ça e\u0301t\u00e9", "Ça", "Ça[- e\u0301t\u00e9-]"),
        ("", "one\r\n two", "{+one\r\n two+}"),
    ],
)
def test_words_match_beside_marks_and_letters_where_there_are_no_spaces(
    page: Page, slow_system: System, before: str, after: str, marked: str
) -> None:
    page.goto(f"{slow_system.running.ui_url}/sign-in")
    parts = page.evaluate(DIFF, [before, after])
    assert "".join(MARKS[kind].format(text) for kind, text in parts) == marked
