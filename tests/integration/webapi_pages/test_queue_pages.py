"""Queues and reviewing one at a time, in the browser but for its script."""

import json
import re
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from curation import queue_making
from schemas import ids
from schemas.database import session_scope
from schemas.states import Role
from schemas.tables import Queue
from tests.integration.curation.answers import dataset_of
from tests.integration.webapi_pages.conftest import SignIn, Visitor
from tests.integration.webapi_pages.test_batch_pages import HOSTILE
from tests.integration.webapi_pages.test_dataset_pages import all_examples, example_of, reviewed

TEXTS = [f"Is candidate {n} a fit?" for n in range(5)]


@pytest.fixture
def curator(sign_in: SignIn) -> Visitor:
    return sign_in("anna", Role.CURATOR, tenant="acme")


@pytest.fixture
def other(sign_in: SignIn) -> Visitor:
    return sign_in("ben", Role.CURATOR, tenant="acme")


@pytest.fixture
def table(curator: Visitor) -> str:
    return reviewed(curator, TEXTS)


def make_queue(visitor: Visitor, table: str, query: str = "", **fields: str) -> str:
    """The address of a new queue."""
    form = {"name": "Spring", "sort": "oldest", "reviews_each": "1"} | fields
    answer = visitor.send(f"{table}/queues/new{query}", **form)
    assert answer.status_code == 200, answer.text
    return str(answer.url.path)


def save(visitor: Visitor, path: str, change: Any, **fields: str) -> httpx.Response:
    return visitor.send(path, change=json.dumps(change), **fields)


def test_without_queues_the_page_says_how_to_get_one(curator: Visitor) -> None:
    assert "No queues yet" in curator.see("/queues")


def test_a_queue_is_made_from_a_view_and_shows_how_far_it_is(curator: Visitor, table: str) -> None:
    assert f'href="{table}/queues/new?q=candidate' in curator.see(f"{table}?q=candidate")
    form = curator.see(f"{table}/queues/new?q=candidate")
    assert "5 answers of this view" in form
    assert 'value="anna"' in form
    queue = make_queue(curator, table, "?q=candidate", limit="4", people="anna", sort="random", seed="7")
    page = curator.see(queue)
    assert "For anna." in page
    assert "seed 7" in page
    assert "Nobody has begun" in page
    assert "Spring" in curator.see("/queues")
    assert re.search(r">anna</a>", curator.see(f"{queue}/review"))
    piece = curator.send(f"{queue}/next").text
    assert 'data-place="1"' in piece
    assert save(curator, f"{queue}/items/1", {"status": "approved"}, submits="1").json() == {}
    assert re.search(r"Decided</dt><dd>1<", curator.see(queue))
    with session_scope() as session:
        made = session.scalars(select(Queue)).one()
    assert (made.items, made.view, made.seed) == (4, {"q": "candidate"}, 7)
    assert "No queues yet" in curator.send(f"{queue}/delete").text


def test_a_large_queue_is_made_while_its_page_says_so(curator: Visitor) -> None:
    with session_scope() as session:
        dataset = dataset_of(session, model=["Yes."] * (queue_making.AT_ONCE + 1))
    queue = make_queue(curator, f"/datasets/{ids.show(ids.DATASET, dataset.id)}")
    page = curator.see(queue)
    assert "The queue is being made" in page
    assert 'data-live="on"' in page
    assert f"{queue}/review" not in page
    assert ">making<" in curator.see("/queues")
    for answer in (curator.http.get(f"{queue}/review"), curator.send(f"{queue}/next")):
        assert (answer.status_code, "The queue is still being made" in answer.text) == (409, True)
    with session_scope() as session:
        queue_id = session.scalars(select(Queue.id)).one()
    queue_making.run(session_scope, queue_id)
    page = curator.see(queue)
    assert re.search(r"Answers</dt><dd>2,001<", page)
    assert 'data-live="on"' not in page
    assert f"{queue}/review" in page
    assert 'data-place="1"' in curator.send(f"{queue}/next").text


def test_a_view_is_reviewed_one_at_a_time(curator: Visitor, table: str) -> None:
    assert f'href="{table}/review?status=needs_review"' in curator.see(f"{table}?status=needs_review")
    assert 'data-total="5"' in curator.see(f"{table}/review?status=needs_review")
    first = curator.see(f"{table}/review/next?status=needs_review")
    cursor = re.search(r'data-cursor="([^"]+)"', first)
    assert cursor
    here = re.search(r'data-here="([^"]+)"', first)
    assert here
    assert save(curator, here[1], {"status": "approved", "score": 0.7}, version="1").json() == {"version": 2}
    assert save(curator, here[1], {"gold": True}, version="1").status_code == 409
    assert '"score": 0.7' in curator.see(here[1])
    second = curator.http.get(f"{table}/review/next", params={"status": "needs_review", "after": cursor[1]}).text
    assert "candidate 1" in second
    assert "That was the last one" in curator.see(f"{table}/review/next?status=rejected")


def test_two_review_the_same_queue_without_meeting(curator: Visitor, other: Visitor, table: str) -> None:
    queue = make_queue(curator, table)
    assert 'data-place="1"' in curator.send(f"{queue}/next").text
    assert 'data-place="2"' in curator.send(f"{queue}/next", beside="1").text
    assert 'data-place="3"' in other.send(f"{queue}/next").text
    refused = save(other, f"{queue}/items/1", {"status": "rejected"}, submits="1")
    assert refused.status_code == 409
    assert "Somebody else has this answer now" in refused.text
    curator.send(f"{queue}/release", places="1,2", comes_again="1")
    assert 'data-place="4"' in other.send(f"{queue}/next", beside="3").text
    assert 'data-place="1"' in curator.send(f"{queue}/next").text
    assert curator.send(f"{queue}/stay").json() == {}


