"""The whole way of a curator in a browser: three models asked the same, compared blind, the best exported."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.fine_tuning import faults_of_chats
from tests.integration.inference.batch_fixtures import as_jsonl
from tests.system import System, started
from tests.ui.steps import sign_in

pytestmark = pytest.mark.ui

MODELS = ("large", "small", "tuned")
PROMPTS = 12
RUN_MS = 60_000


@pytest.fixture(scope="module")
def three_models(server_dir: Path) -> Iterator[System]:
    models = [f"--model={name}={name}" for name in MODELS]
    with started(server_dir / "three", "--engine=stub", *models, "--without=flower") as system:
        yield system


def ask_all(page: Page, system: System, folder: Path) -> str:
    """A dataset of prompts, answered by three models; returns the address of its table."""
    file = folder / "questions.jsonl"
    file.write_bytes(as_jsonl([{"prompt": f"Is candidate {n} a fit?"} for n in range(PROMPTS)]))
    sign_in(page, system)
    page.get_by_role("link", name="Datasets", exact=True).click()
    page.get_by_label("Name").fill("Spring candidates")
    page.get_by_label("File", exact=True).set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_text(f"Run a model on its {PROMPTS} items")).to_be_visible()
    table = page.url
    page.get_by_role("link", name="Run models").click()
    for model in MODELS:
        page.get_by_label(model).check()
    page.get_by_role("button", name="Run", exact=True).click()
    everything = PROMPTS * len(MODELS)
    expect(page.get_by_text(f"{everything} of {everything} answered, {everything} taken in")).to_be_visible(
        timeout=RUN_MS
    )
    return table


def test_three_models_are_compared_and_the_best_answers_exported(
    page: Page, complaints: list[str], three_models: System, tmp_path: Path
) -> None:
    table = ask_all(page, three_models, tmp_path)

    page.get_by_role("link", name="Compare").click()
    for model in MODELS:
        page.get_by_label(model).check()
    page.get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="large").first).to_be_visible()
    page.get_by_role("link", name="Choose the best, blind").click()
    page.wait_for_load_state()
    for prompt in range(1, PROMPTS + 1):
        expect(page.get_by_role("heading", name=f"Prompt {prompt}", exact=True)).to_be_visible()
        page.keyboard.press("1" if prompt % 4 else "0")
    expect(page.get_by_text("You have chosen everywhere")).to_be_visible()
    page.keyboard.press("u")
    expect(page.get_by_role("heading", name=f"Prompt {PROMPTS}", exact=True)).to_be_visible()
    page.keyboard.press("2")
    page.get_by_role("link", name="See who is better").click()
    # Three pairs, each seen from both sides.
    expect(page.get_by_role("region", name="Table of win rates").get_by_role("row")).to_have_count(7)

    page.goto(table)
    page.get_by_role("heading", name="Summary").click()
    page.get_by_role("link", name="small").first.click()
    expect(page.get_by_role("heading", name=f"{PROMPTS} examples in this view")).to_be_visible()
    page.get_by_label(f"With all {PROMPTS}").select_option("Give a gold star")
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_text(f"{PROMPTS} examples changed: gold yes.")).to_be_visible()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.locator(".tile", has_text="Gold").locator("dd")).to_have_text("0")
    page.get_by_label(f"With all {PROMPTS}").select_option("Give a gold star")
    page.get_by_role("button", name="Do it").click()
    expect(page.locator(".tile", has_text="Gold").locator("dd")).to_have_text(str(PROMPTS))

    page.get_by_role("link", name="Export", exact=True).click()
    page.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click(timeout=RUN_MS)
    content = download.value.path().read_bytes()
    assert len(content.splitlines()) == PROMPTS
    assert faults_of_chats(content) == []
    assert complaints == []
