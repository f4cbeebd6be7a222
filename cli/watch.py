"""A progress bar for a batch."""

import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from cli.client import Client
from schemas.states import TERMINAL, BatchStatus

POLL_SECONDS: Final = 0.5
# A file of another kind has a thousand bad lines, and the first few say so.
MOST_ERRORS: Final = 10


@dataclass(frozen=True, slots=True)
class Outcome:
    batch: dict[str, Any]

    @property
    def succeeded(self) -> bool:
        return str(self.batch["status"]) == BatchStatus.COMPLETED

    @property
    def message(self) -> str:
        """How it ended, and which lines are to blame."""
        errors = (self.batch.get("errors") or {}).get("data") or []
        lines = [f"  {_place(error)}{error['code']}: {error['message']}" for error in errors[:MOST_ERRORS]]
        if len(errors) > MOST_ERRORS:
            lines.append(f"  and {len(errors) - MOST_ERRORS} more: vbs batch get {self.batch['id']}")
        return "\n".join([f"The batch is {self.batch['status']}.", *lines])


def watch(client: Client, batch_id: str) -> Outcome:
    """Show progress, on standard error, until the batch has ended."""
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), MofNCompleteColumn())
    more = (TextColumn("{task.fields[failed]} failed"), TimeElapsedColumn(), TextColumn("{task.fields[left]}"))
    with Progress(*columns, *more, console=Console(stderr=True)) as progress:
        bar = progress.add_task(BatchStatus.VALIDATING, total=None, failed=0, left="")
        while True:
            batch = client.batch(batch_id)
            counts = batch["request_counts"]
            done, total = counts["completed"] + counts["failed"], counts["total"] or None
            news = {"failed": counts["failed"], "left": time_left(batch)}
            progress.update(bar, description=batch["status"], completed=done, total=total, **news)
            if batch["status"] in TERMINAL:
                return Outcome(batch)
            time.sleep(POLL_SECONDS)


def time_left(batch: dict[str, Any]) -> str:
    """As far as the server knows it: an older one says nothing."""
    left = (batch.get("progress") or {}).get("seconds_left")
    if left is None:
        return ""
    expected, low, high = (timedelta(seconds=round(left[name])) for name in ("expected", "low", "high"))
    return f"about {expected} left ({low} to {high})"


def _place(error: dict[str, Any]) -> str:
    return f"line {error['line']}: " if error.get("line") else ""
