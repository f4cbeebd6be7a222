"""Reviewing in the browser: a batch's answers become a dataset, are starred, edited, undone and exported."""

import json
import re
from uuid import UUID

import pytest
from sqlalchemy import select

from curation import imports, resuming
from schemas import ids
from schemas.database import session_scope
from schemas.states import ImportStatus, Role
from schemas.tables import Example, Import, Output
from tests.integration.inference.batch_fixtures import as_jsonl, chat_line
from tests.integration.webapi_pages.conftest import SignIn, Visitor
from tests.integration.webapi_pages.test_batch_pages import HOSTILE, page_of, run, start


def reviewed(visitor: Visitor, texts: list[str]) -> str:
    """The address of a dataset made from a batch that asked these."""
    lines = [chat_line(f"c-{n}", text, metadata={"n": "1"}) for n, text in enumerate(texts)]
    batch_id = start(visitor, as_jsonl(lines), description="Spring candidates")
    run(batch_id)
    assert "Review the answers" in visitor.see(page_of(batch_id))
    answer = visitor.send(f"{page_of(batch_id)}/review")
    assert answer.status_code == 200, answer.text
    with session_scope() as session:
        waiting = session.scalars(select(Import.id)).all()
    for import_id in waiting:
        imports.run(session_scope, import_id)
    return str(answer.url.path)


def example_of(item: int) -> str:
    with session_scope() as session:
        found: UUID = session.scalars(select(Output.id).where(Output.item == item)).one()
    return f"/examples/{ids.show(ids.EXAMPLE, found)}"


def all_examples() -> list[Example]:
    with session_scope() as session:
        return list(session.scalars(select(Example).order_by(Example.id)))


def test_without_datasets_the_page_says_how_to_get_one(curator: Visitor) -> None:
    assert "No datasets yet" in curator.see("/datasets")


def test_answers_of_a_batch_are_reviewed_and_exported(curator: Visitor) -> None:
    table = reviewed(curator, [f"Is candidate {n} a fit?" for n in range(60)])
    page = curator.see(table)
    assert "Spring candidates" in page
    assert page.count('class="example-head"') == 50
    older = re.search(r'href="([^"]*after=[^"]*)"', page)
    assert older
    assert curator.see(older[1].replace("&amp;", "&")).count('class="example-head"') == 10

    answer = curator.send(f"{example_of(3)}/change", action="star", next=f"{table}?gold=yes")
    assert answer.url.query == b"gold=yes"
    assert "1 example changed: gold yes" in answer.text
    assert answer.text.count('class="example-head"') == 1

    answer = curator.send(f"{table}/change?q=%22candidate+7%22", action="approve", next=table)
    assert "1 example changed: status approved" in answer.text
    curator.send(f"{example_of(8)}/change", version="2", edited_output="Better.\r\nTruly.", score="0.9", notes="why")
    lines = [json.loads(line) for line in curator.see(f"{table}/chats.jsonl?status=approved").splitlines()]
    assert lines == [
        {
            "messages": [
                {"role": "user", "content": "Is candidate 7 a fit?"},
                {"role": "assistant", "content": "Better.\nTruly."},
            ]
        }
    ]
    assert len(curator.see(f"{table}/chats.jsonl").splitlines()) == 60


def test_what_was_done_to_all_is_undone_in_one_go(curator: Visitor) -> None:
    table = reviewed(curator, [f"text {n}" for n in range(7)])
    page = curator.send(f"{table}/change", action="reject", next=table).text
    assert "7 examples changed" in page
    assert {example.status for example in all_examples()} == {"rejected"}
    undo = re.search(r'action="(/changes/[^"]*/undo)"', page)
    assert undo
    assert "7 examples changed" in curator.send(undo[1], next=table).text
    assert {example.status for example in all_examples()} == {"needs_review"}
    assert curator.send(undo[1]).status_code == 409
    assert "Nothing had to be changed" in curator.send(f"{table}/change", action="reopen", next=table).text


def test_two_who_edit_the_same_example_do_not_overwrite_each_other(curator: Visitor) -> None:
    reviewed(curator, ["text"])
    assert curator.send(f"{example_of(1)}/change", version="1", notes="mine").status_code == 200
    refused = curator.send(f"{example_of(1)}/change", version="1", notes="theirs")
    assert refused.status_code == 409
    assert "meanwhile" in refused.text
    assert all_examples()[0].notes == "mine"


def test_a_long_answer_fits(curator: Visitor) -> None:
    reviewed(curator, ["text"])
    long = "A long answer. " * 2000
    page = curator.send(f"{example_of(1)}/change", edited_output=long, notes=long[:9000]).text
    assert "1 example changed: edited output A long answer." in page
    assert all_examples()[0].edited_output == long
    assert "Sign out" in curator.see("/datasets")
    assert all(len(cookie.value or "") < 1000 for cookie in curator.http.cookies.jar)


def test_what_is_left_empty_is_taken_away(curator: Visitor) -> None:
    reviewed(curator, ["text"])
    full = {"edited_output": "Better.", "score": "0.5", "category": "nursing", "notes": "why"}
    curator.send(f"{example_of(1)}/change", **full)
    assert curator.send(f"{example_of(1)}/change", **dict.fromkeys(full, "")).status_code == 200
    (example,) = all_examples()
    assert (example.edited_output, example.score, example.category, example.notes) == (None, None, None, "")
    assert example.version == 3


