"""Celery tasks: ids in, one call into the domain. `tasks.dispatch` is all that web code may touch."""
