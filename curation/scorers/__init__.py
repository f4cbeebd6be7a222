"""The scorers that are built in, each in a file of its own, and the way to all of them."""

from collections.abc import Mapping
from typing import Final

from curation.scorers.agreement import Agreement
from curation.scorers.completeness import Completeness
from curation.scorers.format import Format
from curation.scorers.length import Length
from curation.scorers.reference import ReferenceMatch
from curation.scorers.refusal import Refusal
from curation.scorers.repetition import Repetition
from plugins import hookimpl
from plugins.loader import hooks
from plugins.scoring import Scorer
from schemas.errors import RequestInvalid

BUILT_IN: Final = (Format(), Completeness(), Repetition(), Refusal(), Length(), Agreement(), ReferenceMatch())


@hookimpl
def vbs_scorers() -> list[Scorer]:
    return list(BUILT_IN)


def all_scorers() -> Mapping[str, Scorer]:
    return {scorer.name: scorer for found in reversed(hooks(__name__).vbs_scorers()) for scorer in found}


def get(name: str) -> Scorer:
    known = all_scorers()
    if name not in known:
        raise RequestInvalid(f"A scorer is one of {', '.join(known)}.", param="scorer")
    return known[name]
