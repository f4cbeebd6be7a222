"""What an export would be, from its first examples: quick enough to look at while choosing."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

from curation import table
from curation.exports import reading
from curation.exports.duplicates import SeenInMemory
from curation.exports.options import Options
from curation.exports.tally import Tally, tallied
from curation.exports.tokens import TokenCounter, sources
from curation.formats.table import Format
from curation.views import View
from schemas.database import OpenSession
from schemas.tables import Dataset

PAGES_LOOKED_AT: Final = 3
COUNTED: Final = 100
LINES: Final = 3
LONGEST_LINE: Final = 2000


@dataclass(frozen=True, slots=True)
class Preview:
    # All that the view holds, and how many of them the rest is about.
    examples: int
    looked_at: int
    tally: Tally
    lines: Sequence[str]
    problems: Sequence[dict[str, Any]]

    @property
    def is_whole(self) -> bool:
        return self.looked_at == self.examples


def preview(open_session: OpenSession, dataset: Dataset, view: View, form: Format, options: Options) -> Preview:
    view = options.narrowed(view)
    with open_session() as session:
        examples = table.count_all(session, dataset, view)
        counter = TokenCounter(sources(session), COUNTED)
    pages = reading.pages(open_session, dataset.id, view, options.deciders(form))
    first = list(chain.from_iterable(islice(pages, PAGES_LOOKED_AT)))
    tally = Tally()
    records = list(tallied([first], options, form, SeenInMemory(), counter, tally))
    lines = [line.decode().rstrip()[:LONGEST_LINE] for line in form.shown(records[:LINES])]
    # Whether there are too few is known only where all are looked at.
    is_whole = len(first) >= examples
    counted = tally.examples if is_whole else max(tally.examples, examples)
    problems = tally.complaints.shown(counted) if form.trains else []
    return Preview(examples, min(len(first), examples), tally, lines, problems)
