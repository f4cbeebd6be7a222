"""What the pages tell the audit log, and the page that shows it."""

import json
import re
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import DeclarativeBase, Session

from curation import split_making
from inference import audit
from inference.audit import Actor, Filter
from inference.models import registry
from schemas import ids
from schemas.actions import Action
from schemas.database import session_scope
from schemas.errors import SplitNotFound
from schemas.states import Role
from schemas.tables import AuditEntry, Export, Queue, Run, Snapshot, Split
from schemas.tables.base import now
from tests.integration.inference.batch_fixtures import MODEL, MODELS, as_jsonl, chat_line
from tests.integration.webapi_pages.conftest import SignIn, Visitor
from tests.integration.webapi_pages.test_batch_pages import page_of, run, start
from tests.integration.webapi_pages.test_dataset_pages import reviewed
from tests.integration.webapi_pages.test_run_pages import uploaded
from tests.unit.curation.task_schemas.documents import TASK


@pytest.fixture
def admin(sign_in: SignIn) -> Visitor:
    return sign_in("root", Role.ADMIN)


def told(action: Action) -> list[AuditEntry]:
    with session_scope() as session:
        return list(audit.list_page(session, Filter(action=action), None, 100).items)


def test_signing_in_and_failing_to_is_told_with_the_address(sign_in: SignIn, ui_url: str) -> None:
    sign_in("ada")
    (entry,) = told(Action.SIGNED_IN)
    assert (entry.who, entry.tenant, entry.address) == ("ada", "ada", "127.0.0.1")
    Visitor(ui_url).send("/sign-in", key="vbs-wrong")
    (entry,) = told(Action.SIGN_IN_FAILED)
    assert (entry.who, entry.key_id, entry.address) == ("", None, "127.0.0.1")


def test_a_role_that_is_too_low_is_told(sign_in: SignIn) -> None:
    viewer = sign_in("onlooker", Role.VIEWER)
    for _ in range(3):
        assert viewer.send("/batches/batch_x/cancel").status_code == 403
    (entry,) = told(Action.ROLE_REFUSED)
    assert (entry.who, entry.subject, entry.details) == ("onlooker", "batches.cancel", {"needed": "user"})


def test_downloads_of_data_are_told(sign_in: SignIn) -> None:
    visitor = sign_in("acme", Role.CURATOR)
    batch_id = start(visitor, as_jsonl([chat_line("a")]))
    run(batch_id)
    visitor.see(f"{page_of(batch_id)}/results.jsonl")
    link = re.search(r'href="(/files/([^"]+)/content)">Download answers', visitor.see(page_of(batch_id)))
    assert link
    visitor.see(link[1])
    assert [entry.subject for entry in told(Action.DATA_DOWNLOADED)] == [link[2], page_of(batch_id).rpartition("/")[2]]


def test_what_is_done_to_a_dataset_is_told(sign_in: SignIn) -> None:
    visitor = sign_in("acme", Role.CURATOR)
    table = reviewed(visitor, ["one", "two"])
    dataset_id = table.rpartition("/")[2]
    visitor.see(f"{table}/chats.jsonl")
    page = visitor.send(f"{table}/change", action="approve", next=table).text
    undo = re.search(r'action="(/changes/[^"]*/undo)"', page)
    assert undo
    visitor.send(undo[1], next=table)
    visitor.send(f"{table}/delete")
    assert [entry.subject for entry in told(Action.DATA_DOWNLOADED)] == [dataset_id]
    assert [entry.subject for entry in told(Action.DATASET_DELETED)] == [dataset_id]
    changed = told(Action.EXAMPLES_CHANGED)
    assert [entry.details for entry in changed] == [{"dataset": dataset_id, "examples": 2}] * 2


def test_administrators_read_the_log_and_nobody_else(sign_in: SignIn, admin: Visitor) -> None:
    assert "signed in" in admin.see("/audit")
    curator = sign_in("curator", Role.CURATOR, tenant="root")
    assert curator.http.get("/audit").status_code == 403
    assert "/audit" not in curator.see("/")
    assert "role refused" in admin.see("/audit")


