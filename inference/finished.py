"""From an answer to the lines that it is for."""

from collections.abc import Sequence
from uuid import UUID

from inference import reuse
from inference.claiming import Claim
from inference.engines.base import Answer
from inference.landing import Finished
from inference.result_lines import answered_lines, line_id, result_row, reused_lines, unanswered_line
from inference.reuse import Kept, Key
from inference.unanswered import Waiting


def computed(claim: Claim, waiting: Waiting, answer: Answer, serving_id: UUID, seconds: float) -> Finished:
    succeeded = answer.status_code < 300
    lines = answered_lines(claim.batch_id, waiting.lines, answer, serving_id)
    to_keep = _to_keep(claim, waiting, answer, serving_id) if succeeded and claim.reuse else {}
    rows = _rows(claim, waiting, lines, succeeded)
    return Finished(rows, succeeded, answer.usage, serving_id, seconds=seconds, to_keep=to_keep)


def reused(claim: Claim, waiting: Waiting, kept: Kept, serving_id: UUID) -> Finished:
    lines = reused_lines(claim.batch_id, waiting.lines, kept.answer, serving_id, kept.origin)
    return Finished(_rows(claim, waiting, lines, True), True, kept.answer.usage, serving_id, computed=False)


def given_up(claim: Claim, waiting: Waiting, code: str, message: str, seconds: float) -> Finished:
    errors = [unanswered_line(claim.batch_id, line, custom_id, code, message) for line, custom_id in waiting.lines]
    return Finished(_rows(claim, waiting, errors, False), False, seconds=seconds)


def _to_keep(claim: Claim, waiting: Waiting, answer: Answer, serving_id: UUID) -> dict[Key, Kept]:
    digest = reuse.digest_of(claim.endpoint, waiting.body)
    return {(serving_id, digest): Kept(answer, line_id(claim.batch_id, waiting.line))} if digest else {}


def _rows(claim: Claim, waiting: Waiting, lines: Sequence[bytes], succeeded: bool) -> list[bytes]:
    return [
        result_row(claim.batch_id, number, succeeded=succeeded, answer=line)
        for (number, _), line in zip(waiting.lines, lines, strict=True)
    ]
