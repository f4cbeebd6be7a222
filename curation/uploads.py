"""Files that somebody has uploaded become items of a dataset, and the answers in them examples."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from curation import resuming
from curation.arrivals import Arrival
from curation.file_lines import Place
from curation.records import Record, read_records
from curation.uploaded_lines import arrival_of
from inference import files
from inference.request_lines import LineInvalid
from schemas.errors import ContentGone
from schemas.settings import settings
from schemas.states import ImportStatus
from schemas.tables import Dataset, File, Import

# What a file is uploaded for that is to be a dataset.
PURPOSE: Final = "user_data"
DAY_SECONDS: Final = 86_400
# Columns of CSV files: one that says what is asked, and what else means something.
ASKING: Final = ("prompt", "input")
KNOWN: Final = ("custom_id", "output", "completion")


def begin(session: Session, dataset: Dataset, file: File) -> Import:
    """Take a file into a dataset. The same file again goes on where the last time ended."""
    if not files.is_kept(file):
        raise ContentGone("The content of this file is no longer kept.", param="file_id")
    # Whoever asks for the same at this moment waits, and finds it.
    session.get_one(Dataset, dataset.id, with_for_update=True)
    known = session.scalar(select(Import).where(Import.dataset_id == dataset.id, Import.file_id == file.id))
    if known is not None:
        if known.status == ImportStatus.BROKEN:
            resuming.begin_again(known)
        return known
    new = Import(dataset_id=dataset.id, file_id=file.id, bytes=file.bytes)
    session.add(new)
    session.flush()
    return new


def kept_seconds() -> int:
    """How long a file is kept that was uploaded for this alone."""
    return int(settings().input_retention_days * DAY_SECONDS)


def read_page(session: Session, this: Import, rows: int, size: int) -> Sequence[Arrival] | None:
    """What the next lines ask; None after the last. What is wrong with others is noted."""
    if this.bytes_read >= this.bytes:
        this.lines = this.line
        return None
    file = session.get_one(File, this.file_id)
    if file.deleted_at is not None:
        raise ContentGone("The file was deleted.", param="file_id")
    place = Place(this.bytes_read, this.line)
    page: list[Arrival] = []
    faults: list[tuple[int, LineInvalid]] = []
    with files.open_content(file) as stream:
        for record in read_records(stream, place, settings().max_line_bytes, ASKING, KNOWN):
            _sort(record, page, faults)
            # Empty lines too: a file may have millions of them.
            if len(page) + len(faults) >= rows or place.offset - this.bytes_read >= size:
                break
        else:
            place.offset = this.bytes
    this.bytes_read, this.line = place.offset, place.line
    _note(this, faults)
    return page


def _sort(record: Record, page: list[Arrival], faults: list[tuple[int, LineInvalid]]) -> None:
    number, said = record
    if said is None:
        return
    try:
        if isinstance(said, LineInvalid):
            raise said
        page.append(arrival_of(said, number))
    except LineInvalid as fault:
        faults.append((number, fault))


def _note(this: Import, faults: Sequence[tuple[int, LineInvalid]]) -> None:
    if not faults:
        return
    room = max(0, settings().max_line_errors - len(this.errors))
    this.bad_lines += len(faults)
    this.errors = this.errors + [
        {"line": line, "code": fault.code, "message": fault.message, "param": fault.param}
        for line, fault in faults[:room]
    ]


def names(session: Session, arrived: Sequence[Import]) -> dict[UUID, str]:
    """What the files were called."""
    wanted = [one.file_id for one in arrived if one.file_id]
    return {
        file_id: name for file_id, name in session.execute(select(File.id, File.filename).where(File.id.in_(wanted)))
    }
