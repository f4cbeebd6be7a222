"""What answers come from, on the wire."""

import marshmallow as ma

from schemas import ids
from schemas.wire.fields import Kind, PublicId, Timestamp


class Serving(ma.Schema):
    id = PublicId(ids.SERVING)
    object = Kind("serving")
    model = ma.fields.String()
    # Source, revision, adapter, engine and its version, device, and the settings that decide answers.
    details = ma.fields.Dict(ma.fields.String())
    first_used_at = Timestamp()


class ServingList(ma.Schema):
    object = Kind("list")
    data = ma.fields.List(ma.fields.Nested(Serving))


class ForgottenAnswers(ma.Schema):
    object = Kind("kept_answers")
    deleted = ma.fields.Integer()
