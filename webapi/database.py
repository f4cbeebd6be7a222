"""The web side's database session: the plain tables bound with Flask-SQLAlchemy."""

from typing import Final

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

from schemas.database import CONNECT_ARGS, driver_url
from schemas.settings import Settings
from schemas.tables import Base

db: Final = SQLAlchemy(metadata=Base.metadata, session_options={"expire_on_commit": False})


def bind(app: Flask, settings: Settings) -> None:
    """Give the app its connections. A statement that takes too long is given up, so that no request hangs."""
    milliseconds = int(settings.statement_timeout_seconds * 1000)
    app.config["SQLALCHEMY_DATABASE_URI"] = driver_url(settings.database_url)
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = {
        "pool_pre_ping": True,
        "pool_size": settings.pool_size,
        "max_overflow": 0,
        "pool_timeout": settings.statement_timeout_seconds,
        "connect_args": CONNECT_ARGS | {"options": f"-c statement_timeout={milliseconds}"},
    }
    db.init_app(app)
