"""Options that several commands share."""

from pathlib import Path

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