def test_each_version_of_an_example_is_shown(curator: Visitor) -> None:
    reviewed(curator, ["text"])
    curator.send(f"{example_of(1)}/change", add_tags="fine, nursing")
    curator.send(f"{example_of(1)}/change", remove_tags="fine")
    page = curator.see(example_of(1))
    assert all_examples()[0].tags == ["nursing"]
    assert "<del>fine nursing</del> <ins>nursing</ins>" in page
    assert "version 3, acme" in page


def test_hostile_text_is_shown_as_text(curator: Visitor) -> None:
    table = reviewed(curator, [HOSTILE])
    curator.send(f"{example_of(1)}/change", add_tags="<b>bold</b>", category="<i>&amp;")
    curator.send(f"{example_of(1)}/change", notes=HOSTILE, edited_output=HOSTILE)
    for path in (table, example_of(1), f"{table}?tag=%3Cscript%3E&q=%3Cscript%3E"):
        page = curator.see(path)
        assert not re.search("<script>alert|<b>bold|<i>", page)
        # What is edited is given back as it is.
        shown = re.sub(r"<textarea.*?</textarea>", "", page, flags=re.DOTALL)
        assert not re.search("[\x07\u202e]", shown)


@pytest.mark.parametrize(
    "field", [{"add_tags": HOSTILE}, {"category": HOSTILE}, {"category": "x" * 101}, {"add_tags": "x" * 51}]
)
def test_labels_are_short_and_printable(curator: Visitor, field: dict[str, str]) -> None:
    reviewed(curator, ["text"])
    assert curator.send(f"{example_of(1)}/change", **field).status_code == 400


@pytest.mark.parametrize(
    "query",
    [
        "status=good",
        "gold=maybe",
        "score_from=2",
        "score_from=x",
        "sort=best;",
        "after=x",
        "q=" + "x" * 501,
        "statsu=approved",
    ],
)
def test_an_address_that_means_nothing_is_refused(curator: Visitor, query: str) -> None:
    table = reviewed(curator, ["text"])
    assert curator.http.get(f"{table}?{query}").status_code == 400


@pytest.mark.parametrize("sort", ["oldest", "newest", "best", "worst", "changed"])
def test_every_order_goes_over_all_pages(curator: Visitor, sort: str) -> None:
    table = reviewed(curator, [f"text {n}" for n in range(120)])
    for item, score in ((5, "0.5"), (6, "0.9"), (7, "0.5")):
        curator.send(f"{example_of(item)}/change", score=score)
    seen, path = [], f"{table}?sort={sort}"
    while path:
        page = curator.see(path)
        seen += re.findall(r'<li id="(ex_\w+)"', page)
        following = re.search(r'href="([^"]*after=[^"]*)"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == len(set(seen)) == 120
    first = [example_of(item).removeprefix("/examples/") for item in (6, 5, 7)]
    if sort == "best":
        assert seen[0] == first[0]
        assert set(seen[1:3]) == set(first[1:])
    if sort == "worst":
        assert set(seen[:2]) == set(first[1:])
        assert seen[2] == first[0]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.USER])
def test_who_is_no_curator_may_look_and_export_but_change_nothing(
    curator: Visitor, sign_in: SignIn, role: Role
) -> None:
    table = reviewed(curator, ["text"])
    other = sign_in("onlooker", role, tenant="acme")
    assert 'value="approve"' not in other.see(table)
    assert other.see(f"{table}/chats.jsonl")
    for path in (f"{example_of(1)}/change", f"{table}/change", f"{table}/delete"):
        assert other.send(path, action="star").status_code == 403


def test_another_tenant_finds_nothing(curator: Visitor, sign_in: SignIn) -> None:
    table = reviewed(curator, ["text"])
    other = sign_in("other", Role.CURATOR)
    assert "No datasets yet" in other.see("/datasets")
    for path in (table, example_of(1), f"{table}/chats.jsonl"):
        assert other.http.get(path).status_code == 404
    for path in (f"{example_of(1)}/change", f"{table}/change", f"{table}/delete"):
        assert other.send(path, action="star").status_code == 404


def test_a_deleted_dataset_is_gone(curator: Visitor) -> None:
    table = reviewed(curator, ["text"])
    assert "No datasets yet" in curator.send(f"{table}/delete").text
    assert curator.http.get(table).status_code == 404
    assert curator.http.get(example_of(1)).status_code == 404


def test_what_did_not_come_in_is_told_of_and_tried_again(curator: Visitor) -> None:
    table = reviewed(curator, ["One?"])
    with session_scope() as session:
        this = session.scalars(select(Import)).one()
        this.problem = "<b>It broke.</b>"
        resuming.end(this, ImportStatus.BROKEN)
    page = curator.see(table)
    assert "Not all of it came in. &lt;b&gt;It broke.&lt;/b&gt;" in page
    assert "Try again" in page
    assert "Answers are being taken in" in curator.send(f"{table}/imports/again").text
    imports.run(session_scope, this.id)
    assert "Not all of it" not in curator.see(table)
