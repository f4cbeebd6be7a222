"""Exports on the wire."""

import marshmallow as ma

from schemas import ids
from schemas.limits import LONGEST_VIEW_VALUE
from schemas.states import ExportStatus
from schemas.tables.exports import ExportFormat
from schemas.wire.fields import Kind, ListEnvelope, ListQuery, PublicId, Text, Timestamp


class ExportOptions(ma.Schema):
    """`curation/exports/options.py` says what each may be."""

    class Meta:
        unknown = ma.INCLUDE

    leave_out_duplicates = ma.fields.Raw(metadata={"type": "boolean"})
    only_approved = ma.fields.Raw(metadata={"type": "boolean"})
    system_prompt = ma.fields.Raw(allow_none=True, metadata={"type": ["string", "null"]})
    with_judges = ma.fields.Raw(metadata={"type": "boolean"})


class ExportCreate(ma.Schema):
    dataset_id = Text(required=True, longest=64)
    view = ma.fields.Dict(Text(longest=LONGEST_VIEW_VALUE), Text(longest=LONGEST_VIEW_VALUE), load_default=dict)
    format = ma.fields.String(required=True, validate=ma.validate.OneOf([*ExportFormat]))
    options = ma.fields.Nested(ExportOptions, load_default=dict)


class Export(ma.Schema):
    """`total` examples to read, `done` of them so far. `problem` says why one that is broken has no file."""

    id = PublicId(ids.EXPORT)
    object = Kind("export")
    dataset_id = PublicId(ids.DATASET)
    view = ma.fields.Dict()
    format = ma.fields.String(validate=ma.validate.OneOf([*ExportFormat]))
    options = ma.fields.Nested(ExportOptions)
    version = ma.fields.Integer()
    status = ma.fields.String(validate=ma.validate.OneOf([*ExportStatus]))
    total = ma.fields.Integer()
    done = ma.fields.Integer()
    file_id = PublicId(ids.FILE, allow_none=True)
    problem = ma.fields.String(allow_none=True)
    created_at = Timestamp()
    ended_at = Timestamp(allow_none=True)


class ExportList(ListEnvelope):
    data = ma.fields.List(ma.fields.Nested(Export))


class ExportQuery(ListQuery):
    limit = ma.fields.Integer(load_default=20, validate=ma.validate.Range(1, 100))
    dataset_id = Text(load_default=None, longest=64)


class ExportDeleted(ma.Schema):
    id = PublicId(ids.EXPORT)
    object = Kind("export")
    deleted = ma.fields.Constant(True, metadata={"type": "boolean"})


class GoldStar(ma.Schema):
    """What clients of earlier versions send. What else they say beside it is not needed."""

    class Meta:
        unknown = ma.EXCLUDE

    candidate_id = Text(load_default=None, allow_none=True)
    custom_id = Text(load_default=None, allow_none=True)
    dataset_id = Text(load_default=None, allow_none=True, longest=64)
    evaluation = Text(load_default=None, allow_none=True, longest=1_000_000)
    # `high`, `medium`, `low`, or a number up to 100.
    quality = ma.fields.Raw(load_default=None, allow_none=True, metadata={"type": ["string", "number", "null"]})
    starred_by = Text(load_default=None, allow_none=True, longest=200)
    starred_at = Text(load_default=None, allow_none=True, longest=100)


class GoldStarred(ma.Schema):
    status = Kind("success")
    dataset_id = PublicId(ids.DATASET)
    example_id = PublicId(ids.EXAMPLE)
    # Null where it was gold already.
    change_id = PublicId(ids.CHANGE_SET, allow_none=True)


class GoldStarQuery(ma.Schema):
    class Meta:
        unknown = ma.EXCLUDE

    format = Text(load_default="icl", longest=50)
    filter = ma.fields.String(load_default="all", validate=ma.validate.OneOf(("all", "quality_high", "recent")))
    dataset_id = Text(load_default=None, longest=64)
