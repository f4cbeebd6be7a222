"""From a task schema and a row to what is sent to a model. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from curation.task_schemas.rows import RowInvalid, read_row
from curation.task_schemas.templates import Template

ENDPOINT: Final = "/v1/chat/completions"
LONGEST_CUSTOM_ID: Final = 512
LONGEST_LINE_BYTES: Final = 16 * 1024**2


def response_format(document: Mapping[str, Any]) -> dict[str, Any] | None:
    """What makes an engine answer in the form of the output; None where a task's output has no form."""
    if "output" not in document:
        return None
    wanted = {"name": document["name"], "strict": True, "schema": document["output"]}
    return {"type": "json_schema", "json_schema": wanted}


@dataclass(frozen=True, slots=True)
class Generator:
    """The requests of one task to one model: what is the same for all rows is made once."""

    document: Mapping[str, Any]
    templates: Mapping[str, Template]
    beside: Mapping[str, Any]
    longest_bytes: int

    @classmethod
    def of(cls, document: Mapping[str, Any], model: str, longest_bytes: int = LONGEST_LINE_BYTES) -> "Generator":
        parts = ((part, document["prompt"].get(part)) for part in ("system", "user"))
        templates = {part: Template.of(text) for part, text in parts if text is not None}
        form = response_format(document)
        beside = document.get("parameters", {}) | ({"response_format": form} if form else {})
        return cls(document, templates, {"model": model} | beside, longest_bytes)

    def request(self, number: int, row: Mapping[str, Any]) -> dict[str, Any]:
        """A line of a batch's input file."""
        values = read_row(self.document["data"], row)
        self._check(sum(template.length(values) for template in self.templates.values()))
        body = {**self.beside, "messages": self.messages(values)}
        return {"custom_id": self._custom_id(number, values), "method": "POST", "url": ENDPOINT, "body": body}

    def messages(self, values: Mapping[str, str]) -> list[dict[str, str]]:
        return [{"role": part, "content": template.render(values)} for part, template in self.templates.items()]

    def line(self, number: int, row: Mapping[str, Any]) -> bytes:
        line = orjson.dumps(self.request(number, row), option=orjson.OPT_APPEND_NEWLINE)
        self._check(len(line))
        return line

    def _check(self, size: int) -> None:
        if size > self.longest_bytes:
            raise RowInvalid("", f"Becomes a request that is longer than {self.longest_bytes:,} bytes.")

    def _custom_id(self, number: int, values: Mapping[str, str]) -> str:
        column = self.document.get("row_id")
        if column is None:
            return f"row-{number}"
        if len(values[column]) > LONGEST_CUSTOM_ID or "\0" in values[column]:
            raise RowInvalid(column, f"Becomes the `custom_id`: at most {LONGEST_CUSTOM_ID} characters, and no NUL.")
        return values[column]
