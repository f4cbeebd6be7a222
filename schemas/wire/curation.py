"""Datasets, examples and changes on the wire."""

import marshmallow as ma

from schemas import ids
from schemas.limits import LONGEST_NAME, LONGEST_VIEW_VALUE
from schemas.states import ExampleStatus, ImportStatus, Side
from schemas.wire.batches import LineError
from schemas.wire.fields import Kind, ListEnvelope, ListQuery, PublicId, Text, Timestamp, Whole


class DatasetCreate(ma.Schema):
    name = Text(required=True, longest=LONGEST_NAME)
    task = Text(load_default=None, allow_none=True, longest=100)


class ImportCreate(ma.Schema):
    batch_id = Text(required=True, longest=64)


class FileToTakeIn(ma.Schema):
    file_id = Text(required=True, longest=64)


class Import(ma.Schema):
    """What comes into a dataset from a batch or a file: of `lines`, or of `bytes`, so many so far."""

    object = Kind("dataset.import")
    batch_id = PublicId(ids.BATCH, allow_none=True)
    run_id = PublicId(ids.RUN, allow_none=True)
    file_id = PublicId(ids.FILE, allow_none=True)
    status = ma.fields.String(validate=ma.validate.OneOf([*ImportStatus]))
    lines = ma.fields.Integer()
    line = ma.fields.Integer()
    imported = ma.fields.Integer()
    bytes = ma.fields.Integer()
    bytes_read = ma.fields.Integer()
    bad_lines = ma.fields.Integer()
    errors = ma.fields.List(ma.fields.Nested(LineError))
    created_at = Timestamp()
    ended_at = Timestamp(allow_none=True)
    problem = ma.fields.String(allow_none=True)


class Counts(ma.Schema):
    examples = ma.fields.Integer()
    needs_review = ma.fields.Integer()
    approved = ma.fields.Integer()
    rejected = ma.fields.Integer()
    gold = ma.fields.Integer()


class Column(ma.Schema):
    """A value of the answers by which the dataset is filtered, sorted and summed up."""

    path = ma.fields.String()
    kind = ma.fields.String(metadata={"enum": ["number", "text"]})
    # What the dataset's task calls it; empty where no task declares it.
    title = ma.fields.Function(lambda column: column.get("title", ""), metadata={"type": "string"})


class Dataset(ma.Schema):
    """`refilled` is null, or, while its columns are being filled anew, of how many examples they are."""

    id = PublicId(ids.DATASET)
    object = Kind("dataset")
    name = ma.fields.String()
    task = ma.fields.String(allow_none=True)
    items = ma.fields.Integer()
    created_at = Timestamp()
    counts = ma.fields.Function(Counts().dump)
    columns = ma.fields.List(ma.fields.Nested(Column))
    refilled = ma.fields.Integer(allow_none=True)


class DatasetList(ListEnvelope):
    data = ma.fields.List(ma.fields.Nested(Dataset))


class ImportList(ma.Schema):
    object = Kind("list")
    data = ma.fields.List(ma.fields.Nested(Import))


class DatasetQuery(ListQuery):
    limit = ma.fields.Integer(load_default=20, validate=ma.validate.Range(1, 100))


class DatasetDeleted(ma.Schema):
    id = PublicId(ids.DATASET)
    object = Kind("dataset")
    deleted = ma.fields.Constant(True, metadata={"type": "boolean"})


class ViewQuery(ma.Schema):
    """What a view filters, for the document: views read the address itself, where `field.<path>` may have any name."""

    status = Text(longest=LONGEST_VIEW_VALUE, metadata={"enum": [*ExampleStatus]})
    gold = Text(longest=LONGEST_VIEW_VALUE, metadata={"enum": ["yes", "no"]})
    model = Text(longest=LONGEST_VIEW_VALUE)
    category = Text(longest=LONGEST_VIEW_VALUE)
    tag = Text(longest=LONGEST_VIEW_VALUE)
    score_from = Text(longest=LONGEST_VIEW_VALUE)
    score_to = Text(longest=LONGEST_VIEW_VALUE)
    score_below = Text(longest=LONGEST_VIEW_VALUE)
    changed_since = Text(longest=LONGEST_VIEW_VALUE, metadata={"format": "date-time"})
    split = Text(longest=LONGEST_VIEW_VALUE)
    side = Text(longest=LONGEST_VIEW_VALUE, metadata={"enum": [*Side]})
    q = Text(longest=LONGEST_VIEW_VALUE)


class ExampleQuery(ViewQuery):
    sort = Text(longest=LONGEST_VIEW_VALUE)
    after = Text()
    limit = ma.fields.Integer(load_default=50, validate=ma.validate.Range(1, 200))


class Bar(ma.Schema):
    """`filter` is what a view says to hold just these."""

    label = ma.fields.String()
    count = ma.fields.Integer()
    filter = ma.fields.Dict()


