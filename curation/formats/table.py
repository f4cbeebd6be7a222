"""The one table of formats."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from curation.formats import (
    chat,
    csv_file,
    flat,
    in_context,
    json_lines,
    parquet_file,
    preferences,
    prompt_completion,
)
from curation.formats.learned import Learned
from schemas.errors import RequestInvalid
from schemas.tables.exports import ExportFormat

Record = Mapping[str, Any]

FINE_TUNE: Final = "fine-tune"
JSON_LINES: Final = "application/jsonl"


class Format(NamedTuple):
    title: str
    # What it makes of an example; None where it has no use for it.
    record: Callable[[Learned], Record | None]
    encode: Callable[[Iterable[Record]], Iterator[bytes]]
    suffix: str
    media_type: str
    # What the file is for, as the Files API has it.
    purpose: str
    # Whether it has two answers of which one is better.
    compares: bool = False

    @property
    def trains(self) -> bool:
        return self.purpose == FINE_TUNE

    def shown(self, records: Iterable[Record]) -> Iterator[bytes]:
        """For people: as it is in the file, where that is text."""
        return (json_lines.encode if self.encode is parquet_file.encode else self.encode)(records)


FORMATS: Final[Mapping[str, Format]] = {
    ExportFormat.CHAT: Format(
        "Chats, to fine-tune on", chat.record, json_lines.encode, "jsonl", JSON_LINES, FINE_TUNE
    ),
    ExportFormat.PROMPT_COMPLETION: Format(
        "Prompts and completions, to fine-tune on",
        prompt_completion.record, json_lines.encode, "jsonl", JSON_LINES, FINE_TUNE,
    ),
    ExportFormat.DPO: Format(
        "Preferences (DPO): a better answer beside a worse one",
        preferences.record, json_lines.encode, "jsonl", JSON_LINES, FINE_TUNE, compares=True,
    ),
    ExportFormat.ICL: Format(
        "In-context examples: input, output, metadata",
        in_context.record, json_lines.encode, "jsonl", JSON_LINES, "user_data",
    ),
    ExportFormat.CSV: Format("CSV, for spreadsheets", flat.record, csv_file.encode, "csv", "text/csv", "user_data"),
    ExportFormat.PARQUET: Format(
        "Parquet, for data tools",
        flat.record, parquet_file.encode, "parquet", "application/vnd.apache.parquet", "user_data",
    ),
}  # fmt: skip


def format_named(name: str) -> Format:
    if name not in FORMATS:
        raise RequestInvalid(f"A format is one of {', '.join(FORMATS)}.", param="format")
    return FORMATS[name]
