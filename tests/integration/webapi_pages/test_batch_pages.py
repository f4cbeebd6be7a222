"""Batches in the browser: submitting, looking, cancelling, retrying and downloading."""

import json
import re
from pathlib import Path
from uuid import UUID

from inference import finaliser, intake
from inference.models import registry
from schemas import ids
from schemas.database import session_scope
from schemas.errors import BatchNotFound
from schemas.states import Role
from tests.integration.inference.batch_fixtures import MODEL, as_jsonl, batch, chat_line, lines_of, worker
from tests.integration.webapi_pages.conftest import SignIn, Visitor

HOSTILE = "<script>alert(1)</script>\x07\u202e"


def start(visitor: Visitor, content: bytes, **fields: str) -> UUID:
    """Submit a file in the browser; the batch's id is in the address of the page that follows."""
    with session_scope() as session:
        registry.announce(session, {MODEL: MODEL}, "stub")
    answer = visitor.submit(content, **fields)
    assert answer.status_code == 200, answer.text
    return ids.parse(ids.BATCH, answer.url.path.rpartition("/")[2], BatchNotFound)


def page_of(batch_id: UUID) -> str:
    return f"/batches/{ids.show(ids.BATCH, batch_id)}"


def take_in(batch_id: UUID) -> None:
    with session_scope() as session:
        intake.take_in(session, batch_id)


def run(batch_id: UUID) -> None:
    take_in(batch_id)
    with worker() as gpu:
        gpu.work()
    finaliser.finalise(batch_id)


def test_an_empty_system_says_what_to_do(sign_in: SignIn) -> None:
    visitor = sign_in()
    assert "No batches yet" in visitor.see("/")
    assert "No worker is running" in visitor.see("/")
    assert "No files yet" in visitor.see("/files")
    lines = [json.loads(line) for line in visitor.see("/example.jsonl").splitlines()]
    assert len({line["custom_id"] for line in lines}) == 3


def test_a_file_submitted_in_the_browser_is_answered_and_downloaded(sign_in: SignIn) -> None:
    visitor = sign_in()
    batch_id = start(visitor, as_jsonl([chat_line(f"c-{n}") for n in range(5)]), description="Spring candidates")
    assert "The file is being checked" in visitor.see("/")
    run(batch_id)
    page = visitor.see(page_of(batch_id))
    assert "Spring candidates" in page
    assert "c-0" in page
    link = re.search(r'href="(/files/[^"]+/content)">Download answers', page)
    assert link
    assert [json.loads(line)["custom_id"] for line in visitor.see(link[1]).splitlines()] == [f"c-{n}" for n in range(5)]


def test_what_others_wrote_is_shown_as_text(sign_in: SignIn) -> None:
    visitor = sign_in()
    batch_id = start(visitor, as_jsonl([chat_line(HOSTILE, HOSTILE)]), description=HOSTILE)
    run(batch_id)
    for path in (page_of(batch_id), "/", "/batches"):
        page = visitor.see(path)
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u0007\\u202e" in page


def test_bad_lines_are_listed_with_line_and_reason(sign_in: SignIn) -> None:
    visitor = sign_in()
    batch_id = start(visitor, as_jsonl([chat_line("a"), chat_line("a")]) + b"{oops\n")
    take_in(batch_id)
    page = visitor.see(page_of(batch_id))
    assert "What is wrong with the file" in page
    for error in batch(batch_id).errors or []:
        assert f">{error['line']}</td>" in page
        assert error["code"] in page
    assert "2 bad lines" in visitor.see("/batches")


def test_a_cancelled_batch_keeps_what_is_finished_and_can_be_retried(sign_in: SignIn) -> None:
    visitor = sign_in()
    batch_id = start(visitor, as_jsonl([chat_line("a"), chat_line("b")]))
    take_in(batch_id)
    assert "cancelling" in visitor.send(f"{page_of(batch_id)}/cancel").text
    finaliser.finalise(batch_id)
    assert "cancelled" in visitor.see(page_of(batch_id))
    again = visitor.send(f"{page_of(batch_id)}/retry")
    assert again.url.path != page_of(batch_id)
    assert f"{ids.show(ids.BATCH, batch_id)}</a>" in again.text


