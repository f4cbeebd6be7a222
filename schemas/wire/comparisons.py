"""Models compared, on the wire."""

import marshmallow as ma

from schemas import ids
from schemas.limits import MOST_COMPARED
from schemas.wire.fields import Kind, PublicId, Text, Whole


class NextQuery(ma.Schema):
    """Further models are further `model` parameters."""

    model = ma.fields.List(Text(), required=True)
    after = Whole(load_default=0)


class BlindAnswer(ma.Schema):
    """Whose answer it is, nobody knows yet."""

    example_id = PublicId(ids.EXAMPLE, attribute="id")
    output = ma.fields.String()


class Choice(ma.Schema):
    """`item` is null when nothing is left to choose."""

    object = Kind("choice")
    item = ma.fields.Integer(allow_none=True)
    messages = ma.fields.List(ma.fields.Dict())
    answers = ma.fields.List(ma.fields.Nested(BlindAnswer))


class ComparisonCreate(ma.Schema):
    shown = ma.fields.List(Text(longest=64), required=True, validate=ma.validate.Length(2, MOST_COMPARED))
    winner = Text(longest=64, required=True, allow_none=True)


class Comparison(ma.Schema):
    """`winner` is a model, or null where none was better."""

    object = Kind("comparison")
    dataset_id = PublicId(ids.DATASET)
    item = ma.fields.Integer()
    models = ma.fields.List(ma.fields.String())
    winner = ma.fields.String(allow_none=True)


class WinRate(ma.Schema):
    model = ma.fields.String()
    other = ma.fields.String()
    wins = ma.fields.Integer()
    losses = ma.fields.Integer()
    ties = ma.fields.Integer()
    rate = ma.fields.Float()
    interval = ma.fields.List(ma.fields.Float())
    says = ma.fields.String()


class WinRateList(ma.Schema):
    """`answers` is how many of each model there are."""

    object = Kind("list")
    answers = ma.fields.Dict(ma.fields.String(), ma.fields.Integer())
    data = ma.fields.List(ma.fields.Nested(WinRate))
