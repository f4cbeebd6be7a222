"""`/health`: for load balancers and scripts. It needs no key, so it tells nothing that is anybody's business."""

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Response, jsonify

from inference.health import Health, Inside, WorkerSeen, read_health
from schemas.version import VERSION

blueprint = Blueprint("health", __name__)
RETRY_AFTER_SECONDS = 5


@blueprint.get("/health")
def show_health() -> Response:
    health = read_health()
    response = jsonify(as_json(health))
    response.headers["Cache-Control"] = "no-store"
    if health.status == "down":
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def as_json(health: Health) -> dict[str, Any]:
    inside = health.inside or Inside()
    return {
        "status": health.status,
        "problems": list(health.problems),
        "version": VERSION,
        "checked_at": health.checked_at.isoformat(timespec="milliseconds"),
        "database": {"status": "ok" if health.inside else "down"},
        "redis": {"status": "ok" if health.redis_works else "down"},
        "file_store": {
            "status": "ok" if health.space else "down",
            "writable": health.space is not None,
            "free_bytes": health.space.free_bytes if health.space else None,
        },
        "workers": [worker_as_json(worker) for worker in inside.workers],
        "queue": asdict(inside.queue) if health.inside else None,
    }


def worker_as_json(worker: WorkerSeen) -> dict[str, Any]:
    return {
        "name": worker.name,
        "engine": worker.engine,
        "model": worker.model,
        "state": worker.state,
        "in_flight": worker.in_flight,
        "seen_seconds_ago": round(worker.seen_seconds_ago, 1),
    }
