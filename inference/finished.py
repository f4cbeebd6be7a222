"""From an answer to the lines that it is for."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from inference import reuse
from inference.claiming import Claim
from inference.engines.base import Answer
from inference.landing import Finished
from inference.result_lines import Line, answered_line, line_id, on_one_line, result_row, unanswered_line
from inference.reuse import Kept, Key
from inference.unanswered import Waiting

# Those of a whole page are in memory at once.
LARGEST_KEPT_BYTES: Final = 65_536


@dataclass(frozen=True, slots=True)
class ResultRows:
    batch_id: UUID
    lines: Sequence[Line]
    succeeded: bool
    render: Callable[[Line], bytes]

    def __len__(self) -> int:
        return len(self.lines)

    def __iter__(self) -> Iterator[bytes]:
        for line in self.lines:
            yield result_row(self.batch_id, line[0], succeeded=self.succeeded, answer=self.render(line))


def computed(
    claim: Claim, waiting: Waiting, answer: Answer, serving_id: UUID, *, seconds: float, keep: bool
) -> Finished:
    """What an engine has answered just now. The other lines that it is for say whose answer it is that they have."""
    succeeded = answer.status_code < 300
    answer = replace(answer, body=on_one_line(answer.body))

    def render(line: Line) -> bytes:
        same_as = None if line[0] == waiting.line else waiting.custom_id
        return answered_line(claim.batch_id, line, answer, serving_id, same_as=same_as)

    rows = ResultRows(claim.batch_id, waiting.lines, succeeded, render)
    to_keep = _to_keep(claim, waiting, answer, serving_id) if succeeded and keep else {}
    return Finished(rows, succeeded, answer.usage, serving_id, seconds=seconds, to_keep=to_keep)


def reused(claim: Claim, waiting: Waiting, kept: Kept, serving_id: UUID) -> Finished:
    """What an earlier batch has left."""

    def render(line: Line) -> bytes:
        return answered_line(claim.batch_id, line, kept.answer, serving_id, reused_from=kept.origin)

    rows = ResultRows(claim.batch_id, waiting.lines, True, render)
    return Finished(rows, True, kept.answer.usage, serving_id, computed=False)


def given_up(claim: Claim, waiting: Waiting, code: str, message: str, *, seconds: float) -> Finished:
    def render(line: Line) -> bytes:
        return unanswered_line(claim.batch_id, *line, code, message)

    return Finished(ResultRows(claim.batch_id, waiting.lines, False, render), False, seconds=seconds)


def _to_keep(claim: Claim, waiting: Waiting, answer: Answer, serving_id: UUID) -> dict[Key, Kept]:
    if len(answer.body) > LARGEST_KEPT_BYTES:
        return {}
    digest = reuse.digest_of(claim.endpoint, waiting.body)
    return {(serving_id, digest): Kept(answer, line_id(claim.batch_id, waiting.line))} if digest else {}
