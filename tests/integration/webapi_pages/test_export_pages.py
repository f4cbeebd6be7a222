"""Exporting in the browser: choosing, looking at it first, downloading, repeating and deleting."""

import json
import re

import pytest
from sqlalchemy import select

from curation.exports import writer
from schemas.database import session_scope
from schemas.states import Role
from schemas.tables import Export
from tests.integration.webapi_pages.conftest import SignIn, Visitor
from tests.integration.webapi_pages.test_batch_pages import HOSTILE
from tests.integration.webapi_pages.test_dataset_pages import example_of, reviewed


def write_exports() -> None:
    with session_scope() as session:
        begun = session.scalars(select(Export.id)).all()
    for export_id in begun:
        writer.run(session_scope, export_id)


def link(page: str, pattern: str) -> str:
    found = re.search(pattern, page)
    assert found, page
    return found[1].replace("&amp;", "&")


def test_a_view_is_looked_at_exported_downloaded_repeated_and_deleted(curator: Visitor) -> None:
    table = reviewed(curator, [f"Is candidate {n} a fit?" for n in range(20)])
    curator.send(f"{table}/change", action="star", next=table)
    export = link(curator.see(f"{table}?gold=yes"), r'href="([^"]*/export[^"]*)"')
    page = curator.see(export)
    assert "Export 20 examples" in page
    assert "Estimated: no tokenizer of the model is at hand" in page
    assert "Is candidate 0 a fit?" in page
    assert re.search(r'aria-current="true">All gold<', page)
    recent = curator.see(link(page, r'href="([^"]*)" >Changed in the last 30 days<'))
    assert re.search(r'aria-current="true">Changed in the last 30 days<', recent)
    assert "Export 20 examples" in recent

    action = link(page, r'formaction="([^"]*)"')
    listed = curator.send(action, format="chat", system="other", system_prompt="Be\r\nbrief.").text
    assert "0 of 20 examples read" in listed
    assert 'data-live="on"' in listed
    write_exports()
    listed = curator.see(f"{table}/exports")
    assert 'data-live="off"' in listed
    lines = [json.loads(line) for line in curator.see(link(listed, r'href="(/files/[^"]*)"')).splitlines()]
    assert len(lines) == 20
    assert lines[0]["messages"][0] == {"role": "system", "content": "Be\nbrief."}
    manifest = json.loads(curator.see(link(listed, r'href="([^"]*/manifest)"')))
    assert (manifest["examples"], manifest["view"]) == (20, {"gold": "yes"})

    listed = curator.send(link(listed, r'action="([^"]*/repeat)"')).text
    assert "version 2" in listed
    write_exports()
    for _ in range(2):
        listed = curator.send(link(curator.see(f"{table}/exports"), r'action="([^"]*/delete)"')).text
        assert "The export and its file are deleted." in listed
    assert "No exports yet" in listed
    assert curator.http.get(link(listed, r'href="([^"]*/export)"')).status_code == 200


def test_a_preview_is_in_the_form_and_with_the_options_that_were_chosen(curator: Visitor) -> None:
    table = reviewed(curator, ["text", "text", "other"])
    preview = f"{table}/export/preview"
    page = curator.send(preview, format="csv", leave_out_duplicates="on").text
    assert "&#34;custom_id&#34;" in page
    assert "left out" in page
    assert "Fine-tuning takes at least" not in page
    page = curator.send(preview, format="prompt_completion", system="other", system_prompt="Be brief.").text
    assert "Fine-tuning takes at least 10 examples; here are 3." in page
    assert "System: Be brief." in page
    assert "A preference is an answer that somebody has mended" in curator.send(preview, format="dpo").text
    curator.send(f"{example_of(1)}/change", edited_output="Better.")
    assert "non_preferred_output" in curator.send(preview, format="dpo").text
    assert "&#34;model_output&#34;" in curator.send(preview, format="parquet").text
    assert "Nothing to export" in curator.see(f"{table}/export?gold=yes")


def test_an_export_without_a_file_says_why(curator: Visitor) -> None:
    table = reviewed(curator, ["text"])
    curator.send(f"{table}/export", format="dpo")
    write_exports()
    assert "No example of this view makes a line of this format." in curator.see(f"{table}/exports")


def test_hostile_text_is_shown_as_text(curator: Visitor) -> None:
    table = reviewed(curator, [HOSTILE])
    curator.send(f"{example_of(1)}/change", edited_output=HOSTILE)
    curator.send(f"{table}/export?q=%3Cscript%3E&tag=%3Cb%3Ebold", format="csv")
    curator.send(f"{table}/export", format="csv", system="other", system_prompt=HOSTILE)
    write_exports()
    previewed = curator.send(f"{table}/export/preview", format="csv", system="other", system_prompt=HOSTILE).text
    for page in (curator.see(f"{table}/export"), previewed, curator.see(f"{table}/exports")):
        assert not re.search("<script>alert|<b>bold", page)
        shown = re.sub(r"<textarea.*?</textarea>", "", page, flags=re.DOTALL)
        assert not re.search("[\x07\u202e]", shown)


@pytest.mark.parametrize(
    ("query", "fields"),
    [("", {"format": "xml"}), ("?statsu=approved", {"format": "chat"}), ("?changed_since=x", {"format": "chat"})],
)
def test_what_means_nothing_is_refused(curator: Visitor, query: str, fields: dict[str, str]) -> None:
    table = reviewed(curator, ["text"])
    for path in ("export", "export/preview"):
        assert curator.send(f"{table}/{path}{query}", **fields).status_code == 400


@pytest.mark.parametrize("role", [Role.VIEWER, Role.USER])
def test_who_is_no_curator_previews_and_downloads_but_exports_nothing(
    curator: Visitor, sign_in: SignIn, role: Role
) -> None:
    table = reviewed(curator, ["text"])
    curator.send(f"{table}/export", format="csv")
    write_exports()
    other = sign_in("onlooker", role, tenant="acme")
    assert "formaction" not in other.see(f"{table}/export")
    assert other.send(f"{table}/export/preview", format="csv").status_code == 200
    listed = other.see(f"{table}/exports")
    assert other.see(link(listed, r'href="(/files/[^"]*)"'))
    assert "/repeat" not in listed
    repeat = link(curator.see(f"{table}/exports"), r'action="([^"]*/repeat)"')
    for path in (f"{table}/export", repeat, repeat.replace("repeat", "delete")):
        assert other.send(path, format="csv").status_code == 403


def test_another_tenant_finds_nothing(curator: Visitor, sign_in: SignIn) -> None:
    table = reviewed(curator, ["text"])
    curator.send(f"{table}/export", format="csv")
    write_exports()
    listed = curator.see(f"{table}/exports")
    other = sign_in("other", Role.CURATOR)
    for path in (f"{table}/export", f"{table}/exports", link(listed, r'href="([^"]*/manifest)"')):
        assert other.http.get(path).status_code == 404
    repeat = link(listed, r'action="([^"]*/repeat)"')
    for path in (f"{table}/export", f"{table}/export/preview", repeat, repeat.replace("repeat", "delete")):
        assert other.send(path, format="csv").status_code == 404
