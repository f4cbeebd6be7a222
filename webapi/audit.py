"""What views tell the audit log: one call, in the transaction of what they do."""

from typing import Any

from flask import g, request

from inference import audit
from inference.audit import Actor
from schemas import ids
from schemas.actions import Action
from schemas.tables import ChangeSet, Export, Judging, Queue, Run, Snapshot, Split
from webapi.database import db

OfDataset = Export | Judging | Queue | Run | Snapshot | Split


def note(action: Action, subject: str = "", **details: Any) -> None:
    """The view commits it with what it tells of."""
    audit.note(db.session(), actor(), action, subject, **details)


def note_now(action: Action, subject: str = "", **details: Any) -> None:
    """For a view that commits nothing: one that only reads, or refuses."""
    note(action, subject, **details)
    db.session.commit()


def note_of_dataset(action: Action, prefix: str, what: OfDataset, **details: Any) -> None:
    """Of what a dataset has: its own id is the subject, and the dataset's a detail."""
    note(action, ids.show(prefix, what.id), dataset=ids.show(ids.DATASET, what.dataset_id), **details)


def note_change(done: ChangeSet | None) -> None:
    """What changes many examples in one go is told beside their versions."""
    if done is not None and done.examples > 1:
        dataset_id = ids.show(ids.DATASET, done.dataset_id)
        note(Action.EXAMPLES_CHANGED, ids.show(ids.CHANGE_SET, done.id), dataset=dataset_id, examples=done.examples)


def note_stranger(who: str) -> None:
    """Somebody was not let in, who calls himself this."""
    audit.note(db.session(), Actor(who, request.remote_addr), Action.SIGN_IN_FAILED)
    db.session.commit()


def actor() -> Actor:
    """Whose key it is, or nobody's."""
    if caller := g.get("caller"):
        return Actor(caller.name, request.remote_addr, caller.tenant, caller.key_id)
    if key := g.get("key"):
        return Actor(key.name, request.remote_addr, key.tenant, key.id)
    return Actor("", request.remote_addr)