def test_the_log_is_filtered_and_goes_on_over_pages(admin: Visitor, session: Session) -> None:
    for number in range(60):
        audit.note(session, Actor("ada" if number % 2 else "bob", "192.0.2.1"), Action.KEY_CREATED, f"key_{number}.")
        session.flush()
    session.commit()
    page = admin.see("/audit?action=key_created&who=ada")
    assert page.count("<time ") == 30
    assert ">bob" not in page
    page = admin.see("/audit")
    older = re.search(r'href="(/audit\?after=[^"]+)">Older', page)
    assert older
    assert "key_59." in page
    assert "key_0." in admin.see(older[1])
    tomorrow = (now() + timedelta(days=1)).date()
    assert "Nothing matches" in admin.see(f"/audit?since={tomorrow}")
    assert "key_59." in admin.see(f"/audit?until={tomorrow}")


@pytest.mark.parametrize(
    "query", ["action=nothing", "since=yesterday", "until=2026-13-01", "until=9999-12-31", "after=aud_x"]
)
def test_an_address_of_the_log_that_means_nothing_is_refused(admin: Visitor, query: str) -> None:
    assert admin.http.get(f"/audit?{query}").status_code == 400


def test_all_that_is_made_of_a_dataset_is_told(sign_in: SignIn, admin: Visitor) -> None:
    visitor = sign_in("acme", Role.CURATOR)
    with session_scope() as session:
        registry.announce(session, MODELS, "stub")
    table = uploaded(visitor, as_jsonl([{"prompt": f"Question {n}?", "completion": "Yes."} for n in range(3)]))
    visitor.send(f"{table}/runs", model=MODEL)
    visitor.send(f"/runs/{only(Run, ids.RUN)}/cancel")
    visitor.send(f"{table}/scores", scorer="length")
    visitor.send(f"{table}/scores/remove", scorer="length")
    visitor.send(f"{table}/splits", name="First", seed="1", similarity="0.8", train="100", search="0", test="0")
    split = only(Split, ids.SPLIT)
    split_making.run(session_scope, ids.parse(ids.SPLIT, split, SplitNotFound))
    visitor.send(f"/splits/{split}/move", items="1", side="test")
    visitor.send(f"{table}/snapshots", name="Now")
    visitor.see(f"/snapshots/{only(Snapshot, ids.SNAPSHOT)}/export")
    visitor.send(f"{table}/export", format="chat")
    visitor.send(f"/exports/{only(Export, ids.EXPORT)}/delete")
    visitor.send(f"{table}/queues/new", name="Spring", sort="oldest")
    visitor.send(f"/queues/{only(Queue, ids.QUEUE)}/delete")
    visitor.send("/tasks/save", document=json.dumps(TASK))
    visitor.send("/tasks/fit/archive")
    visitor.send("/tasks/fit/restore")
    with session_scope() as session:
        entries = audit.list_page(session, Filter(who="acme"), None, 100).items
    assert [entry.action for entry in entries][::-1] == [
        *("signed_in", "run_begun", "run_cancelled", "scoring_begun", "scoring_removed"),
        *("split_created", "split_changed", "snapshot_created", "data_downloaded"),
        *("export_begun", "export_deleted", "queue_created", "queue_deleted"),
        *("task_schema_saved", "task_schema_archived", "task_schema_restored"),
    ]
    page = admin.see("/audit")
    assert '<option value="task_schema_archived" >Task schema archived</option>' in page
    assert "<td>snapshot created</td>" in page
    assert "queue deleted" in admin.see("/audit?action=queue_deleted")


def only(kind: type[DeclarativeBase], prefix: str) -> str:
    """The public id of the only one that there is."""
    with session_scope() as session:
        return ids.show(prefix, session.scalars(select(kind)).one().id)  # type: ignore[attr-defined]