def test_finished_lines_can_be_downloaded_while_the_rest_waits(sign_in: SignIn) -> None:
    visitor = sign_in()
    batch_id = start(visitor, as_jsonl([chat_line("a"), chat_line("b")]))
    take_in(batch_id)
    with worker() as gpu:
        gpu.work()
    assert "Download what is finished" in visitor.see(page_of(batch_id))
    assert len(visitor.see(f"{page_of(batch_id)}/results.jsonl").splitlines()) == 2


def test_one_model_can_be_chosen_for_every_line(sign_in: SignIn) -> None:
    visitor = sign_in()
    batch_id = start(visitor, as_jsonl([chat_line("a", model="another")]), model=MODEL)
    assert lines_of(batch(batch_id).input_file_id)[0]["body"]["model"] == MODEL  # type: ignore[index]


def test_a_batch_can_be_started_on_a_file_that_is_there(sign_in: SignIn) -> None:
    visitor = sign_in()
    first = start(visitor, as_jsonl([chat_line("a")]))
    file_id = ids.show(ids.FILE, batch(first).input_file_id)
    assert "requests.jsonl" in visitor.see(f"/new?file_id={file_id}")
    answer = visitor.submit(None, file_id=file_id)
    assert answer.status_code == 200
    assert file_id in answer.text


def test_a_form_that_sends_a_file_and_names_another_is_refused_and_leaves_nothing(
    sign_in: SignIn, data_dir: Path
) -> None:
    visitor = sign_in()
    file_id = ids.show(ids.FILE, batch(start(visitor, as_jsonl([chat_line("a")]))).input_file_id)
    first = [("csrf_token", (None, visitor.token())), ("file", ("b.jsonl", b"{}\n")), ("file_id", (None, file_id))]
    for answer in (visitor.submit(b"{}\n", file_id=file_id), visitor.http.post("/new", files=first)):
        assert answer.status_code == 400
        assert "not both" in answer.text
    assert len(list(data_dir.rglob("input/*"))) == 1


def test_a_submission_that_fails_says_why_and_keeps_nothing(sign_in: SignIn) -> None:
    visitor = sign_in()
    for answer, reason in (
        (visitor.submit(b""), "empty"),
        (visitor.submit(b"{}\n", endpoint="/v1/nothing"), "A batch can be for"),
        (visitor.submit(b"{}\n", completion_window="99d"), "completion window"),
        (visitor.submit_without_choosing(), "Choose a file"),
    ):
        assert answer.status_code == 400, answer.text
        assert reason in answer.text
    assert "No files yet" in visitor.see("/files")


def test_other_tenants_see_nothing(sign_in: SignIn) -> None:
    owner, stranger, colleague = sign_in("acme"), sign_in("other"), sign_in("colleague", tenant="acme")
    batch_id = start(owner, as_jsonl([chat_line("a")]), description="Secret plan")
    file_id = ids.show(ids.FILE, batch(batch_id).input_file_id)
    assert "Secret plan" in colleague.see("/")
    assert "Secret plan" not in stranger.see("/")
    for path in (page_of(batch_id), f"{page_of(batch_id)}/results.jsonl", f"/files/{file_id}/content"):
        assert stranger.http.get(path).status_code == 404
    for action in ("cancel", "retry"):
        assert stranger.send(f"{page_of(batch_id)}/{action}").status_code == 404


def test_viewers_look_and_do_not_touch(sign_in: SignIn) -> None:
    batch_id = start(sign_in("acme"), as_jsonl([chat_line("a")]))
    viewer = sign_in("viewer", Role.VIEWER, tenant="acme")
    page = viewer.see(page_of(batch_id))
    assert "/cancel" not in page
    assert viewer.send(f"{page_of(batch_id)}/cancel").status_code == 403
    assert viewer.submit(b"{}\n").status_code == 403
    assert viewer.send("/sign-out").status_code == 200


def test_an_unknown_batch_is_a_page_that_says_so(sign_in: SignIn) -> None:
    answer = sign_in().http.get("/batches/batch_nonsense")
    assert answer.status_code == 404
    assert "No batch found" in answer.text


def test_long_lists_have_older_pages(sign_in: SignIn) -> None:
    visitor = sign_in()
    content = as_jsonl([chat_line("a")])
    for number in range(26):
        start(visitor, content, description=f"number {number}.")
    page = visitor.see("/batches")
    assert "number 25." in page
    assert "number 0." not in page
    older = re.search(r'href="(/batches\?after=[^"]+)">Older', page)
    assert older
    assert "number 0." in visitor.see(older[1])