class Facet(ma.Schema):
    name = ma.fields.String()
    title = ma.fields.String()
    bars = ma.fields.List(ma.fields.Nested(Bar))


class FacetList(ma.Schema):
    object = Kind("list")
    examples = ma.fields.Integer()
    data = ma.fields.List(ma.fields.Nested(Facet))


class Source(ma.Schema):
    """Without a batch: the line of a file."""

    batch_id = PublicId(ids.BATCH, allow_none=True)
    line = ma.fields.Integer()


class Example(ma.Schema):
    """Shown from an example, its output and its item, side by side."""

    id = PublicId(ids.EXAMPLE, attribute="example.id")
    object = Kind("example")
    dataset_id = PublicId(ids.DATASET, attribute="example.dataset_id")
    item = ma.fields.Integer(attribute="output.item")
    custom_id = ma.fields.String()
    metadata = ma.fields.Dict()
    model = ma.fields.String(attribute="example.model")
    messages = ma.fields.List(ma.fields.Dict())
    output = ma.fields.String(attribute="output.output")
    fields_ = ma.fields.Dict(attribute="output.fields", data_key="fields")
    source = ma.fields.Nested(Source, attribute="output")
    status = ma.fields.String(attribute="example.status", validate=ma.validate.OneOf([*ExampleStatus]))
    gold = ma.fields.Boolean(attribute="example.gold")
    score = ma.fields.Float(attribute="example.score", allow_none=True)
    category = ma.fields.String(attribute="example.category", allow_none=True)
    tags = ma.fields.List(ma.fields.String(), attribute="example.tags")
    notes = ma.fields.String(attribute="example.notes")
    edited_output = ma.fields.String(attribute="example.edited_output", allow_none=True)
    reviewer_key_id = PublicId(ids.KEY, attribute="example.reviewer_id", allow_none=True)
    version = ma.fields.Integer(attribute="example.version")
    created_at = Timestamp(attribute="example.created_at")
    updated_at = Timestamp(attribute="example.updated_at")


class ExampleList(ListEnvelope):
    data = ma.fields.List(ma.fields.Nested(Example))
    next_after = ma.fields.String(allow_none=True)


class SimilarQuery(ma.Schema):
    limit = ma.fields.Integer(load_default=10, validate=ma.validate.Range(1, 100))


class SimilarList(ma.Schema):
    object = Kind("list")
    data = ma.fields.List(ma.fields.Nested(Example))


class Wanted(ma.Schema):
    """What to change. `curation/wanted.py` says what each may be."""

    class Meta:
        unknown = ma.INCLUDE

    status = ma.fields.Raw(allow_none=True, metadata={"type": "string", "enum": [*ExampleStatus]})
    gold = ma.fields.Raw(allow_none=True, metadata={"type": "boolean"})
    score = ma.fields.Raw(allow_none=True, metadata={"type": ["number", "null"], "minimum": 0, "maximum": 1})
    category = ma.fields.Raw(allow_none=True, metadata={"type": ["string", "null"]})
    notes = ma.fields.Raw(allow_none=True, metadata={"type": "string"})
    edited_output = ma.fields.Raw(allow_none=True, metadata={"type": ["string", "null"]})
    add_tags = ma.fields.Raw(allow_none=True, metadata={"type": "array", "items": {"type": "string"}})
    remove_tags = ma.fields.Raw(allow_none=True, metadata={"type": "array", "items": {"type": "string"}})


class ExampleChange(Wanted):
    version = ma.fields.Integer(strict=True, load_default=None, validate=ma.validate.Range(min=1))


class BulkChange(ma.Schema):
    view = ma.fields.Dict(Text(longest=LONGEST_VIEW_VALUE), Text(longest=LONGEST_VIEW_VALUE), required=True)
    change = ma.fields.Nested(Wanted, required=True)


class ChangeSet(ma.Schema):
    """`id` is null where nothing had to be changed."""

    id = PublicId(ids.CHANGE_SET, allow_none=True)
    object = Kind("change_set")
    dataset_id = PublicId(ids.DATASET)
    examples = ma.fields.Integer()
    change = ma.fields.Dict(attribute="wanted")
    undoes = PublicId(ids.CHANGE_SET, allow_none=True)
    made_at = Timestamp()


class Version(ma.Schema):
    version = ma.fields.Integer(attribute="change.version")
    before = ma.fields.Dict(attribute="change.before")
    after = ma.fields.Dict(attribute="change.after")
    change_set_id = PublicId(ids.CHANGE_SET, attribute="change_set.id")
    key = ma.fields.String(attribute="who")
    made_at = Timestamp(attribute="change_set.made_at")


class VersionQuery(ma.Schema):
    before = Whole(least=1, load_default=None)


class VersionList(ma.Schema):
    object = Kind("list")
    data = ma.fields.List(ma.fields.Nested(Version))
    has_more = ma.fields.Boolean()
