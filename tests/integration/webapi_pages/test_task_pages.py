"""Task schemas in the browser: read, tried, saved in versions, and made into requests."""

import html
import json
import re

import pytest

from curation import datasets, refilling
from inference.models import registry
from schemas import ids
from schemas.database import session_scope
from schemas.states import Role
from tests.integration.curation.answers import dataset_of
from tests.integration.inference.batch_fixtures import MODEL, MODELS
from tests.integration.webapi_pages.conftest import SignIn, Visitor
from tests.unit.curation.task_schemas.documents import TASK, task

HOSTILE = '<script>alert("x")</script>\u202e'


def save(curator: Visitor, document: object, **fields: str) -> str:
    answer = curator.send("/tasks/save", document=json.dumps(document, indent=1), **fields)
    assert answer.status_code == 200, answer.text
    assert answer.url.path.startswith("/tasks/"), answer.text
    return answer.text


def upload(visitor: Visitor, path: str, rows: bytes, **fields: str):  # type: ignore[no-untyped-def]
    form = {"csrf_token": visitor.token(), "model": MODEL, "bad_rows": "refuse"} | fields
    return visitor.http.post(path, data=form, files={"file": ("rows.csv", rows)})


def test_the_tasks_that_come_with_the_program_are_shown(curator: Visitor) -> None:
    page = curator.see("/tasks")
    assert "Candidate evaluation" in page
    assert 'aria-current="page">Tasks' in page
    shown = curator.see("/tasks/candidate_evaluation")
    for text in ("Senior backend engineer", "response_format", "strong_yes", "Label Studio config", "Copy and edit"):
        assert text in shown
    assert "candidate_id,role,requirements" in curator.see("/tasks/candidate_evaluation/rows.csv")


def test_a_task_is_copied_tried_saved_and_archived(curator: Visitor) -> None:
    editor = curator.see("/tasks/new?from=cv_parsing")
    assert "my_task" in editor
    assert "Ada Moreau" in editor
    tried = curator.send("/tasks/check", document=json.dumps(TASK), row='{"candidate_id": 7, "profile": "Cook"}')
    assert "This is a task schema." in tried.text
    assert "Cook" in tried.text
    assert "Saved as version 1." in save(curator, TASK)
    assert "Save a new version" in curator.see("/tasks/fit/edit")
    page = save(curator, task(title="Better"), name="fit", based_on="1")
    assert "Saved as version 2." in page
    assert "The newest is 2" in curator.see("/tasks/fit?version=1")
    assert "is archived" in curator.send("/tasks/fit/archive").text
    assert "fit" not in curator.see("/tasks").partition("<tbody>")[2]
    assert "It is back" in curator.send("/tasks/fit/restore").text


def test_what_is_wrong_is_told_with_its_lines_and_what_was_typed_stays(curator: Visitor) -> None:
    text = json.dumps(task(prompt={"user": "{{nobody}}"}), indent=1)
    for path, status in (("/tasks/check", 200), ("/tasks/save", 400)):
        answer = curator.send(path, document=text)
        assert answer.status_code == status
        assert "One thing is wrong." in answer.text
        (line,) = re.findall(r'data-line="(\d+)"', answer.text)
        assert "{{nobody}}" in text.splitlines()[int(line) - 1]
        area = re.search(r'<textarea class="mono" id="document"[^>]*>\n(.*?)</textarea>', answer.text, re.DOTALL)
        assert area
        assert html.unescape(area[1]) == text
    answer = curator.send("/tasks/check", document=json.dumps(TASK), row="[")
    assert "The row to try does not fit." in answer.text
    answer = curator.send("/tasks/check", document=json.dumps(TASK), row="{}")
    assert "$.candidate_id" in answer.text


def test_who_was_overtaken_keeps_what_was_typed(curator: Visitor) -> None:
    save(curator, TASK)
    save(curator, task(title="Theirs"), name="fit", based_on="1")
    answer = curator.send("/tasks/save", document=json.dumps(task(title="Mine")), name="fit", based_on="1")
    assert answer.status_code == 409
    assert "meanwhile" in answer.text
    assert "Mine" in answer.text


def test_hostile_text_is_shown_as_text(curator: Visitor) -> None:
    document = task(
        title=f"T {HOSTILE}x",
        description=HOSTILE,
        prompt={"user": f"{HOSTILE} {{{{profile}}}}"},
        questions=[{"name": "a", "type": "choice", "label": f"{HOSTILE}x", "choices": [f"{HOSTILE}a", "b"]}],
        sample={"candidate_id": "c", "profile": HOSTILE},
    )
    for page in (save(curator, document), curator.see("/tasks"), curator.see("/tasks/fit/edit")):
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page
    broken = curator.send("/tasks/check", document=json.dumps(document | {HOSTILE: 1})).text
    assert "<script>alert" not in broken


