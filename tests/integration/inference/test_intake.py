"""Bad input gets a clear error and loses nothing."""

from typing import Any

import pytest
from sqlalchemy import func, select

from inference import intake
from inference.file_store import file_store
from inference.models import registry
from schemas.database import session_scope
from schemas.settings import settings
from schemas.tables import Chunk, File, Request
from tests.integration.inference.batch_fixtures import MODEL, as_jsonl, batch, chat_line, submit
from tests.models import tiny_llama

pytestmark = pytest.mark.usefixtures("database_url")


def faults(content: bytes) -> list[dict[str, Any]]:
    """What is said of a file, which must still be there afterwards, with nothing of it taken in."""
    failed = batch(submit(content))
    assert failed.status == "failed"
    with session_scope() as session:
        assert session.scalar(select(func.count()).select_from(Request)) == 0
        assert session.scalar(select(func.count()).select_from(Chunk)) == 0
        location = session.get_one(File, failed.input_file_id).location
    with file_store().open(location) as stored:
        assert stored.read() == content
    return failed.errors or []


def test_every_bad_line_is_reported_and_good_ones_are_not_run() -> None:
    content = as_jsonl([chat_line("good"), chat_line("good"), chat_line("stream", stream=True)]) + b"oops\n\n"
    found = faults(content)
    assert [(fault["line"], fault["code"]) for fault in found] == [
        (2, "duplicate_custom_id"),
        (3, "stream_not_supported"),
        (4, "invalid_json_line"),
        (5, "blank_line"),
    ]
    assert all(fault["message"] for fault in found)


def test_only_the_first_thousand_bad_lines_are_reported() -> None:
    found = faults(b"oops\n" * 5000)
    assert [fault["line"] for fault in found] == list(range(1, 1001))


def test_a_duplicate_far_from_its_first_line_is_found() -> None:
    lines = [chat_line(f"c-{n}") for n in range(3000)] + [chat_line("c-5")]
    (found,) = faults(as_jsonl(lines))
    assert (found["line"], found["code"], found["param"]) == (3001, "duplicate_custom_id", "custom_id")


def test_a_line_that_is_too_long_is_reported_and_never_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VBS_MAX_LINE_BYTES", "1000")
    settings.cache_clear()
    (found,) = faults(as_jsonl([chat_line("short"), chat_line("long", "x" * 5000)]))
    assert (found["line"], found["code"]) == (2, "line_too_long")


def test_a_body_nested_deeper_than_it_can_be_passed_on_is_reported() -> None:
    nested: list[Any] = []
    for _ in range(500):
        nested = [nested]
    (found,) = faults(as_jsonl([chat_line("flat"), chat_line("deep", tools=nested)]))
    assert (found["line"], found["code"], found["param"]) == (2, "nested_too_deeply", "body")


def test_a_url_that_is_anything_but_text_is_reported() -> None:
    url: list[Any] = []
    for _ in range(900):
        url = [url]
    (found,) = faults(as_jsonl([chat_line("odd") | {"url": url}]))
    assert (found["line"], found["code"], found["param"]) == (1, "invalid_type", "url")


def test_a_zip_by_mistake_is_called_a_zip() -> None:
    (found, *_) = faults(b"PK\x03\x04\x14\x00\x00\x00\x08\x00binary")
    assert (found["line"], found["code"]) == (1, "invalid_file_format")


def test_a_prompt_over_the_context_length_is_reported_where_the_tokenizer_is_at_hand() -> None:
    sources = {MODEL: str(tiny_llama())}
    learn_max_tokens(sources, 100)
    lines = [chat_line("short"), chat_line("long", "word " * 500), chat_line("wide", user="x" * 500)]
    failed = batch(submit(as_jsonl(lines), sources))
    assert [(fault["line"], fault["code"]) for fault in failed.errors or []] == [(2, "context_length_exceeded")]


def test_a_prompt_that_nobody_can_measure_is_left_to_the_engine() -> None:
    sources = {MODEL: "some-org/some-model"}
    learn_max_tokens(sources, 100)
    assert batch(submit(as_jsonl([chat_line("long", "word " * 500)]), sources)).status == "in_progress"


def learn_max_tokens(sources: dict[str, str], max_tokens: int) -> None:
    """As a worker does that has loaded the model."""
    with session_scope() as session:
        registry.announce(session, sources, "stub")
        registry.record_loaded(session, MODEL, max_tokens)


def test_taking_a_batch_in_twice_changes_nothing() -> None:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}") for n in range(10)]))
    with session_scope() as session:
        assert intake.take_in(session, batch_id) is None
    with session_scope() as session:
        assert session.scalar(select(func.count()).select_from(Request)) == 10


def test_any_text_comes_through_to_the_engine_as_it_was_sent() -> None:
    text = 'tab\t newline\n return\r backslash \\ \\N quote " emoji \U0001f600 \u2028 \u0000 end'
    batch_id = submit(as_jsonl([chat_line("a\tb\\c\nd", text)]))
    with session_scope() as session:
        request = session.scalars(select(Request).where(Request.batch_id == batch_id)).one()
    assert request.custom_id == "a\tb\\c\nd"
    assert '"content":' in request.body
