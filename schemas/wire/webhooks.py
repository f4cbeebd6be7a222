"""Webhook endpoints on the wire. The secret is in the answer that creates one, and in no other."""

import marshmallow as ma

from schemas import ids
from schemas.limits import LONGEST_URL
from schemas.wire.fields import Kind, PublicId, Text, Timestamp


class WebhookCreate(ma.Schema):
    url = Text(required=True, longest=LONGEST_URL)
    secret = Text(load_default=None, allow_none=True, longest=256)
    events = ma.fields.List(Text(longest=64), load_default=list, validate=ma.validate.Length(max=16))


class Webhook(ma.Schema):
    id = PublicId(ids.WEBHOOK)
    object = Kind("webhook")
    url = ma.fields.String()
    events = ma.fields.List(ma.fields.String())
    created_at = Timestamp()


class NewWebhook(Webhook):
    secret = ma.fields.String(metadata={"description": "What the deliveries are signed with. It can't be shown again."})


class WebhookList(ma.Schema):
    object = Kind("list")
    data = ma.fields.List(ma.fields.Nested(Webhook))


class WebhookDeleted(ma.Schema):
    id = PublicId(ids.WEBHOOK)
    object = Kind("webhook")
    deleted = ma.fields.Constant(True, metadata={"type": "boolean"})
