"""Celery on Redis or Valkey. PostgreSQL is the truth, so a message may be lost, doubled or late.

docs/operations.md says why each of these is as it is.
"""

from celery.schedules import crontab

from schemas.settings import settings

# No task that is acknowledged at its end runs longer than this; three times as long passes before Redis hands a message
# out again.
LONGEST_TASK_SECONDS = 300
VISIBILITY_TIMEOUT_SECONDS = 3 * LONGEST_TASK_SECONDS

broker_url = settings().redis_url
broker_connection_retry_on_startup = True
broker_transport_options = {
    "visibility_timeout": VISIBILITY_TIMEOUT_SECONDS,
    "socket_keepalive": True,
    "health_check_interval": 15,
    # Neither a web request nor the sweep must hang on a broker that is away, or there and silent.
    "socket_connect_timeout": 2,
    "socket_timeout": 2,
    "retry_on_timeout": True,
    "max_retries": 3,
    "interval_start": 0,
    "interval_max": 0.2,
}
visibility_timeout = VISIBILITY_TIMEOUT_SECONDS
result_backend_transport_options = {"visibility_timeout": VISIBILITY_TIMEOUT_SECONDS}

include = ["tasks.batches", "tasks.curation", "tasks.exports", "tasks.inference", "tasks.schedule", "tasks.webhooks"]
task_default_queue = "default"
task_serializer = "json"
accept_content = ["json"]
task_ignore_result = True
task_store_errors_even_if_ignored = False
task_acks_late = True
task_reject_on_worker_lost = False
task_publish_retry = False
worker_prefetch_multiplier = 1
worker_send_task_events = True
task_send_sent_event = True
worker_hijack_root_logger = True
worker_soft_shutdown_timeout = 8.0
worker_cancel_long_running_tasks_on_connection_loss = False
timezone = "UTC"

# The sweep is not here: beat runs it itself, see tasks/schedule.py.
beat_schedule = {
    "purge": {
        "task": "retention.purge",
        "schedule": crontab(hour="3", minute="17"),
        "options": {"queue": "retention"},
    },
}
