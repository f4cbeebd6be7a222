"""Which examples teach the same as an earlier one: the same conversation, whatever its white space."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, Protocol
from uuid import UUID

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from curation.formats.learned import Learned, squeezed

BEGIN: Final = text("CREATE TEMPORARY TABLE seen_examples (fingerprint uuid PRIMARY KEY) ON COMMIT DROP")
REMEMBER: Final = text("""
    INSERT INTO seen_examples SELECT unnest(CAST(:fingerprints AS uuid[])) ON CONFLICT DO NOTHING RETURNING fingerprint
""")


class Seen(Protocol):
    def are_new(self, fingerprints: Sequence[UUID]) -> list[bool]:
        """Of each, whether it is here for the first time."""


class SeenInMemory:
    """For a few thousand."""

    def __init__(self) -> None:
        self._known: set[UUID] = set()

    def are_new(self, fingerprints: Sequence[UUID]) -> list[bool]:
        fresh = set(fingerprints) - self._known
        self._known |= fresh
        return _first_of_each(fingerprints, fresh)


class SeenInDatabase:
    """For any number, within one transaction."""

    def __init__(self, session: Session) -> None:
        self._session = session
        session.execute(BEGIN)

    def are_new(self, fingerprints: Sequence[UUID]) -> list[bool]:
        fresh = set(self._session.scalars(REMEMBER, {"fingerprints": list(fingerprints)}))
        return _first_of_each(fingerprints, fresh)


def fingerprint(one: Learned, *, compares: bool) -> UUID:
    """Where answers are compared, another one that is worse makes another example."""
    conversation = [[message["role"], squeezed(_text(message["content"]))] for message in one.messages]
    worse = squeezed(one.worse.text) if compares and one.worse else None
    return UUID(bytes=blake2b(orjson.dumps([conversation, squeezed(one.said), worse]), digest_size=16).digest())


def _text(content: object) -> str:
    """Of a content with pictures all of it counts."""
    return content if isinstance(content, str) else orjson.dumps(content).decode()


def _first_of_each(fingerprints: Sequence[UUID], fresh: set[UUID]) -> list[bool]:
    left = set(fresh)
    answers = []
    for one in fingerprints:
        answers.append(one in left)
        left.discard(one)
    return answers
