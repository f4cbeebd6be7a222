"""Requests are read a page at a time, however long they are."""

import pytest

from inference import unanswered
from tests.integration.inference.batch_fixtures import as_jsonl, chat_line, leased, submit

MEGABYTE = 1024**2


@pytest.mark.usefixtures("database_url")
def test_a_page_ends_where_it_gets_too_large_but_has_one_request_at_least() -> None:
    lengths = [1, 6, 1, 1, 1, 1, 1]
    submit(as_jsonl([chat_line(f"c-{n}", "x" * length * MEGABYTE) for n, length in enumerate(lengths)]))
    claim = leased()
    assert claim
    pages, last = [], 0
    while page := unanswered.read_page(claim, last, len(claim.lines), at_most_bytes=4 * MEGABYTE):
        pages.append([request.custom_id for request in page])
        last = page[-1].place
    assert pages == [["c-0", "c-1"], ["c-2", "c-3", "c-4", "c-5"], ["c-6"]]
