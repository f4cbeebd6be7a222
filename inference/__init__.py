"""Files, batches and the engines that answer them. Knows neither Flask nor Celery."""
