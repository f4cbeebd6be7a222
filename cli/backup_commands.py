"""`vbs backup` and `vbs restore`: the whole state into one file, and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn, TransferSpeedColumn

from cli.database import url_of
from cli.instance import Instance
from cli.new_place import KEY_FILES, keep_keys, new_place
from cli.options import data_option
from inference.backup import file, loading, saving
from inference.backup.archive import ArchiveReader, ArchiveWriter
from inference.backup.contents import Contents
from inference.backup.manifest import Manifest
from inference.file_store import FileStore
from migrations.run import is_known, rebuild, upgrade
from schemas.database import unpooled_engine
from schemas.errors import ArchiveInvalid
from schemas.settings import MIB, settings

file_argument = click.argument("path", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))


@click.command()
@data_option
@file_argument
def backup(data_dir: Path, path: Path) -> None:
    """Write everything to FILE, whether or not the system runs. A FILE in `.gz` is compressed."""
    instance = Instance(data_dir)
    with url_of(instance) as url, file.writing(path) as stream, _watched("backing up") as bar:
        keys = {name: instance.data_dir / name for name in KEY_FILES}
        manifest = saving.save(unpooled_engine(url), _file_store(instance), keys, ArchiveWriter(stream, bar))
    for location in manifest.missing:
        click.echo(f"{location} was gone when it was its turn, and is not in the backup.", err=True)
    click.echo(_summary(path, manifest))


@click.command()
@data_option
@file_argument
@click.option("--check", is_flag=True, help="Only see whether FILE is whole and undamaged.")
def restore(data_dir: Path, path: Path, check: bool) -> None:
    """Bring back what `vbs backup` wrote to FILE, where there is nothing yet."""
    with file.reading(path) as stream, _watched("checking" if check else "restoring") as bar:
        archive = ArchiveReader(stream, bar)
        manifest = archive.read(lambda *_: None) if check else _restore(archive, Instance(data_dir))
    click.echo(_summary(path, manifest))
    if not check:
        click.echo(f"Restored; `vbs up --data {data_dir}` goes on.")


def _restore(archive: ArchiveReader, instance: Instance) -> Manifest:
    _check_revision(archive)
    with (
        new_place(instance) as url,
        # Around the transaction, whose last step tells whether they stay.
        Contents(_file_store(instance)) as contents,
        loading.one_transaction(unpooled_engine(url)) as session,
    ):
        loading.check_empty(session)
        rebuild(session.connection(), archive.head.revision)
        loader = loading.Loader(session, contents, archive.head, KEY_FILES)
        manifest = archive.read(loader.take)
        loader.finish(manifest)
        upgrade(session.connection())
        loading.release_leases(session)
        contents.note_restore()
    keep_keys(instance.data_dir, loader.keys)
    return manifest


def _check_revision(archive: ArchiveReader) -> None:
    head = archive.head
    if not is_known(head.revision):
        unknown = f"The tables of this backup (revision {head.revision}, version {head.version})"
        raise ArchiveInvalid(f"{unknown} are newer than this program: use the version that made it, or a later one.")


def _file_store(instance: Instance) -> FileStore:
    return FileStore(replace(settings(), data_dir=instance.data_dir).file_store_url)


def _summary(path: Path, manifest: Manifest) -> str:
    head, size = manifest.head, f"{manifest.bytes / MIB:,.1f} MiB"
    missing = f" ({len(manifest.missing):,} missing)" if manifest.missing else ""
    what = f"{manifest.rows:,} rows and {manifest.count('contents'):,} files{missing}, {size}"
    return f"{path}: {what}, taken at {head.taken_at} by version {head.version}"


class Bar:
    """How far it is, in bytes."""

    def __init__(self, progress: Progress, what: str) -> None:
        self._progress = progress
        self._task = progress.add_task(what, total=None)

    def expect(self, total_bytes: int) -> None:
        self._progress.update(self._task, total=total_bytes)

    def advance(self, more_bytes: int) -> None:
        self._progress.advance(self._task, more_bytes)


@contextmanager
def _watched(what: str) -> Iterator[Bar]:
    """A bar for people, on standard error, and nothing for cron."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, TimeElapsedColumn(), console=console, disable=not console.is_terminal) as progress:
        yield Bar(progress, what)
