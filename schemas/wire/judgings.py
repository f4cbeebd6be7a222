"""Judgings on the wire."""

import marshmallow as ma

from schemas import ids
from schemas.limits import LONGEST_CRITERIA, LONGEST_MODEL
from schemas.wire.batch_work import BatchWork
from schemas.wire.comparisons import WinRate
from schemas.wire.fields import Kind, PublicId, Text, Whole

WHICH = ("all", "orders", "people")


class JudgingCreate(ma.Schema):
    models = ma.fields.List(Text(longest=LONGEST_MODEL), required=True, validate=ma.validate.Length(2, 2))
    judge = Text(required=True, longest=LONGEST_MODEL)
    criteria = Text(load_default="", longest=LONGEST_CRITERIA)
    completion_window = Text(load_default="7d", longest=16)


class Judging(BatchWork):
    """`request_counts` are of requests, two for each item; `unreadable` of them were answered with no verdict."""

    id = PublicId(ids.JUDGING, attribute="work.id")
    object = Kind("judging")
    judge = ma.fields.String(attribute="work.judge")
    criteria = ma.fields.String(attribute="work.criteria")
    created_by = PublicId(ids.KEY, attribute="work.key_id")
    unreadable = ma.fields.Integer(attribute="work.unreadable")


class JudgingDeleted(ma.Schema):
    id = PublicId(ids.JUDGING)
    object = Kind("judging")
    deleted = ma.fields.Constant(True, metadata={"type": "boolean"})


class JudgingList(ma.Schema):
    object = Kind("list")
    data = ma.fields.List(ma.fields.Nested(Judging))


class Orders(ma.Schema):
    """Items by what was said of both orders of their answers. `bias` is the share of those where it differs."""

    judged = ma.fields.Integer()
    same = ma.fields.Integer()
    disagree = ma.fields.Integer()
    first_place = ma.fields.Integer()
    second_place = ma.fields.Integer()
    bias = ma.fields.Float(allow_none=True)


class BesidePeople(ma.Schema):
    """`matrix` has a row for each that people said (the first model, neither, the second), a column for the judge's."""

    items = ma.fields.Integer()
    percent = ma.fields.Float(attribute="same_share", allow_none=True)
    kappa = ma.fields.Float(allow_none=True)
    matrix = ma.fields.List(ma.fields.List(ma.fields.Integer()))
    says = ma.fields.String()


class JudgingResult(Judging):
    win_rates = ma.fields.List(ma.fields.Nested(WinRate))
    people_win_rates = ma.fields.List(ma.fields.Nested(WinRate))
    orders = ma.fields.Nested(Orders)
    beside_people = ma.fields.Nested(BesidePeople)


class VerdictQuery(ma.Schema):
    which = ma.fields.String(load_default="all", validate=ma.validate.OneOf(WHICH))
    after = Whole(load_default=0)
    limit = ma.fields.Integer(load_default=50, validate=ma.validate.Range(1, 200))


class Verdict(ma.Schema):
    """`said` is whom the judge chose, by letter, when the first model's answer stood as A, and then as B."""

    object = Kind("verdict")
    item = ma.fields.Integer(attribute="comparison.item")
    custom_id = ma.fields.String()
    example_ids = ma.fields.List(PublicId(ids.EXAMPLE), attribute="comparison.example_ids")
    winner = ma.fields.String(attribute="comparison.winner", allow_none=True)
    said = ma.fields.String(attribute="comparison.said", allow_none=True)
    reasons = ma.fields.List(ma.fields.String(), attribute="comparison.reasons")


class VerdictList(ma.Schema):
    object = Kind("list")
    data = ma.fields.List(ma.fields.Nested(Verdict))
    has_more = ma.fields.Boolean()
