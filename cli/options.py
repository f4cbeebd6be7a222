"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from schemas.settings import settings

data_option = click.option(
    "--data",
    "data_dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=lambda: settings().data_dir,
    show_default="VBS_DATA_DIR, or `data`",
    help="Folder that keeps everything.",
)

PORTS: Final = {"api": ("--port", 4080), "ui": ("--ui-port", 8001), "flower": ("--flower-port", 5555)}
SHOWN: Final = {"api": "the API", "ui": "the curation UI", "flower": "Flower"}


def port_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--port`, `--ui-port` and `--flower-port`, handed to the command as `port`, `ui_port` and `flower_port`."""
    for name, (option, default) in reversed(PORTS.items()):
        kind, what = click.IntRange(0, 65535), f"Port of {SHOWN[name]}. 0: any free one."
        command = click.option(option, type=kind, default=default, show_default=True, help=what)(command)
    return command
