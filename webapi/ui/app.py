"""The pages' app factory."""

from datetime import timedelta
from typing import Any, Final

from flask import Flask, g

from schemas.settings import Settings, settings
from schemas.states import Role
from schemas.version import VERSION
from webapi import database, display, logs, once, page_policy, proxies
from webapi.ui import (
    account,
    audit,
    batches,
    comparing,
    dataset_task,
    dataset_uploads,
    datasets,
    desk,
    errors,
    exports,
    files,
    guard,
    home,
    judging,
    people,
    queue_desk,
    queues,
    review,
    runs,
    scores,
    secret,
    session,
    snapshots,
    splits,
    task_requests,
    task_schemas,
)

PAGES: Final = (
    session, home, batches, datasets, dataset_uploads, dataset_task, runs, splits, snapshots, review, desk, queue_desk,
    queues, comparing, judging, scores, exports, task_schemas, task_requests, files, account, people, audit,
)  # fmt: skip
LONGEST_FORM: Final = 1_048_576
STAY_SIGNED_IN: Final = timedelta(hours=12)


def create_app(configuration: Settings | None = None) -> Flask:
    chosen = configuration or settings()
    logs.configure(chosen.log_level)
    app = Flask("webapi")
    key = secret.session_key(chosen.data_dir)
    app.config.update(
        SECRET_KEY=key,
        MAX_CONTENT_LENGTH=LONGEST_FORM,
        PERMANENT_SESSION_LIFETIME=STAY_SIGNED_IN,
        # Browsers share cookies between the ports of a host, and several servers may run on one.
        SESSION_COOKIE_NAME=secret.cookie_name(key),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
    )
    app.session_interface = session.CookieSession()
    proxies.trust(app, chosen)
    database.bind(app, chosen)
    display.register(app)
    page_policy.harden(app)
    guard.register(app)
    errors.register(app)
    app.context_processor(lambda: known_to_every_page(chosen))
    for page in PAGES:
        app.register_blueprint(page.blueprint)
    return app


def known_to_every_page(chosen: Settings) -> dict[str, Any]:
    key = g.get("key")
    return {
        "key": key,
        "may_submit": key is not None and Role(key.role).allows(Role.USER),
        "may_curate": key is not None and Role(key.role).allows(Role.CURATOR),
        "may_administer": key is not None and Role(key.role).allows(Role.ADMIN),
        "once": once.form_value,
        "settings": chosen,
        "version": VERSION,
    }
