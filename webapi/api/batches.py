"""`/v1/batches`."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from flask import Response

from inference import batches, results, retry
from inference.pace import Pace
from inference.progress import Progress
from inference.webhooks import subscriptions
from schemas import ids, tables
from schemas.actions import Action
from schemas.wire.batches import Batch, BatchCreate, BatchList, BatchQuery, CreatedBatch, ResultsQuery
from schemas.wire.fields import OnceHeaders
from tasks import dispatch
from webapi import audit
from webapi.api.auth import caller, tenant
from webapi.api.blueprint import Blueprint
from webapi.api.listing import listed
from webapi.database import db, sessions

blueprint = Blueprint("batches", __name__, "Files of requests, answered by the models served here.")


@dataclass(frozen=True, slots=True)
class Shown:
    batch: tables.Batch
    progress: Progress
    pace: Pace | None = None
    webhook: tables.Webhook | None = None


@blueprint.post("/batches")
@blueprint.arguments(BatchCreate)
@blueprint.arguments(OnceHeaders, location="headers")
@blueprint.response(200, CreatedBatch)
def create_batch(wanted: dict[str, Any], headers: dict[str, Any]) -> Shown:
    """Create a batch from an uploaded file.

    With an `Idempotency-Key` header the call can be repeated safely: it gives the batch that the first call made.
    """
    new = new_batch(wanted, headers["idempotency_key"])
    batch = batches.create(db.session(), new, pending_limit=caller().limits.pending_requests)
    db.session.commit()
    dispatch.validate_batch(batch.id)
    return replace(shown([batch])[0], webhook=subscriptions.of_batch(db.session(), batch))


@blueprint.get("/batches")
@blueprint.arguments(BatchQuery, location="query")
@blueprint.response(200, BatchList)
def list_batches(wanted: dict[str, Any]) -> dict[str, Any]:
    """List batches, newest first."""
    page = batches.list_page(db.session(), tenant(), wanted.get("after"), wanted["limit"])
    return listed(shown(page.items), page.items, ids.BATCH, page.has_more)


@blueprint.get("/batches/<batch_id>")
@blueprint.response(200, Batch)
def get_batch(batch_id: str) -> Shown:
    """Get a batch, with its counts and its pace as they are now."""
    return Shown(*batches.get_with_progress(db.session(), tenant(), batch_id))


@blueprint.post("/batches/<batch_id>/cancel")
@blueprint.response(200, Batch)
def cancel_batch(batch_id: str) -> Shown:
    """Cancel a batch.

    What is finished stays, in the output file.
    """
    batch = batches.cancel(db.session(), tenant(), batch_id)
    db.session.commit()
    dispatch.finalise_batch(batch.id)
    return shown([batch])[0]


@blueprint.post("/batches/<batch_id>/retry")
@blueprint.arguments(OnceHeaders, location="headers")
@blueprint.response(200, Batch)
def retry_batch(headers: dict[str, Any], batch_id: str) -> Shown:
    """Make a new batch of the requests that failed or were cancelled.

    An `Idempotency-Key` header works as it does when a batch is created.
    """
    who = caller()
    batch = retry.retry(db.session(), who.tenant, batch_id, who.key_id, who.limits, headers["idempotency_key"])
    db.session.commit()
    dispatch.validate_batch(batch.id)
    return shown([batch])[0]


@blueprint.get("/batches/<batch_id>/results")
@blueprint.arguments(ResultsQuery, location="query")
@blueprint.response(200, {"type": "string"}, content_type="application/jsonl")
def get_results(wanted: dict[str, Any], batch_id: str) -> Response:
    """Stream the finished lines of a batch, while it runs or after.

    `X-Incomplete` says whether more will come. Ask for the rest with `after_line` set to the `X-Last-Line` you got.
    """
    batch = batches.get(db.session(), tenant(), batch_id)
    audit.note_now(Action.DATA_DOWNLOADED, batch_id)
    stream = results.stream(db.session(), batch, wanted["after_line"], sessions())
    headers = {"X-Incomplete": str(stream.incomplete).lower(), "X-Last-Line": str(stream.last_line)}
    return Response(stream.blocks, mimetype="application/jsonl", headers=headers)


def new_batch(wanted: dict[str, Any], idempotency_key: str | None) -> batches.NewBatch:
    webhook = wanted["webhook"] or {}
    return batches.NewBatch(
        tenant=tenant(),
        key_id=caller().key_id,
        input_file_id=wanted["input_file_id"],
        endpoint=wanted["endpoint"],
        completion_window=wanted["completion_window"],
        metadata=wanted["metadata"],
        output_expires_after_seconds=(wanted["output_expires_after"] or {}).get("seconds"),
        priority=wanted["priority"],
        reuse_answers=wanted["reuse_answers"],
        webhook_url=webhook.get("url"),
        webhook_secret=webhook.get("secret"),
        idempotency_key=idempotency_key,
        fingerprint=hashlib.sha256(orjson.dumps(wanted, option=orjson.OPT_SORT_KEYS)).digest(),
    )


def shown(items: Sequence[tables.Batch]) -> list[Shown]:
    progress = batches.progress(db.session(), items)
    paces = batches.paces(db.session(), items, progress)
    return [Shown(batch, progress[batch.id], paces.get(batch.id)) for batch in items]
