"""Snapshots on the wire."""

import marshmallow as ma

from schemas import ids
from schemas.limits import LONGEST_NAME, LONGEST_VIEW_VALUE
from schemas.tables.exports import ExportFormat
from schemas.wire.fields import Kind, PublicId, Text, Timestamp


class SnapshotCreate(ma.Schema):
    name = Text(required=True, longest=LONGEST_NAME)
    view = ma.fields.Dict(Text(longest=LONGEST_VIEW_VALUE), Text(longest=LONGEST_VIEW_VALUE), load_default=dict)


class SnapshotQuery(ma.Schema):
    format = ma.fields.String(load_default=ExportFormat.CHAT, validate=ma.validate.OneOf([*ExportFormat]))


class Snapshot(ma.Schema):
    id = PublicId(ids.SNAPSHOT)
    object = Kind("snapshot")
    dataset_id = PublicId(ids.DATASET)
    name = ma.fields.String()
    view = ma.fields.Dict(ma.fields.String(), ma.fields.String())
    examples = ma.fields.Integer()
    digest = ma.fields.String()
    created_at = Timestamp()


class SnapshotList(ma.Schema):
    object = Kind("list")
    data = ma.fields.List(ma.fields.Nested(Snapshot))
