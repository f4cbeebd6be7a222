"""What an export has taken and left out, kept while it goes by: of any number of examples, in little memory."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from curation.exports.complaints import Complaints
from curation.exports.duplicates import Seen, fingerprint
from curation.exports.options import Options
from curation.exports.tokens import TokenCounter, Tokens
from curation.formats.learned import Learned, Source
from curation.formats.table import Format, Record

# A list of more would make the manifest larger than most exports; of those there is a digest.
MOST_LISTED: Final = 5000


@dataclass(slots=True)
class Tally:
    examples: int = 0
    # As an earlier one; they are in the file, or not, as the options have it.
    duplicates: int = 0
    # Of which the format has nothing to say.
    without_use: int = 0
    # Where the format has two answers: how often it is known from what that one is better.
    preferences: Counter[Source] = field(default_factory=Counter)
    tokens: Tokens = field(default_factory=Tokens)
    complaints: Complaints = field(default_factory=Complaints)
    versions: dict[str, int] | None = field(default_factory=dict)
    _digest: Any = field(default_factory=sha256)

    def add(self, one: Learned, counter: TokenCounter) -> None:
        self.examples += 1
        self.complaints.look_at(one, counter.add(one, self.tokens))
        self._digest.update(f"{one.public_id} {one.version}\n".encode())
        if self.versions is not None:
            self.versions[one.public_id] = one.version
            if len(self.versions) > MOST_LISTED:
                self.versions = None

    @property
    def versions_digest(self) -> str:
        """SHA-256 of a line for each example, in their order: its id, a space and its version."""
        return str(self._digest.hexdigest())


def tallied(
    pages: Iterable[Sequence[Learned]], options: Options, form: Format, seen: Seen, counter: TokenCounter, tally: Tally
) -> Iterator[Record]:
    """The records of a file, and the tally of them."""
    for page in pages:
        each = [(one, form.record(one)) for one in map(options.applied, page)]
        used = [(one, record) for one, record in each if record is not None]
        tally.without_use += len(each) - len(used)
        marks = [fingerprint(one, compares=form.compares) for one, _ in used]
        for (one, record), is_new in zip(used, seen.are_new(marks), strict=True):
            tally.duplicates += not is_new
            if options.leave_out_duplicates and not is_new:
                continue
            tally.add(one, counter)
            if form.compares and one.worse is not None:
                tally.preferences[one.worse.source] += 1
            yield record
