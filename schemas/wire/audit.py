"""The audit log on the wire."""

import marshmallow as ma

from schemas import ids
from schemas.actions import Action
from schemas.limits import LONGEST_WHO
from schemas.wire.fields import Kind, ListEnvelope, ListQuery, PublicId, Text, Timestamp

# The year 9999.
LATEST = 253_370_764_800


class AuditQuery(ListQuery):
    action = ma.fields.Enum(Action, by_value=True)
    who = Text(longest=LONGEST_WHO)
    since = ma.fields.Integer(validate=ma.validate.Range(0, LATEST), metadata={"description": "Unix seconds."})
    until = ma.fields.Integer(validate=ma.validate.Range(0, LATEST), metadata={"description": "Unix seconds."})
    limit = ma.fields.Integer(load_default=50, validate=ma.validate.Range(1, 200))


class AuditEntry(ma.Schema):
    """`key_id` is null for somebody who was not let in and for the command line, `address` for the latter."""

    id = PublicId(ids.AUDIT_ENTRY)
    object = Kind("audit_entry")
    made_at = Timestamp()
    action = ma.fields.String(validate=ma.validate.OneOf([*Action]))
    who = ma.fields.String()
    key_id = PublicId(ids.KEY, allow_none=True)
    tenant = ma.fields.String(allow_none=True)
    address = ma.fields.String(allow_none=True)
    subject = ma.fields.String()
    details = ma.fields.Dict()


class AuditList(ListEnvelope):
    data = ma.fields.List(ma.fields.Nested(AuditEntry))
