"""The Celery app. Its configuration is `celeryconfig.py`; importing it starts nothing."""

from celery import Celery

app = Celery("tasks", config_source="celeryconfig")
