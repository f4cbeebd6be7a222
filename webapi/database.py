"""The web side's database session: the plain tables bound with Flask-SQLAlchemy."""

import time
from typing import Any, Final

from flask import Flask, current_app, has_request_context, request
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as BoundSession
from psycopg import Connection, Error
from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import Session as PlainSession
from sqlalchemy.orm import sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from schemas.database import CONNECT_ARGS, SERVER_OPTIONS, driver_url
from schemas.settings import Settings
from schemas.tables import Base
from webapi.methods import READING

READING_ENGINE: Final = "reading_engine"
# A connection that was good so short a time ago is taken without another look.
TRUSTED_SECONDS: Final = 1.0


class Session(BoundSession):
    """Asks without a transaction where the request only reads: its beginning and its end would be two more trips."""

    def get_bind(self, *arguments: Any, **named: Any) -> Any:
        if has_request_context() and request.method in READING:
            return current_app.extensions[READING_ENGINE]
        return super().get_bind(*arguments, **named)


db: Final = SQLAlchemy(metadata=Base.metadata, session_options={"class_": Session, "expire_on_commit": False})


def sessions() -> sessionmaker[PlainSession]:
    """For an answer that is still on its way when its request, and `db.session`, are over."""
    return sessionmaker(db.engine)


def bind(app: Flask, settings: Settings) -> None:
    """Give the app its connections. A statement that takes too long is given up, so that no request hangs."""
    milliseconds = int(settings.statement_timeout_seconds * 1000)
    app.config["SQLALCHEMY_DATABASE_URI"] = driver_url(settings.database_url)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "pool_size": settings.pool_size,
        "max_overflow": 0,
        # The connection that was used last has the statements prepared that are asked most.
        "pool_use_lifo": True,
        "pool_timeout": settings.statement_timeout_seconds,
        "connect_args": CONNECT_ARGS | {"options": f"{SERVER_OPTIONS} -c statement_timeout={milliseconds}"},
    }
    db.init_app(app)
    with app.app_context():
        ping_after_a_pause(db.engine)
        app.extensions[READING_ENGINE] = db.engine.execution_options(isolation_level="AUTOCOMMIT")


def ping_after_a_pause(engine: Engine) -> None:
    """SQLAlchemy's `pool_pre_ping`, but not for every call of a client that polls."""

    @event.listens_for(engine, "checkout")
    def check(connection: Connection, entry: ConnectionPoolEntry, _: object) -> None:
        began = time.monotonic()
        if began - entry.info.get("seen_at", 0.0) > TRUSTED_SECONDS:
            try:
                engine.dialect.do_ping(connection)  # type: ignore[arg-type]
            except Error as error:
                raise InvalidatePoolError from error
        entry.info["seen_at"] = began
