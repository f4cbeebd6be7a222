"""Every change is a version, and whatever was done in one go is undone in one go."""

import random
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from curation import changes, table, wanted
from curation.table import Sort
from curation.views import View
from schemas import ids
from schemas.database import session_scope
from schemas.errors import ChangeNotFound, Conflict, RequestInvalid
from schemas.states import ExampleStatus
from schemas.tables import Change, ChangeSet, Dataset, Example
from tests.integration.curation.changing import ALL, change

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'")


def examples(dataset: Dataset, view: View = ALL) -> list[Example]:
    with session_scope() as session:
        return [row.example for row in table.page(session, dataset, view, Sort.OLDEST, None, 100).rows]


def undo(done: ChangeSet | None, key_id: UUID, tenant: str = "acme") -> ChangeSet | None:
    assert done
    with session_scope() as session:
        return changes.undo(session, tenant, ids.show(ids.CHANGE_SET, done.id), key_id)


def test_a_change_of_all_that_a_view_holds_and_one_undo(dataset: Dataset, reviewer: UUID) -> None:
    third = examples(dataset)[3].id
    change(dataset, reviewer, only=[third], status="rejected", score=0.25)
    done = change(dataset, reviewer, gold=True, status="approved", add_tags=["b", "a"])
    assert done
    assert done.examples == 10
    assert {(e.status, e.gold, tuple(e.tags)) for e in examples(dataset)} == {("approved", True, ("a", "b"))}
    undone = undo(done, reviewer)
    assert undone
    assert undone.examples == 10
    after = examples(dataset)
    assert [e.status for e in after] == ["needs_review"] * 3 + ["rejected"] + ["needs_review"] * 6
    assert not any(e.gold or e.tags for e in after)
    assert after[3].score == 0.25
    again = undo(undone, reviewer)
    assert again
    assert all(e.gold and e.tags == ["a", "b"] for e in examples(dataset))


def test_what_was_changed_since_stays_and_the_rest_is_undone(dataset: Dataset, reviewer: UUID) -> None:
    done = change(dataset, reviewer, status="approved")
    one = examples(dataset)[0].id
    with session_scope() as session:
        again = select(Example.id).where(Example.id == one)
        changes.change(session, dataset, reviewer, wanted.read({"status": "rejected"}), again)
    undone = undo(done, reviewer)
    assert undone
    assert undone.examples == 9
    assert [e.status for e in examples(dataset)] == ["rejected"] + ["needs_review"] * 9


def test_what_is_undone_step_by_step_comes_back_step_by_step(dataset: Dataset, reviewer: UUID) -> None:
    approved = change(dataset, reviewer, status="approved", score=0.1, add_tags=["a"])
    starred = change(dataset, reviewer, gold=True, edited_output="Better.", add_tags=["b"])
    for done in (starred, approved):
        undone = undo(done, reviewer)
        assert undone
        assert undone.examples == 10
    assert {(e.status, e.score, e.gold, e.edited_output, tuple(e.tags)) for e in examples(dataset)} == {
        ("needs_review", None, False, None, ())
    }


def test_of_one_example_what_was_changed_since_stays_and_the_rest_is_undone(dataset: Dataset, reviewer: UUID) -> None:
    done = change(dataset, reviewer, status="approved", score=0.1, category="nursing")
    change(dataset, reviewer, score=0.3, notes="Look again.")
    undo(done, reviewer)
    assert {(e.status, e.score, e.category, e.notes) for e in examples(dataset)} == {
        ("needs_review", 0.3, None, "Look again.")
    }
    again = change(dataset, reviewer, status="rejected")
    change(dataset, reviewer, status="approved")
    assert undo(again, reviewer) is None


def test_what_a_view_no_longer_holds_when_its_turn_comes_stays_as_it_is(dataset: Dataset, reviewer: UUID) -> None:
    third = select(Example.id).where(Example.id == examples(dataset)[3].id)
    undecided = View(status=ExampleStatus.NEEDS_REVIEW, search="candidate")
    with ThreadPoolExecutor() as pool:
        with session_scope() as session:
            changes.change(session, dataset, reviewer, wanted.read({"status": "rejected"}), third)
            waiting = pool.submit(change, dataset, reviewer, undecided, status="approved")
            wait_for_a_lock()
        done = waiting.result()
    assert done
    assert done.examples == 9
    assert [e.status for e in examples(dataset)] == ["approved"] * 3 + ["rejected"] + ["approved"] * 6


