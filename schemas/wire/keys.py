"""API keys on the wire. The key itself is in the answer that creates it, and in no other."""

import marshmallow as ma

from schemas import ids
from schemas.states import Role
from schemas.wire.fields import Kind, PublicId, Text, Timestamp, Whole

LONGEST_NAME = 128
LARGEST = 2**63 - 1


class KeyCreate(ma.Schema):
    name = Text(required=True, longest=LONGEST_NAME, validate=ma.validate.Length(min=1))
    role = ma.fields.Enum(Role, by_value=True, required=True)
    tenant = Text(load_default=None, allow_none=True, longest=LONGEST_NAME, validate=ma.validate.Length(min=1))
    requests_per_minute = Whole(strict=True, allow_none=True)
    pending_requests = ma.fields.Integer(strict=True, allow_none=True, validate=ma.validate.Range(0, LARGEST))
    stored_bytes = ma.fields.Integer(strict=True, allow_none=True, validate=ma.validate.Range(0, LARGEST))
    weight = ma.fields.Float(load_default=1.0, validate=ma.validate.Range(0.01, 1000))


class Key(ma.Schema):
    id = PublicId(ids.KEY)
    object = Kind("api_key")
    name = ma.fields.String()
    tenant = ma.fields.String()
    role = ma.fields.String()
    hint = ma.fields.String()
    created_at = Timestamp()
    revoked_at = Timestamp(allow_none=True)
    requests_per_minute = ma.fields.Integer(allow_none=True)
    pending_requests = ma.fields.Integer(allow_none=True)
    stored_bytes = ma.fields.Integer(allow_none=True)
    weight = ma.fields.Float()


class NewKey(Key):
    key = ma.fields.String(metadata={"description": "The key itself. It can't be shown again."})


class KeyList(ma.Schema):
    object = Kind("list")
    data = ma.fields.List(ma.fields.Nested(Key))
