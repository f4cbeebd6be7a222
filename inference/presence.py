"""The heartbeat of workers: who is there, what it holds and how it is."""

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from inference.engine_host import EngineHost
from schemas.tables import Worker


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
