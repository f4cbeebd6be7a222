"""Whether an answer is the one that is known to be right."""

from curation.scorers.overlap import overlap
from plugins.scoring import Answer, Score


class ReferenceMatch:
    name = "reference"
    version = 1
    says = "How much of its words an answer shares with the gold answer to the same prompt (F1); 1 is the same."
    needs_others = False
    needs_reference = True

    def score(self, answer: Answer) -> Score | None:
        if answer.reference is None:
            return None
        return Score(overlap(answer.output, answer.reference))
