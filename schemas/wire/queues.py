"""Queues of answers to review on the wire: what is to be reviewed, by whom, and what they think."""

import marshmallow as ma

from schemas import ids
from schemas.limits import LARGEST_QUEUE, LONGEST_NAME, LONGEST_VIEW_VALUE
from schemas.states import QueueItemState, QueueStatus
from schemas.wire.curation import Example, Wanted
from schemas.wire.fields import Kind, ListEnvelope, ListQuery, PublicId, Text, Timestamp, Whole

MOST_AT_HAND = 100


class QueueCreate(ma.Schema):
    dataset_id = Text(required=True, longest=64)
    name = Text(required=True, longest=LONGEST_NAME)
    view = ma.fields.Dict(Text(longest=LONGEST_VIEW_VALUE), Text(longest=LONGEST_VIEW_VALUE), load_default=dict)
    sort = Text(load_default="oldest", metadata={"enum": ["oldest", "random", "worst"]})
    seed = ma.fields.Integer(strict=True, load_default=None, allow_none=True)
    reviews_each = ma.fields.Integer(strict=True, load_default=1)
    people = ma.fields.List(Text(longest=200), load_default=list)
    limit = ma.fields.Integer(strict=True, load_default=LARGEST_QUEUE)


class QueueQuery(ListQuery):
    limit = ma.fields.Integer(load_default=20, validate=ma.validate.Range(1, 100))


class QueueCounts(ma.Schema):
    items = ma.fields.Integer()
    decided = ma.fields.Integer()
    disputed = ma.fields.Integer()


class Reviewer(ma.Schema):
    key = ma.fields.String(attribute="name")
    reviews = ma.fields.Integer()
    holds = ma.fields.Integer()
    seen_at = Timestamp()


class Queue(ma.Schema):
    """Shown from a queue, the names of those it is for, and how far each of its reviewers is.

    `problem` says why it is `broken`.
    """

    id = PublicId(ids.QUEUE, attribute="queue.id")
    object = Kind("queue")
    dataset_id = PublicId(ids.DATASET, attribute="queue.dataset_id")
    name = ma.fields.String(attribute="queue.name")
    view = ma.fields.Dict(attribute="queue.view")
    sort = ma.fields.String(attribute="queue.sort")
    seed = ma.fields.Integer(attribute="queue.seed")
    reviews_each = ma.fields.Integer(attribute="queue.reviews_each")
    people = ma.fields.List(ma.fields.String())
    status = ma.fields.String(attribute="queue.status", validate=ma.validate.OneOf([*QueueStatus]))
    problem = ma.fields.String(attribute="queue.problem", allow_none=True)
    counts = ma.fields.Nested(QueueCounts, attribute="queue")
    reviewers = ma.fields.List(ma.fields.Nested(Reviewer))
    created_at = Timestamp(attribute="queue.created_at")


class QueueList(ListEnvelope):
    data = ma.fields.List(ma.fields.Nested(Queue))


class QueueDeleted(ma.Schema):
    id = PublicId(ids.QUEUE)
    object = Kind("queue")
    deleted = ma.fields.Constant(True, metadata={"type": "boolean"})


class Next(ma.Schema):
    """`beside`: places of items that the caller has at hand already."""

    beside = ma.fields.List(
        Whole(strict=True, least=1),
        load_default=list,
        validate=ma.validate.Length(max=MOST_AT_HAND),
    )


class QueueItem(ma.Schema):
    """Shown from an item, its example, and the caller's own draft. What others think of it stays unseen."""

    object = Kind("queue.item")
    place = ma.fields.Integer(attribute="item.place")
    state = ma.fields.String(attribute="item.state", validate=ma.validate.OneOf([*QueueItemState]))
    held_until = Timestamp(attribute="item.held_until", allow_none=True)
    example = ma.fields.Nested(Example)
    review = ma.fields.Dict()
    submitted = ma.fields.Boolean()


class NextItem(ma.Schema):
    """`item` is null where there is nothing to review for the caller now."""

    item = ma.fields.Nested(QueueItem, allow_none=True)
    counts = ma.fields.Nested(QueueCounts)


class ReviewShown(ma.Schema):
    key = ma.fields.String()
    key_id = PublicId(ids.KEY)
    change = ma.fields.Dict()
    submitted_at = Timestamp()


class Dispute(ma.Schema):
    object = Kind("queue.dispute")
    place = ma.fields.Integer()
    example = ma.fields.Nested(Example)
    reviews = ma.fields.List(ma.fields.Nested(ReviewShown))


class DisputeQuery(ma.Schema):
    after = Whole(load_default=0)
    limit = ma.fields.Integer(load_default=20, validate=ma.validate.Range(1, 100))


class DisputeList(ma.Schema):
    object = Kind("list")
    data = ma.fields.List(ma.fields.Nested(Dispute))


class Decision(ma.Schema):
    """Either whose review stands, or what becomes of the example otherwise."""

    review_of = Text(longest=64)
    change = ma.fields.Nested(Wanted)


class Measured(ma.Schema):
    answers = ma.fields.Integer()
    percent = ma.fields.Float(attribute="same_share", allow_none=True)
    alpha = ma.fields.Float(allow_none=True)
    words = ma.fields.String(attribute="says")


class Pair(ma.Schema):
    first = ma.fields.String()
    second = ma.fields.String()
    answers = ma.fields.Integer()
    percent = ma.fields.Float(attribute="same_share", allow_none=True)
    kappa = ma.fields.Float(allow_none=True)
    words = ma.fields.String(attribute="says")
    values = ma.fields.List(ma.fields.String())
    matrix = ma.fields.List(ma.fields.List(ma.fields.Integer()))


class Agreement(ma.Schema):
    object = Kind("queue.agreement")
    status = ma.fields.Nested(Measured)
    score = ma.fields.Nested(Measured)
    pairs = ma.fields.List(ma.fields.Nested(Pair))