def test_a_draft_is_kept_handed_in_and_taken_back(curator: Visitor, table: str) -> None:
    queue = make_queue(curator, table)
    save(curator, f"{queue}/items/1", {"notes": "so far", "add_tags": ["fine"]})
    assert all_examples()[0].version == 1
    assert "so far" in curator.see(f"{queue}/items/1")
    save(curator, f"{queue}/items/1", {"status": "approved"}, submits="1")
    assert (all_examples()[0].status, all_examples()[0].notes) == ("approved", "so far")
    assert curator.send(f"{queue}/items/1/withdraw").json() == {}
    assert all_examples()[0].status == "needs_review"


def test_reviews_that_differ_are_shown_side_by_side_for_somebody_to_choose(
    curator: Visitor, other: Visitor, table: str
) -> None:
    queue = make_queue(curator, table, reviews_each="2")
    for place in ("1", "2"):
        save(curator, f"{queue}/items/{place}", {"status": "approved", "edited_output": "Hers."}, submits="1")
        save(other, f"{queue}/items/{place}", {"status": "rejected", "notes": HOSTILE}, submits="1")
    assert "Too few to say" in curator.see(f"{queue}/agreement")
    page = curator.see(queue)
    assert f'data-later="{queue}/agreement"' in page
    assert "Choose where reviews differ" in page
    page = curator.see(f"{queue}/disputes")
    assert "2 answers wait" in page
    assert "Hers." in page
    assert "<script>alert" not in page
    chosen = re.search(r'name="review_of" value="([^"]+)"', page)
    assert chosen
    page = curator.send(f"{queue}/items/1/decision", review_of=chosen[1]).text
    assert "Answer 1 is decided" in page
    assert (all_examples()[0].status, all_examples()[0].edited_output) == ("approved", "Hers.")
    assert "No reviews differ" in curator.send(f"{queue}/items/2/decision", action="reject").text
    assert all_examples()[1].status == "rejected"


def test_hostile_text_is_shown_as_text(curator: Visitor) -> None:
    table = reviewed(curator, [HOSTILE])
    queue = make_queue(curator, table, name=HOSTILE.replace("\x07", ""))
    save(curator, f"{queue}/items/1", {"notes": HOSTILE, "category": "</script><b>'\"", "edited_output": HOSTILE})
    pieces = [curator.send(f"{queue}/next").text, curator.see(f"{table}/review/next"), curator.see(f"{queue}/review")]
    for page in (*pieces, curator.see(queue), curator.see(f"{queue}/agreement"), curator.see("/queues")):
        assert not re.search("<script>alert|<b>", page)
        shown = re.sub(r"<textarea.*?</textarea>", "", page, flags=re.DOTALL)
        assert not re.search("[\x07\u202e]", shown)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("{table}/queues/new", {"name": "x", "sort": "best"}),
        ("{table}/queues/new", {"name": "x", "sort": "oldest", "limit": "many"}),
        ("{table}/queues/new", {"name": " ", "sort": "oldest"}),
        ("{table}/queues/new?statsu=x", {"name": "x", "sort": "oldest"}),
        ("{queue}/next", {"beside": "1,x"}),
        ("{queue}/next", {"beside": "²"}),
        ("{queue}/release", {"places": "9999999999"}),
        ("{queue}/items/1", {"change": "{"}),
        ("{queue}/items/1", {"change": "[]"}),
        ("{queue}/items/1", {"change": '{"status": "good"}'}),
        ("{queue}/items/1", {"change": '{"score": 0.5}', "submits": "1"}),
        ("{example}/review", {"change": '{"id": 1}'}),
        ("{example}/review", {}),
    ],
)
def test_what_means_nothing_is_refused(curator: Visitor, table: str, path: str, fields: dict[str, str]) -> None:
    queue = make_queue(curator, table)
    address = path.format(table=table, queue=queue, example=example_of(1))
    assert curator.send(address, **fields).status_code == 400


def test_who_may_not_review_may_look_and_a_stranger_finds_nothing(
    curator: Visitor, sign_in: SignIn, table: str
) -> None:
    queue = make_queue(curator, table, people="anna")
    viewer = sign_in("viewer", Role.VIEWER, tenant="acme")
    unassigned = sign_in("unassigned", Role.CURATOR, tenant="acme")
    stranger = sign_in("stranger", Role.CURATOR)
    pages = (
        queue,
        f"{queue}/agreement",
        f"{queue}/disputes",
        f"{queue}/review",
        f"{queue}/items/1",
        f"{table}/review",
        f"{table}/queues/new",
    )
    forms = [f"{queue}/{what}" for what in ("next", "items/1", "items/1/withdraw", "release", "stay")]
    for path in (*pages, f"{table}/review/next"):
        assert stranger.http.get(path).status_code == 404
    for path in (queue, f"{table}/review", f"{table}/review/next"):
        assert viewer.http.get(path).status_code == 200
    for visitor, status in ((viewer, 403), (unassigned, 403), (stranger, 404)):
        sent = {"change": '{"status": "approved"}', "submits": "1"}
        assert {visitor.send(path, **sent).status_code for path in forms} == {status}
    for path in (f"{queue}/delete", f"{queue}/items/1/decision", f"{table}/queues/new", f"{example_of(1)}/review"):
        assert (
            stranger.send(path, name="x", sort="oldest", action="approve", change='{"gold": true}').status_code == 404
        )
        assert viewer.send(path).status_code == 403
    assert {unassigned.http.get(path).status_code for path in (f"{queue}/review", f"{queue}/items/1")} == {403}
