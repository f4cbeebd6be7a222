"""Examples straight out of the tables, for whoever wants them at once and no file that is kept."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from curation.formats.learned import Learned
from curation.formats.table import Format


def stream(pages: Iterable[Sequence[Learned]], form: Format) -> Iterator[bytes]:
    records = map(form.record, chain.from_iterable(pages))
    return form.encode(record for record in records if record is not None)
