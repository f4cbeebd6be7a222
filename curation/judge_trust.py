"""How far a judge can be believed: whether it says the same of both orders, and what people say. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from curation import agreement
from curation.agreement import FEWEST, RELIABLE, TENTATIVE
from curation.judge_verdicts import AGREED, FIRST_PLACE, SECOND_PLACE

# Where people or a judge decide between two models: the first, neither, the second.
SIGNS: Final = (1, 0, -1)


@dataclass(frozen=True, slots=True)
class Orders:
    """How many items have which verdict, by `Comparison.said`; None counts those whose answers are the same."""

    counts: Mapping[str | None, int]

    @property
    def same(self) -> int:
        return self.counts.get(None, 0)

    @property
    def judged(self) -> int:
        """Those that the judge was asked about, and said something of in both orders."""
        return sum(self.counts.values()) - self.same

    @property
    def disagree(self) -> int:
        return self.judged - sum(self.counts.get(said, 0) for said in AGREED)

    @property
    def first_place(self) -> int:
        """How often it found best whatever came first."""
        return self.counts.get(FIRST_PLACE, 0)

    @property
    def second_place(self) -> int:
        return self.counts.get(SECOND_PLACE, 0)

    @property
    def bias(self) -> float | None:
        """The share of items of which it says another thing when their answers change places."""
        return self.disagree / self.judged if self.judged else None

    @property
    def decides(self) -> bool:
        """Whether the order says more than the answers do."""
        return self.bias is not None and self.bias > 0.5


@dataclass(frozen=True, slots=True)
class BesidePeople:
    """What people say of an item, and what the judge says, as signs: of items that both have said something of."""

    pairs: Mapping[tuple[int, int], int]

    @property
    def items(self) -> int:
        return sum(self.pairs.values())

    @property
    def enough(self) -> bool:
        """To say something of how far they agree."""
        return self.items >= FEWEST

    @property
    def same_share(self) -> float | None:
        return agreement.same_share({both: count for both, count in self.pairs.items()})

    @property
    def kappa(self) -> float | None:
        return agreement.cohen(self.pairs)

    @property
    def matrix(self) -> Sequence[Sequence[int]]:
        """A row for each that people said, a column for each that the judge said."""
        return [[self.pairs.get((people, judge), 0) for judge in SIGNS] for people in SIGNS]

    @property
    def says(self) -> str:
        kappa = self.kappa
        if not self.enough:
            return f"Too few to say: people have chosen for {self.items} of the {FEWEST} judged items that it takes."
        if kappa is None:
            return "People and the judge say the same of every item, so agreement can't be told from habit."
        if kappa >= RELIABLE:
            return "The judge decides as people do."
        if kappa >= TENTATIVE:
            return "The judge decides much as people do: good for tentative conclusions."
        if kappa > 0:
            return "The judge agrees with people more than chance would, and too little to stand for them."
        return "The judge agrees with people no more than chance would."
