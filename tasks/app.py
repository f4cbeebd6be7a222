"""The Celery app. Its configuration is `celeryconfig.py`; importing it starts nothing."""

import logging
from typing import Any

from celery import Celery
from celery.signals import after_setup_logger

from schemas.settings import settings

app = Celery("tasks", config_source="celeryconfig")


@after_setup_logger.connect
def _log_from_the_level_of_the_settings(logger: logging.Logger, **_: Any) -> None:
    """Celery's own option is given to each command apart; the setting counts for all of them."""
    logger.setLevel(settings().log_level)
