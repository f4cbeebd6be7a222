"""The API's app factory."""

from typing import Any, Final

import flask_smorest
from flask import Flask
from redis import Redis

from inference.quotas import RateLimiter
from schemas.settings import Settings, settings
from schemas.version import VERSION
from webapi import database, logs, proxies, request_ids
from webapi.api import (
    audit,
    batches,
    comparisons,
    dataset_uploads,
    datasets,
    docs,
    errors,
    examples,
    exports,
    files,
    gold_star,
    health,
    judgings,
    kept_answers,
    keys,
    models,
    pages,
    queues,
    runs,
    scores,
    servings,
    snapshots,
    splits,
    task_requests,
    task_schemas,
    uploads,
    webhooks,
)
from webapi.api.auth import CallerCache
from webapi.api.json_provider import OrjsonProvider

RESOURCES: Final = (
    files, uploads, batches, models, servings, kept_answers, datasets, dataset_uploads, runs, splits, snapshots,
    examples, queues, comparisons, judgings, scores, exports, gold_star, task_schemas, task_requests, webhooks, keys,
    audit,
)  # fmt: skip
PAGES: Final = (pages, health, docs)
LONGEST_JSON_BODY: Final = 1_048_576
# Counting calls is a courtesy: a Redis that is slow must not make the API slow.
REDIS_TIMEOUT_SECONDS: Final = 0.25

OPENAPI: Final[dict[str, Any]] = {
    "API_TITLE": "vLLM Batch Server",
    "API_VERSION": VERSION,
    "OPENAPI_VERSION": "3.1.0",
    "OPENAPI_URL_PREFIX": "/",
    "OPENAPI_JSON_PATH": "openapi.json",
    "API_SPEC_OPTIONS": {
        "info": {"description": "OpenAI's Files, Uploads, Batches and Models API, on GPUs you own."},
        "security": [{"bearer": []}],
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    },
}


class Api(flask_smorest.Api):
    """Documents our errors and leaves answering them to `errors`."""

    ERROR_SCHEMA = errors.Error

    def _register_error_handlers(self) -> None:
        errors.register(self._app)


def create_app(configuration: Settings | None = None) -> Flask:
    chosen = configuration or settings()
    logs.configure(chosen.log_level)
    app = Flask("webapi")
    app.json = OrjsonProvider(app)
    app.url_map.strict_slashes = False
    app.config.update(OPENAPI, MAX_CONTENT_LENGTH=LONGEST_JSON_BODY)
    proxies.trust(app, chosen)
    database.bind(app, chosen)
    app.extensions["callers"] = CallerCache()
    app.extensions["rate_limiter"] = RateLimiter(redis_client(chosen))
    request_ids.register(app)
    api = Api(app)
    for resource in RESOURCES:
        api.register_blueprint(resource.blueprint)
    for page in PAGES:
        app.register_blueprint(page.blueprint)
    return app


def redis_client(chosen: Settings) -> Redis:
    return Redis.from_url(
        chosen.redis_url, socket_timeout=REDIS_TIMEOUT_SECONDS, socket_connect_timeout=REDIS_TIMEOUT_SECONDS
    )
