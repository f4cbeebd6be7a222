"""What stands beside a file: what it is made of, so that somebody can tell later what a model has learned from."""

from typing import Any

from curation.exports.tally import Tally
from curation.formats.learned import Source
from curation.formats.table import format_named
from schemas import ids
from schemas.tables import ApiKey, Dataset, Export, File


def manifest_of(
    export: Export, dataset: Dataset, key: ApiKey, file: File, file_sha256: str, tally: Tally
) -> dict[str, Any]:
    form = format_named(export.format)
    return {
        "export": {
            "id": ids.show(ids.EXPORT, export.id),
            "version": export.version,
            "repeats": ids.show(ids.EXPORT, export.first_id) if export.version > 1 else None,
            "created_at": export.created_at.isoformat(),
            "created_by": {"key_id": ids.show(ids.KEY, key.id), "name": key.name},
        },
        "dataset": {"id": ids.show(ids.DATASET, dataset.id), "name": dataset.name},
        "view": export.view,
        "format": export.format,
        "options": export.options,
        "file": {
            "id": ids.show(ids.FILE, file.id),
            "name": file.filename,
            "bytes": file.bytes,
            "sha256": file_sha256,
        },
        "examples": tally.examples,
        "duplicates": {
            "found": tally.duplicates,
            "left_out": tally.duplicates if export.options["leave_out_duplicates"] else 0,
        },
        # The format has nothing to say of them, as preferences have of an answer that nobody has mended.
        "without_use": tally.without_use,
        # Of a format with two answers: from what it is known which is better.
        "preferences": {source.value: tally.preferences[source] for source in Source} if form.compares else None,
        "tokens": tally.tokens.shown,
        "problems": tally.complaints.shown(tally.examples) if form.trains else [],
        "versions": tally.versions,
        "versions_sha256": tally.versions_digest,
    }
