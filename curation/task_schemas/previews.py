"""What a task schema makes of one row, to look at before hundreds of thousands are made. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from curation.task_schemas.bounds import LARGEST_BYTES
from curation.task_schemas.columns import Column, columns_of
from curation.task_schemas.formatting import formatted
from curation.task_schemas.generation import Generator, response_format
from curation.task_schemas.label_config import config_of
from curation.task_schemas.rows import example_row, read_row

MODEL: Final = "MODEL"
# Of each message. No document and no row has a text that is longer.
LONGEST_SHOWN: Final = 2 * LARGEST_BYTES


@dataclass(frozen=True, slots=True)
class Preview:
    row: str
    messages: Sequence[Mapping[str, str]]
    request: str
    response_format: str | None
    label_config: str
    columns: Sequence[Column]


def preview_of(document: Mapping[str, Any], row: Mapping[str, Any] | None = None) -> Preview:
    """Of the given row, of the schema's own sample, or of one that is made up. Raises RowInvalid."""
    if row is None:
        row = document.get("sample", example_row(document["data"]))
    request = _generator(document, row).request(1, row)
    form = response_format(document)
    return Preview(
        row=formatted(row),
        messages=request["body"]["messages"],
        request=formatted(request),
        response_format=formatted(form) if form else None,
        label_config=config_of(document),
        columns=columns_of(document),
    )


def _generator(document: Mapping[str, Any], row: Mapping[str, Any]) -> Generator:
    """One whose messages end where they get too long to be shown."""
    whole, values = Generator.of(document, MODEL), read_row(document["data"], row)
    shown = {part: template.beginning(values, LONGEST_SHOWN) for part, template in whole.templates.items()}
    return replace(whole, templates=shown)
