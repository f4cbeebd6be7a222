"""Whether models say the same."""

from curation.scorers.overlap import overlap
from plugins.scoring import Answer, Score


class Agreement:
    name = "agreement"
    version = 1
    says = "How much of its words an answer shares with other models' answers to the same prompt (mean F1)."
    needs_others = True
    needs_reference = False

    def score(self, answer: Answer) -> Score | None:
        if not answer.others:
            return None
        shared = [overlap(answer.output, other) for other in answer.others]
        return Score(sum(shared) / len(shared), f"with {len(shared)} others")
