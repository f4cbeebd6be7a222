"""Datasets of one's own in the browser: uploaded, run, split, and kept as they were."""

import json
import re

import httpx
import pytest
from sqlalchemy import select

from curation import imports, split_making
from inference.models import registry
from schemas.database import session_scope
from schemas.states import Role
from schemas.tables import Import, Run, Split, SplitItem
from tests.integration.curation.runs import run_to_its_end
from tests.integration.inference.batch_fixtures import MODEL, MODELS, as_jsonl
from tests.integration.webapi_pages.conftest import SignIn, Visitor
from tests.integration.webapi_pages.test_batch_pages import HOSTILE

QUESTIONS = [{"prompt": f"Question {n}?"} for n in range(1, 4)]


@pytest.fixture(autouse=True)
def models(database_url: str) -> None:
    with session_scope() as session:
        registry.announce(session, MODELS, "stub")


def send_file(visitor: Visitor, content: bytes, name: str = "", filename: str = "questions.jsonl") -> httpx.Response:
    form = {"csrf_token": visitor.token(), "name": name}
    return visitor.http.post("/datasets", data=form, files={"file": (filename, content)})


def uploaded(visitor: Visitor, content: bytes, name: str = "Questions") -> str:
    """The address of a dataset of a file."""
    answer = send_file(visitor, content, name)
    assert answer.status_code == 200, answer.text
    assert "The file is being taken in" in answer.text
    with session_scope() as session:
        waiting = session.scalars(select(Import.id)).all()
    for import_id in waiting:
        imports.run(session_scope, import_id)
    return str(answer.url.path)


def test_a_file_is_uploaded_run_and_its_answers_are_in_the_table(curator: Visitor) -> None:
    table = uploaded(curator, as_jsonl(QUESTIONS))
    assert "Run a model on its 3 items" in curator.see(table)
    page = curator.send(f"{table}/runs", model=MODEL, temperature="0", max_tokens="16").text
    assert "0 of 3 answered, 0 taken in; max tokens 16; temperature 0.0." in page
    with session_scope() as session:
        run_id = session.scalars(select(Run.id)).one()
    run_to_its_end(run_id)
    assert "3 of 3 answered, 3 taken in" in curator.see(f"{table}/runs")
    assert curator.see(table).count('class="example-head"') == 3


def test_a_button_that_is_pressed_twice_begins_one_run(curator: Visitor) -> None:
    table = uploaded(curator, as_jsonl(QUESTIONS))
    form = re.search(r'name="once" value="([^"]+)"', curator.see(f"{table}/runs"))
    assert form
    for _ in range(2):
        assert curator.send(f"{table}/runs", model=MODEL, once=form[1]).url.path == f"{table}/runs"
    assert runs_begun() == 1
    # Another press of the same button, after something else was filled in.
    curator.send(f"{table}/runs", model=MODEL, once=form[1], max_tokens="5")
    assert runs_begun() == 2


def runs_begun() -> int:
    with session_scope() as session:
        return len(session.scalars(select(Run.id)).all())


def test_models_are_run_on_what_a_filter_of_the_table_holds(curator: Visitor) -> None:
    known = [{"prompt": f"Known {n}?", "completion": "Yes." if n < 3 else "No."} for n in range(1, 5)]
    table = uploaded(curator, as_jsonl([*known, *QUESTIONS]))
    assert "Run models on these" not in curator.see(table)
    link = re.search(r'href="([^"]*)">Run models on these 2<', curator.see(f"{table}?q=yes&sort=newest"))
    assert link
    page = curator.see(link[1].replace("&amp;", "&"))
    assert "Run models on the 2 items of the view" in page
    assert "this view</a>: q: yes." in page
    page = curator.send(f"{table}/runs?q=yes", model=MODEL).text
    assert "Asked 2 items of" in page
    assert "0 of 2 answered" in page
    with session_scope() as session:
        run_id = session.scalars(select(Run.id)).one()
    run_to_its_end(run_id)
    assert curator.see(table).count('class="example-head"') == 6
    assert curator.send(f"{table}/runs?q=unheard", model=MODEL).status_code == 400
    assert "Run models on its 7 items" in curator.see(f"{table}/runs?sort=newest")


def test_bad_lines_are_shown_with_line_and_reason(curator: Visitor) -> None:
    table = uploaded(curator, b'{"prompt": "fine"}\n{oops\n')
    assert "1 line was not taken" in curator.see(table)
    page = curator.see(f"{table}/runs")
    assert "questions.jsonl" in page
    assert "1 item, 1 bad line" in page
    assert "invalid_json_line" in page


def test_a_dataset_without_a_name_has_that_of_its_file(curator: Visitor) -> None:
    assert "spring questions" in send_file(curator, b'{"prompt": "x"}', filename="../spring questions.csv").text


def test_an_empty_file_is_refused_on_the_page(curator: Visitor) -> None:
    answer = send_file(curator, b"")
    assert answer.status_code == 400
    assert "The file is empty." in answer.text
    assert "No datasets yet" in curator.see("/datasets")