@pytest.mark.parametrize("document", ["", "[" * 5000, '{"name": 1', "\0", "x" * 200_000])
def test_no_text_breaks_the_editor(curator: Visitor, document: str) -> None:
    assert "thing" in curator.send("/tasks/check", document=document).text


def test_rows_become_requests_that_can_be_started(curator: Visitor) -> None:
    with session_scope() as session:
        registry.announce(session, MODELS, "stub")
    save(curator, TASK)
    assert "Get an example file" in curator.see("/tasks/fit/requests")
    answer = upload(curator, "/tasks/fit/requests", b"candidate_id,profile\nc-1,Nurse\n")
    assert answer.url.path == "/new", answer.text
    assert "fit.jsonl" in answer.text
    bad = b"candidate_id,profile\nc-1,Nurse\nc-2,\n"
    answer = upload(curator, "/tasks/fit/requests", bad)
    assert answer.status_code == 400
    assert "line 3" in answer.text
    answer = upload(curator, "/tasks/fit/requests", bad, bad_rows="skip")
    assert "1 row was left out" in answer.text
    assert "/new?file_id=file-" in answer.text
    assert upload(curator, "/tasks/fit/requests", b"").status_code == 400
    assert upload(curator, "/tasks/fit/requests", bad, model="").status_code == 400
    assert upload(curator, "/tasks/fit/requests", bad, csrf_token="wrong").status_code == 400


def test_a_dataset_is_given_its_task(curator: Visitor) -> None:
    with session_scope() as session:
        dataset = datasets.create(session, "acme", "Evaluations")
    table = f"/datasets/{ids.show(ids.DATASET, dataset.id)}"
    assert f"{table}/task" in curator.see(table)
    assert curator.send(f"{table}/task", task="classification@1").url.path == table
    assert '<option value="classification@1" selected>' in curator.see(f"{table}/task")
    curator.send(f"{table}/task", task="")
    assert "selected" not in curator.see(f"{table}/task")


def test_answers_are_shown_as_the_task_of_their_dataset_says(curator: Visitor) -> None:
    save(curator, TASK)
    with session_scope() as session:
        said = ['{"verdict": {"hire": true}, "score": 7}', '{"verdict": {"hire": false}, "score": 3}']
        dataset = dataset_of(session, large=said)
    table = f"/datasets/{ids.show(ids.DATASET, dataset.id)}"
    assert "<dt>score</dt><dd>7</dd>" in curator.see(table)
    page = curator.send(f"{table}/task", task="fit").text
    assert "0 of 2 answers are read" in page
    assert "<dt>score</dt>" not in page
    refilling.run(session_scope, dataset.id)
    page = curator.see(table)
    assert page.index("<dt>Hire</dt><dd>yes</dd>") < page.index("<dt>Points</dt><dd>7.00</dd>")
    assert "Points \u2193</option>" in page
    assert re.search(r">Points</h3>", curator.see(f"{table}/facets"))
    example = re.search(r'href="(/examples/ex_\w+)"', page)
    assert example
    for path in (example[1], f"{table}/review/next"):
        assert re.search(r"<dt>Points</dt><dd>7.00</dd>", curator.see(path)), path


def test_hostile_answers_are_shown_as_text_by_their_task_too(curator: Visitor) -> None:
    columns = [{"path": "score", "label": "<b>Points</b>"}, {"path": "verdict", "kind": "long_text"}]
    save(curator, task(columns=columns))
    with session_scope() as session:
        dataset = dataset_of(session, large=[json.dumps({"score": HOSTILE, "verdict": HOSTILE})])
    table = f"/datasets/{ids.show(ids.DATASET, dataset.id)}"
    curator.send(f"{table}/task", task="fit")
    refilling.run(session_scope, dataset.id)
    for path in (table, f"{table}/facets", f"{table}/review/next"):
        shown = re.sub(r"<textarea.*?</textarea>", "", curator.see(path), flags=re.DOTALL)
        assert not re.search("<script>alert|<b>Points|\u202e", shown), path


def test_a_viewer_looks_and_a_stranger_sees_nothing(curator: Visitor, sign_in: SignIn) -> None:
    save(curator, TASK)
    viewer = sign_in("viewer", Role.VIEWER, tenant="acme")
    assert "Fit for a role" in viewer.see("/tasks/fit")
    assert "This is a task schema." in viewer.send("/tasks/check", document=json.dumps(TASK)).text
    assert viewer.send("/tasks/save", document=json.dumps(TASK)).status_code == 403
    assert viewer.send("/tasks/fit/archive").status_code == 403
    assert upload(viewer, "/tasks/fit/requests", b"a\n1\n").status_code == 403
    stranger = sign_in("stranger", Role.CURATOR)
    for path in ("/tasks/fit", "/tasks/fit/edit", "/tasks/fit/requests", "/tasks/fit/rows.csv", "/tasks/nul%00"):
        assert stranger.http.get(path).status_code == 404
    assert stranger.send("/tasks/fit/archive").status_code == 404
