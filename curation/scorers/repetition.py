"""Whether an answer says the same again and again."""

from typing import Final

from curation.wording import words_of
from plugins.scoring import Answer, Score

# So many words in a row are seldom the same by chance.
IN_A_ROW: Final = 4


class Repetition:
    name = "repetition"
    version = 1
    says = "The share of four words in a row that the answer has not said before."
    needs_others = needs_reference = False

    def score(self, answer: Answer) -> Score | None:
        words = words_of(answer.output)
        rows = [tuple(words[place : place + IN_A_ROW]) for place in range(len(words) - IN_A_ROW + 1)]
        if not rows:
            return None
        new = len(set(rows)) / len(rows)
        return Score(new, "" if new == 1 else f"{1 - new:.0%} was said before")
