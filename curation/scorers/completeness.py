"""Whether an answer was cut off."""

from typing import Final

import orjson

from curation.wording import json_text
from plugins.scoring import Answer, Score

ENDS: Final = tuple(".!?\u2026\u3002\uff01\uff1f\"'\u201d\u2019)]}`*:;|>")
# A word or two need no full stop.
FEW_WORDS: Final = 12


class Completeness:
    name = "completeness"
    version = 1
    says = "0 where the answer is empty, ends in the middle of a sentence, or is JSON that does not close."
    needs_others = needs_reference = False

    def score(self, answer: Answer) -> Score:
        text = json_text(answer.output).strip()
        if not text:
            return Score(0.0, "empty")
        if text[0] in "{[":
            return _json(text)
        if text.endswith(ENDS) or len(text.split()) <= FEW_WORDS:
            return Score(1.0)
        return Score(0.0, "ends in the middle of a sentence")


def _json(text: str) -> Score:
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        closed = text.count("{") == text.count("}") and text.count("[") == text.count("]")
        return Score(1.0) if closed else Score(0.0, "JSON that does not close")
    return Score(1.0)
