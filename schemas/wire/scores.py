"""Scorers and what they say, on the wire."""

import marshmallow as ma

from schemas import ids
from schemas.states import ScoringStatus
from schemas.wire.fields import Kind, PublicId, Text, Timestamp


class ScoringCreate(ma.Schema):
    scorer = Text(required=True, longest=100)


class Scoring(ma.Schema):
    """A scorer on its way through a dataset: `seen` answers so far, and `scored` of them."""

    object = Kind("dataset.scoring")
    dataset_id = PublicId(ids.DATASET)
    scorer = ma.fields.String()
    version = ma.fields.Integer()
    status = ma.fields.String(validate=ma.validate.OneOf([*ScoringStatus]))
    removes = ma.fields.Boolean()
    seen = ma.fields.Integer()
    scored = ma.fields.Integer()
    begun_at = Timestamp()
    ended_at = Timestamp(allow_none=True)
    problem = ma.fields.String(allow_none=True)


class Trust(ma.Schema):
    """How far a scorer says what people say."""

    scorer = ma.fields.String()
    scored = ma.fields.Integer()
    correlation = ma.fields.Float(allow_none=True)
    apart = ma.fields.Float(allow_none=True)
    decided = ma.fields.Integer()
    ranked_right = ma.fields.Float(allow_none=True)
    says = ma.fields.String()


class ScoringList(ma.Schema):
    object = Kind("list")
    data = ma.fields.List(ma.fields.Nested(Scoring))


class TrustList(ma.Schema):
    object = Kind("list")
    data = ma.fields.List(ma.fields.Nested(Trust))


class Scorer(ma.Schema):
    object = Kind("scorer")
    name = ma.fields.String()
    version = ma.fields.Integer()
    says = ma.fields.String()


class ScorerList(ma.Schema):
    object = Kind("list")
    data = ma.fields.List(ma.fields.Nested(Scorer))


class ScoringRemoved(ma.Schema):
    object = Kind("dataset.scoring")
    scorer = ma.fields.String()
    deleted = ma.fields.Constant(True, metadata={"type": "boolean"})


class GivenScore(ma.Schema):
    """By which scorer, in which version, and why."""

    scorer = ma.fields.String(attribute="score.scorer")
    value = ma.fields.Float(attribute="score.value")
    reason = ma.fields.String(attribute="score.reason")
    version = ma.fields.Integer(attribute="scoring.version")
    scored_at = Timestamp(attribute="scoring.begun_at")


class GivenScoreList(ma.Schema):
    object = Kind("list")
    data = ma.fields.List(ma.fields.Nested(GivenScore))
