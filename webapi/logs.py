"""Where the web processes log: to their standard error, from the level of the settings on."""

import logging
from typing import Final

FORMAT: Final = "[%(asctime)s] %(levelname)s %(name)s: %(message)s"


def configure(level: str) -> None:
    logging.basicConfig(level=level, format=FORMAT)
