"""Waiting for a database that is away: work pauses, and goes on where it was."""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

from schemas.database import DATABASE_LOST

log = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 1.0
Given = ParamSpec("Given")
Result = TypeVar("Result")


async def patiently(call: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs) -> Result:
    """Make a call that can be repeated, in a thread, until the database is there for it."""
    while True:
        try:
            return await asyncio.to_thread(call, *args, **kwargs)
        except DATABASE_LOST as error:
            log.warning("waiting for the database: %s", error)
            await asyncio.sleep(PAUSE_SECONDS)
