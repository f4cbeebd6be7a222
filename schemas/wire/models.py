"""Served models on the wire."""

import marshmallow as ma

from schemas.wire.fields import Kind, Timestamp


class Model(ma.Schema):
    id = ma.fields.String(attribute="name")
    object = Kind("model")
    created = Timestamp(attribute="created_at")
    owned_by = ma.fields.String(attribute="engine")
    shutdown_date = ma.fields.Constant(None)


class ModelList(ma.Schema):
    object = Kind("list")
    data = ma.fields.List(ma.fields.Nested(Model))
