"""The HTTP API: OpenAI's Files, Uploads, Batches and Models, and a few resources of ours."""

from webapi.api.app import create_app

__all__ = ["create_app"]
