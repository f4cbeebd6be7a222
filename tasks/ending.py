"""The last thing that a worker does."""

import logging
import multiprocessing
import os
from typing import NoReturn


def end_process(exitcode: int) -> NoReturn:
    """Python's own way out can take minutes: it waits for threads that wait for a database, or for a model that still
    loads, and searches all that vLLM has imported for garbage.
    """
    for child in multiprocessing.active_children():
        child.kill()
    logging.shutdown()
    os._exit(exitcode)
