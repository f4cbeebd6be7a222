"""Who may run a chunk, and who hears that a batch may end."""

import pytest

from inference import claiming
from schemas.database import session_scope
from tests.integration.inference.batch_fixtures import MODEL, as_jsonl, chat_line, submit


@pytest.mark.usefixtures("database_url")
def test_of_two_workers_that_end_a_batch_in_the_same_moment_one_hears_of_it() -> None:
    batch_id = submit(as_jsonl([chat_line(f"c-{n}") for n in range(200)]))
    claims = []
    for worker in ("gpu0", "gpu1"):
        with session_scope() as session:
            claim = claiming.claim(session, worker, [MODEL], None, 20)
            assert claim
            claims.append(claim)
            claiming.land(session, claim, claiming.Landing(completed=100), 20)
    with session_scope() as first, session_scope() as second:
        claiming.end_lease(first, claims[0])
        claiming.end_lease(second, claims[1])
    with session_scope() as session:
        assert claiming.may_end(session, batch_id)
