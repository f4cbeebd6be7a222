"""The few fields that the API's schemas are made of."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import marshmallow as ma

from schemas import ids
from schemas.limits import LARGEST_INTEGER
from schemas.text import is_storable

SHORTEST_EXPIRY_SECONDS: Final = 3600
LONGEST_EXPIRY_SECONDS: Final = 2_592_000


def storable(text: str) -> None:
    if not is_storable(text):
        raise ma.ValidationError("Contains characters that can't be stored.")


class Text(ma.fields.String):
    """Text that can be stored, of a limited length."""

    def __init__(self, *, longest: int = 4096, **options: Any) -> None:
        super().__init__(**options)
        self.validators = [ma.validate.Length(max=longest), storable, *self.validators]


class Whole(ma.fields.Integer):
    """A whole number as PostgreSQL's integers hold it."""

    def __init__(self, *, least: int = 0, **options: Any) -> None:
        super().__init__(validate=ma.validate.Range(least, LARGEST_INTEGER), **options)


class PublicId(ma.fields.Field[UUID]):
    """A UUID, shown with the prefix of its kind."""

    def __init__(self, prefix: str, **options: Any) -> None:
        super().__init__(metadata={"type": "string"}, **options)
        self._prefix = prefix

    def _serialize(self, value: UUID | None, attr: str | None, obj: Any, **_: Any) -> str | None:
        return None if value is None else ids.show(self._prefix, value)


class Timestamp(ma.fields.Field[datetime]):
    """A moment as whole Unix seconds."""

    def __init__(self, **options: Any) -> None:
        super().__init__(metadata={"type": "integer"}, **options)

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **_: Any) -> int | None:
        return None if value is None else int(value.timestamp())


class Kind(ma.fields.Constant[str]):
    """The `object` member that names what an answer is."""

    def __init__(self, name: str) -> None:
        super().__init__(name, metadata={"type": "string", "enum": [name]})


class ExpiresAfter(ma.Schema):
    anchor = ma.fields.String(required=True, validate=ma.validate.Equal("created_at"))
    seconds = ma.fields.Integer(
        required=True, strict=True, validate=ma.validate.Range(SHORTEST_EXPIRY_SECONDS, LONGEST_EXPIRY_SECONDS)
    )


class ListEnvelope(ma.Schema):
    """What stands around the `data` of every paged list."""

    object = Kind("list")
    first_id = ma.fields.String(allow_none=True)
    last_id = ma.fields.String(allow_none=True)
    has_more = ma.fields.Boolean()


class ListQuery(ma.Schema):
    """Where a page starts: after the object with this id."""

    after = Text()


class OnceHeaders(ma.Schema):
    """Under the same key the same call is answered with what the first one made."""

    idempotency_key = Text(data_key="Idempotency-Key", load_default=None, longest=255)
