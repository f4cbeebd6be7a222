"""Task schemas on the wire."""

import marshmallow as ma

from schemas.wire.fields import Kind, ListEnvelope, Text, Timestamp, Whole
from schemas.wire.files import FileObject


class TaskSchemaSummary(ma.Schema):
    name = ma.fields.String()
    object = Kind("task_schema")
    version = ma.fields.Integer()
    latest = ma.fields.Integer()
    title = ma.fields.String()
    built_in = ma.fields.Boolean(attribute="is_built_in")
    made_at = Timestamp(allow_none=True)
    made_by = ma.fields.String(allow_none=True)
    archived_at = Timestamp(allow_none=True)


class TaskSchema(TaskSchemaSummary):
    schema = ma.fields.Dict(attribute="document")


class TaskSchemaList(ListEnvelope):
    data = ma.fields.List(ma.fields.Nested(TaskSchemaSummary))


class TaskSchemaImported(ma.Schema):
    object = Kind("list")
    data = ma.fields.List(ma.fields.Nested(TaskSchemaSummary))


class TaskSchemaQuery(ma.Schema):
    after = Text(longest=100)
    limit = ma.fields.Integer(load_default=50, validate=ma.validate.Range(1, 100))


class VersionQuery(ma.Schema):
    """`after` is the number of the last version of the page before."""

    after = Whole(load_default=None)
    limit = ma.fields.Integer(load_default=50, validate=ma.validate.Range(1, 100))


class SaveQuery(ma.Schema):
    based_on = Whole(load_default=None)


class Fault(ma.Schema):
    path = ma.fields.String()
    line = ma.fields.Integer()
    message = ma.fields.String()


class TaskSchemaCheck(ma.Schema):
    object = Kind("task_schema.check")
    valid = ma.fields.Boolean()
    faults = ma.fields.List(ma.fields.Nested(Fault))


class TaskSchemaImport(ma.Schema):
    """How the body looks to a client; only for the documentation."""

    schemas = ma.fields.List(ma.fields.Dict(), required=True)


class RowsQuery(ma.Schema):
    model = Text(required=True, longest=512, validate=ma.validate.Length(min=1))
    version = Whole(load_default=None)
    bad_rows = ma.fields.String(load_default="refuse", validate=ma.validate.OneOf(("refuse", "skip")))


class RowsForm(ma.Schema):
    """How the form looks to a client; only for the documentation."""

    file = ma.fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class RowFault(ma.Schema):
    line = ma.fields.Integer(allow_none=True)
    column = ma.fields.String(allow_none=True)
    message = ma.fields.String()


class TaskRequests(ma.Schema):
    """A file to create a batch on, and the rows that are not in it, the first so many of them."""

    object = Kind("task_schema.requests")
    file = ma.fields.Nested(FileObject)
    requests = ma.fields.Integer()
    bad_rows = ma.fields.Integer()
    faults = ma.fields.List(ma.fields.Nested(RowFault))


class DatasetTask(ma.Schema):
    """`name@version`, a name alone for its newest version, or null for none."""

    task = Text(required=True, allow_none=True, longest=100)
