"""A few results to look at, each as the text that a person would read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from schemas.tables import Batch, Result

LONGEST_TEXT: Final = 4000


@dataclass(frozen=True, slots=True)
class Preview:
    line: int
    custom_id: str
    succeeded: bool
    text: str
    # More text follows in the file.
    cut: bool


def first_results(session: Session, batch: Batch, limit: int) -> list[Preview]:
    """The results of the first lines that are finished."""
    query = select(Result).where(Result.batch_id == batch.id).order_by(Result.line).limit(limit)
    return [_preview(row) for row in session.scalars(query)]


def _preview(row: Result) -> Preview:
    answer = orjson.loads(row.answer)
    text = answer_text(answer)
    return Preview(row.line, str(answer.get("custom_id")), row.succeeded, text[:LONGEST_TEXT], len(text) > LONGEST_TEXT)


def answer_text(answer: Mapping[str, Any]) -> str:
    """What an output or error line says, whichever endpoint answered it."""
    if answer.get("error"):
        return _complaint(answer["error"])
    body = (answer.get("response") or {}).get("body")
    if not isinstance(body, dict):
        return str(body or "")
    if isinstance(body.get("error"), dict):
        return _complaint(body["error"])
    try:
        said = _chosen(body) or _responded(body) or _embedded(body)
    except (AttributeError, KeyError, TypeError):
        # Another server's idea of an answer.
        said = ""
    return said or orjson.dumps(body).decode()


def _complaint(error: Mapping[str, Any]) -> str:
    return ": ".join(str(part) for part in (error.get("code"), error.get("message")) if part)


def _chosen(body: Mapping[str, Any]) -> str:
    """The first choice of a completion, or of a chat, where the model may have called tools instead."""
    choice: Mapping[str, Any] = next(iter(body.get("choices") or []), {})
    message = choice.get("message") or {}
    calls = [f"{call['function']['name']}({call['function']['arguments']})" for call in message.get("tool_calls") or []]
    return "\n".join([message.get("content") or choice.get("text") or "", *calls]).strip()


def _responded(body: Mapping[str, Any]) -> str:
    items = body["output"] if isinstance(body.get("output"), list) else []
    parts = [part for item in items for part in item.get("content") or []]
    return "".join(part.get("text") or "" for part in parts)


def _embedded(body: Mapping[str, Any]) -> str:
    vectors = body["data"] if isinstance(body.get("data"), list) else []
    if not vectors:
        return ""
    kind = "embedding" if len(vectors) == 1 else "embeddings"
    return f"{len(vectors)} {kind} of {len(vectors[0].get('embedding', ()))} numbers"
