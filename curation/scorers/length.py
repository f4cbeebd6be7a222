"""Whether an answer is as long as answers are."""

from typing import Final

from curation.wording import words_of
from plugins.scoring import Answer, Score

SHORT: Final = 3
LONG: Final = 1000


class Length:
    name = "length"
    version = 1
    says = f"1 from {SHORT} to {LONG:,} words, and less the further an answer is from that. JSON counts as words do."
    needs_others = needs_reference = False

    def score(self, answer: Answer) -> Score:
        words = len(words_of(answer.output))
        if words < SHORT:
            return Score(words / SHORT, f"{words} words")
        return Score(1.0) if words <= LONG else Score(LONG / words, f"{words:,} words")
