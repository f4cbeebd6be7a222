"""Which models are served. Workers make theirs known; the API and validation read."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from schemas.errors import ModelNotFound
from schemas.tables import Model


def announce(session: Session, models: Mapping[str, str], engine: str) -> None:
    """Make a worker's models known, by name and source. A name that comes back is served again."""
    for name, source in models.items():
        row = insert(Model).values(name=name, source=source, engine=engine, served=True)
        session.execute(
            row.on_conflict_do_update(
                index_elements=[Model.name], set_={"source": source, "engine": engine, "served": True}
            )
        )


def record_loaded(session: Session, name: str, max_tokens: int | None) -> None:
    session.execute(update(Model).where(Model.name == name).values(max_tokens=max_tokens))


def list_served(session: Session) -> Sequence[Model]:
    return session.scalars(select(Model).where(Model.served).order_by(Model.created_at, Model.name)).all()


def get(session: Session, name: str) -> Model:
    model = session.get(Model, name)
    if model is None or not model.served:
        raise ModelNotFound(name)
    return model
