"""The heartbeat of workers: who is there, what it holds and how it is."""

from typing import Final

from sqlalchemy import func, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inference.engine_host import EngineHost
from schemas.tables import Worker

LIVE: Final = "state <> 'stopped' AND seen_at > now() - interval '1 minute'"
COUNT_LIVE: Final = text(f"SELECT count(*) FROM workers WHERE {LIVE}")
FREE_SOONER: Final = text(f"""
    SELECT count(*) FROM workers
    WHERE {LIVE} AND name <> :worker
      AND (in_flight, name) < (SELECT in_flight, name FROM workers WHERE name = :worker)
""")


def record(session: Session, host: EngineHost) -> None:
    seen = {
        "engine": host.engine.name,
        "device": host.loaded.device if host.loaded else "",
        "model": host.held,
        "state": host.visible_state,
        "detail": host.visible_detail,
        "in_flight": host.in_flight,
        "seen_at": func.now(),
    }
    row = insert(Worker).values(name=host.worker, started_at=host.started_at, **seen)
    session.execute(
        row.on_conflict_do_update(index_elements=[Worker.name], set_=seen | {"started_at": host.started_at})
    )


def count_live(session: Session) -> int:
    """At least one: work is planned for the workers that are there, and for one that will come."""
    return max(1, session.scalar(COUNT_LIVE) or 0)


def count_free_sooner(session: Session, worker: str) -> int:
    """How many others have fewer requests out than this one."""
    return session.scalar(FREE_SOONER, {"worker": worker}) or 0