def wait_for_a_lock() -> None:
    """Until somebody waits for a row that another has."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with session_scope() as session:
            if session.scalar(WAITING):
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")


def test_an_undo_is_done_once(dataset: Dataset, reviewer: UUID) -> None:
    done = change(dataset, reviewer, gold=True)
    undo(done, reviewer)
    with pytest.raises(Conflict):
        undo(done, reviewer)


def test_nobody_undoes_what_another_tenant_did(dataset: Dataset, reviewer: UUID) -> None:
    done = change(dataset, reviewer, gold=True)
    with pytest.raises(ChangeNotFound):
        undo(done, reviewer, tenant="other")


def test_what_changes_nothing_leaves_no_trace(dataset: Dataset, reviewer: UUID) -> None:
    assert change(dataset, reviewer, gold=True, category="nursing")
    assert change(dataset, reviewer, gold=True, category="nursing") is None
    with session_scope() as session:
        assert len(session.scalars(select(ChangeSet)).all()) == 1
    assert {e.version for e in examples(dataset)} == {2}


def test_each_version_says_who_changed_what_from_what_to_what(dataset: Dataset, reviewer: UUID) -> None:
    change(dataset, reviewer, notes="first", score=0.5)
    change(dataset, reviewer, notes="second", edited_output="Better.")
    example = examples(dataset)[0]
    with session_scope() as session:
        versions = changes.history(session, example).items
    assert [(change.version, who) for change, _, who in versions] == [(3, "reviewer"), (2, "reviewer")]
    newest: Change = versions[0][0]
    assert newest.before == {"notes": "first", "edited_output": None}
    assert newest.after == {"notes": "second", "edited_output": "Better."}
    assert (example.version, example.reviewer_id) == (3, reviewer)


def test_many_versions_are_shown_a_page_at_a_time(dataset: Dataset, reviewer: UUID) -> None:
    for number in range(changes.VERSIONS + 1):
        change(dataset, reviewer, notes=str(number))
    example = examples(dataset)[0]
    with session_scope() as session:
        newest = changes.history(session, example)
        oldest = changes.history(session, example, newest.items[-1].change.version)
    assert ([one.change.version for one in newest.items], newest.has_more) == ([*range(52, 2, -1)], True)
    assert ([one.change.version for one in oldest.items], oldest.has_more) == ([2], False)


def test_a_change_to_an_older_version_is_not_made(dataset: Dataset, reviewer: UUID) -> None:
    change(dataset, reviewer, gold=True)
    first = examples(dataset)[0].id
    less = wanted.read({"gold": False, "status": "needs_review"})
    with session_scope() as session, pytest.raises(Conflict):
        changes.change_one(session, dataset, reviewer, less, session.get_one(Example, first), 1)
    with session_scope() as session:
        done = changes.change_one(session, dataset, reviewer, less, session.get_one(Example, first), 2)
    assert done
    assert done.wanted == {"gold": False}
    assert [e.gold for e in examples(dataset)] == [False] + [True] * 9


def test_an_example_has_no_more_tags_than_it_may(dataset: Dataset, reviewer: UUID) -> None:
    for part in ("a", "b"):
        change(dataset, reviewer, View(search='"candidate 1"'), add_tags=[f"{part}-{n}" for n in range(20)])
    more: dict[str, Any] = {"status": "approved", "add_tags": [f"c-{n}" for n in range(11)]}
    with pytest.raises(RequestInvalid, match="at most 50 tags"):
        change(dataset, reviewer, **more)
    assert [(e.status, len(e.tags)) for e in examples(dataset)] == [
        ("needs_review", 40 if n == 1 else 0) for n in range(10)
    ]
    change(dataset, reviewer, **more, remove_tags=["a-0"])
    assert len(examples(dataset)[1].tags) == 50


def test_tags_come_and_go_one_by_one(dataset: Dataset, reviewer: UUID) -> None:
    change(dataset, reviewer, add_tags=["x", "y"])
    change(dataset, reviewer, add_tags=["z"], remove_tags=["x"])
    assert {tuple(e.tags) for e in examples(dataset)} == {("y", "z")}
    assert len(examples(dataset, View(tag="z"))) == 10
    assert examples(dataset, View(tag="x")) == []


def test_counts_are_those_of_the_examples_whatever_is_changed_and_undone(dataset: Dataset, reviewer: UUID) -> None:
    chance = random.Random(5)
    done: list[ChangeSet] = []
    for _ in range(30):
        if done and chance.random() < 0.3:
            done += filter(None, [undo(done.pop(chance.randrange(len(done))), reviewer)])
        given = {
            "status": chance.choice([*ExampleStatus]),
            "gold": chance.random() < 0.5,
            "notes": str(chance.random()),
        }
        some = {name: given[name] for name in chance.sample(list(given), chance.randint(1, 3))}
        done += filter(None, [change(dataset, reviewer, View(search=f"candidate {chance.randrange(10)}"), **some)])
        now = examples(dataset)
        with session_scope() as session:
            counted = session.get_one(Dataset, dataset.id)
        assert counted.examples == len(now) == 10
        assert counted.gold == sum(e.gold for e in now)
        assert {name: getattr(counted, name) for name in ExampleStatus} == {
            name: sum(e.status == name for e in now) for name in ExampleStatus
        }
