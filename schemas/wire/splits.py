"""Splits on the wire."""

import marshmallow as ma

from schemas import ids
from schemas.limits import LONGEST_NAME, MOST_MOVED, SIMILARITY
from schemas.states import Side, SplitStatus
from schemas.wire.fields import Kind, PublicId, Text, Timestamp, Whole


class Shares(ma.Schema):
    train = ma.fields.Float(load_default=0.0)
    search = ma.fields.Float(load_default=0.0)
    test = ma.fields.Float(load_default=0.0)


class SplitCreate(ma.Schema):
    name = Text(required=True, longest=LONGEST_NAME)
    shares = ma.fields.Nested(Shares, load_default=None, allow_none=True)
    seed = ma.fields.Integer(strict=True, load_default=0)
    similarity = ma.fields.Float(load_default=SIMILARITY)


class SideCounts(ma.Schema):
    train = ma.fields.Integer()
    search = ma.fields.Integer()
    test = ma.fields.Integer()


class Split(ma.Schema):
    """Of `items`, up to `item` so far; `counts` are those of its sides."""

    id = PublicId(ids.SPLIT)
    object = Kind("split")
    dataset_id = PublicId(ids.DATASET)
    name = ma.fields.String()
    seed = ma.fields.Integer()
    shares = ma.fields.Dict(ma.fields.String(), ma.fields.Float())
    similarity = ma.fields.Float()
    status = ma.fields.String(validate=ma.validate.OneOf([*SplitStatus]))
    items = ma.fields.Integer()
    item = ma.fields.Integer()
    groups = ma.fields.Integer()
    largest_group = ma.fields.Integer()
    counts = ma.fields.Nested(SideCounts)
    created_at = Timestamp()
    ended_at = Timestamp(allow_none=True)


class SplitList(ma.Schema):
    object = Kind("list")
    data = ma.fields.List(ma.fields.Nested(Split))


class SplitItemQuery(ma.Schema):
    side = ma.fields.String(required=True, validate=ma.validate.OneOf([*Side]))
    after = Whole(load_default=0)
    limit = ma.fields.Integer(load_default=1000, validate=ma.validate.Range(1, 10_000))


class SplitItemList(ma.Schema):
    """Numbers of items."""

    object = Kind("list")
    data = ma.fields.List(ma.fields.Integer())
    has_more = ma.fields.Boolean()


class SplitMove(ma.Schema):
    items = ma.fields.List(
        Whole(strict=True, least=1),
        required=True,
        validate=ma.validate.Length(1, MOST_MOVED),
    )
    side = ma.fields.String(required=True, validate=ma.validate.OneOf([*Side]))


class SplitMoved(ma.Schema):
    object = Kind("split.move")
    moved = ma.fields.Integer()


class SplitCheck(ma.Schema):
    object = Kind("split.check")
    leaks = ma.fields.Constant(False, metadata={"type": "boolean"})
