"""Files and uploads on the wire."""

from typing import Any, Final

import marshmallow as ma

from schemas import ids
from schemas.limits import MOST_PARTS
from schemas.wire.fields import ExpiresAfter, Kind, ListEnvelope, ListQuery, PublicId, Text, Timestamp

PURPOSES: Final = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
LONGEST_FILENAME: Final = 1024


class FileObject(ma.Schema):
    id = PublicId(ids.FILE)
    object = Kind("file")
    bytes = ma.fields.Integer()
    created_at = Timestamp()
    expires_at = Timestamp(allow_none=True)
    filename = ma.fields.String()
    purpose = ma.fields.String()
    status = Kind("processed")
    status_details = ma.fields.Constant(None)


class FileList(ListEnvelope):
    data = ma.fields.List(ma.fields.Nested(FileObject))


class FileDeleted(ma.Schema):
    id = PublicId(ids.FILE)
    object = Kind("file")
    deleted = ma.fields.Constant(True, metadata={"type": "boolean"})


class FileQuery(ListQuery):
    limit = ma.fields.Integer(load_default=10_000, validate=ma.validate.Range(1, 10_000))
    order = ma.fields.String(load_default="desc", validate=ma.validate.OneOf(("asc", "desc")))
    purpose = Text(load_default=None)


class FileCreate(ma.Schema):
    """The fields beside the file itself, in a multipart form."""

    class Meta:
        unknown = ma.EXCLUDE

    purpose = ma.fields.String(required=True, validate=ma.validate.OneOf(PURPOSES))
    filename = Text(required=True, longest=LONGEST_FILENAME)
    expires_after = ma.fields.Nested(ExpiresAfter)

    @ma.pre_load
    def gather_expiry(self, values: dict[str, Any], **_: Any) -> dict[str, Any]:
        """A form has no nesting: `expires_after[seconds]` is how the OpenAI clients send it."""
        prefix = "expires_after["
        parts = {name[len(prefix) : -1]: value for name, value in values.items() if name.startswith(prefix)}
        if parts.get("seconds", "").isdecimal():
            parts["seconds"] = int(parts["seconds"])
        return values | ({"expires_after": parts} if parts else {})


class FileForm(ma.Schema):
    """How the form looks to a client; only for the documentation."""

    file = ma.fields.Raw(required=True, metadata={"type": "string", "format": "binary"})
    purpose = ma.fields.String(required=True, validate=ma.validate.OneOf(PURPOSES))
    expires_after = ma.fields.Nested(ExpiresAfter)


class UploadCreate(ma.Schema):
    filename = Text(required=True, longest=LONGEST_FILENAME)
    purpose = ma.fields.String(required=True, validate=ma.validate.OneOf(PURPOSES))
    mime_type = Text(required=True, longest=255)
    bytes = ma.fields.Integer(required=True, strict=True, validate=ma.validate.Range(min=1))
    expires_after = ma.fields.Nested(ExpiresAfter)


class UploadComplete(ma.Schema):
    part_ids = ma.fields.List(ma.fields.String(), required=True, validate=ma.validate.Length(min=1, max=MOST_PARTS))
    md5 = ma.fields.String(allow_none=True, load_default=None, validate=ma.validate.Regexp(r"^[0-9a-fA-F]{32}\Z"))


class Upload(ma.Schema):
    id = PublicId(ids.UPLOAD, attribute="upload.id")
    object = Kind("upload")
    bytes = ma.fields.Integer(attribute="upload.bytes")
    created_at = Timestamp(attribute="upload.created_at")
    expires_at = Timestamp(attribute="upload.expires_at")
    filename = ma.fields.String(attribute="upload.filename")
    purpose = ma.fields.String(attribute="upload.purpose")
    status = ma.fields.String()
    file = ma.fields.Nested(FileObject, allow_none=True)


class UploadPart(ma.Schema):
    id = PublicId(ids.PART)
    object = Kind("upload.part")
    created_at = Timestamp()
    upload_id = PublicId(ids.UPLOAD)


class PartForm(ma.Schema):
    """How a part looks to a client; only for the documentation."""

    data = ma.fields.Raw(required=True, metadata={"type": "string", "format": "binary"})