def test_a_strangers_form_uploads_nothing(curator: Visitor) -> None:
    files = {"file": ("questions.jsonl", b'{"prompt": "x"}')}
    assert curator.http.post("/datasets", data={"csrf_token": "guessed"}, files=files).status_code == 400
    assert "No datasets yet" in curator.see("/datasets")


def test_a_run_is_cancelled(curator: Visitor) -> None:
    table = uploaded(curator, as_jsonl(QUESTIONS))
    page = curator.send(f"{table}/runs", model=MODEL).text
    cancel = re.search(r'action="(/runs/[^"]*/cancel)"', page)
    assert cancel
    assert "cancelling" in curator.send(cancel[1]).text


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (400, {}),
        (404, {"model": "none"}),
        (400, {"model": MODEL, "temperature": "hot"}),
        (400, {"model": MODEL, "max_tokens": "0"}),
        (400, {"model": MODEL, "max_tokens": "9" * 30}),
    ],
)
def test_a_run_that_can_not_be_is_refused(curator: Visitor, status: int, fields: dict[str, str]) -> None:
    table = uploaded(curator, as_jsonl(QUESTIONS))
    assert curator.send(f"{table}/runs", **fields).status_code == status


def test_a_split_is_made_and_what_leaks_in_it_is_shown(curator: Visitor) -> None:
    twice = "the same words again and again, and then some other ones for good measure"
    table = uploaded(curator, as_jsonl([{"prompt": twice}, {"prompt": twice}, *QUESTIONS]))
    shares = {"train": "60", "search": "20", "test": "20"}
    curator.send(f"{table}/splits", name="First", seed="1", similarity="0.8", **shares)
    with session_scope() as session:
        split_id = session.scalars(select(Split.id)).one()
    assert "0 of 5 items read" in curator.see(f"{table}/splits")
    split_making.run(session_scope, split_id)
    link = re.search(r'href="(/splits/[^"]*)"', curator.see(f"{table}/splits"))
    assert link
    assert "Nothing leaks" in curator.see(link[1])
    address = re.search(rf'href="({table}\?split=\w+&amp;side=\w+)"', curator.see(link[1]))
    assert address
    assert "Nothing matches" in curator.see(address[1].replace("&amp;", "&"))
    page = curator.see(table)
    assert '<option value="split_' in page
    assert curator.http.get(f"{table}?side=test").status_code == 400
    assert curator.http.get(f"{table}?split=split_none&side=test").status_code == 404
    with session_scope() as session:
        side = session.scalars(select(SplitItem.side).where(SplitItem.item == 1)).one()
    other = "test" if side != "test" else "train"
    page = curator.send(f"{link[1]}/move", items="1", side=other).text
    assert "Items that belong together are on different sides" in page
    assert f"Item 1 in {other}" in page
    assert curator.send(f"{link[1]}/move", items="one", side=other).status_code == 400


def test_a_snapshot_is_taken_of_a_view_and_exported_as_it_was(curator: Visitor) -> None:
    table = uploaded(curator, as_jsonl([{"prompt": "a", "output": "one"}, {"prompt": "b", "output": "two"}]))
    assert "Keep 1 example of the view" in curator.see(f"{table}/snapshots?q=one")
    page = curator.send(f"{table}/snapshots?q=one", name="First").text
    assert "1 example<" in page
    curator.send(f"{table}/change", action="reject")
    export = re.search(r'action="(/snapshots/[^"]*/export)"', page)
    assert export
    assert [json.loads(line)["messages"][-1]["content"] for line in curator.see(export[1]).splitlines()] == ["one"]
    assert "needs_review" in curator.see(f"{export[1]}?format=csv")
    assert curator.http.get(f"{export[1]}?format=xml").status_code == 400


def test_hostile_text_is_shown_as_text(curator: Visitor) -> None:
    lines = [{"custom_id": HOSTILE, "prompt": HOSTILE, "output": HOSTILE, HOSTILE: HOSTILE, "n": {HOSTILE: 1}}]
    table = uploaded(curator, as_jsonl([*lines, {HOSTILE: 1}]), HOSTILE)
    curator.send(f"{table}/snapshots", name=HOSTILE)
    curator.send(f"{table}/splits", name=HOSTILE, seed="1", similarity="0.8", train="100", search="0", test="0")
    example = re.search(r'href="(/examples/[^"]*)"', curator.see(table))
    assert example
    for path in ("/datasets", table, example[1], f"{table}/runs", f"{table}/splits", f"{table}/snapshots"):
        page = curator.see(path)
        assert not re.search("<script>alert|[\x07\u202e]", page), path


def test_who_is_no_curator_may_look_but_start_nothing_and_another_tenant_finds_nothing(
    curator: Visitor, sign_in: SignIn
) -> None:
    table = uploaded(curator, as_jsonl(QUESTIONS))
    pages = [f"{table}/{name}" for name in ("runs", "splits", "snapshots")]
    onlooker, other = sign_in("onlooker", Role.USER, tenant="acme"), sign_in("other", Role.CURATOR)
    for path in pages:
        assert '<button class="primary"' not in onlooker.see(path)
        assert onlooker.send(path, name="x").status_code == 403
        assert other.http.get(path).status_code == 404
        assert other.send(path, name="x").status_code == 404
    assert send_file(onlooker, b'{"prompt": "x"}').status_code == 403
