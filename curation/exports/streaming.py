"""Examples straight out of the tables, for whoever wants them at once and no file that is kept."""

from collections.abc import Iterable, Iterator
from itertools import chain
from uuid import UUID

from curation.exports import reading
from curation.exports.options import Options
from curation.formats.table import Format
from curation.views import View
from schemas.database import OpenSession


def stream(open_session: OpenSession, dataset_ids: Iterable[UUID], view: View, form: Format) -> Iterator[bytes]:
    deciders = Options().deciders(form)
    pages = chain.from_iterable(reading.pages(open_session, its_id, view, deciders) for its_id in dataset_ids)
    records = map(form.record, chain.from_iterable(pages))
    return form.encode(record for record in records if record is not None)
