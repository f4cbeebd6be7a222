"""The table of a dataset of 200,000 examples, beside one of 800,000: pages, searches, changes of one and of many."""

import re
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import quote

import psycopg
from sqlalchemy import create_engine, text

from benchmarks.asked import Asked
from benchmarks.curator import signed_in
from benchmarks.figure import Figure
from benchmarks.system import watched_memory
from cli.embedded import EmbeddedPostgres
from migrations.run import upgrade
from schemas import ids
from schemas.database import driver_url
from schemas.ids import new_id
from schemas.tables import Example, Item, Output, facets
from tests.system import System, started

EXAMPLES: Final = 200_000
OTHERS: Final = 800_000
TIMES: Final = 15
PAGES: Final = (
    "", "sort=newest", "sort=best", "sort=worst", "sort=changed", "status=needs_review", "status=rejected",
    "status=needs_review&sort=best", "gold=yes", "tag=fine", "score_from=0.9", "score_from=0.9&sort=changed",
    "field.verdict=hire", "field.score=7&sort=newest", "model=some-model", "sort=-field.score",
    "field.verdict=hire&from.score=7", "field.verdict=nobody&gold=yes",
)  # fmt: skip
SEARCHES: Final = (
    "q=nurse", "q=nurse oslo", 'q="nurse oslo"', 'q="nurse oslo"&sort=changed', "q=nurse or oslo", "q=oslo -nurse",
    "q=nothing", "q=nothing&sort=changed", "q=nurse&status=rejected",
)  # fmt: skip
# About 50,000 and 100,000 examples have such a score.
BULK: Final = "score_to=0.31"
EXPORTED: Final = "score_to=0.62"

WORDS: Final = (
    "stakeholder interviews incident reviews budget relational databases patient records shift rosters french "
    "quarterly test automation vendor contracts circuit diagrams customer training release management oslo nurse "
    "statistics inspections technical writing backend engineer lisbon hire decline strong weak team handbook"
)
# Of a hundred words six are of these, so that each of them is in every sixth text, and the others are rare.
SAY: Final = f"""
    CREATE OR REPLACE FUNCTION pg_temp.say(many integer, seed integer) RETURNS text LANGUAGE sql AS $$
        SELECT string_agg(CASE WHEN hash % 16 = 0 THEN words[1 + hash / 16 % cardinality(words)]
                               ELSE 'term' || hash % 20000 END, ' ')
        FROM string_to_array('{WORDS}', ' ') AS words, generate_series(1, many) AS n,
             LATERAL (SELECT abs(hashint4(seed * 131 + n)::bigint) AS hash) AS drawn
    $$
"""
FILL: Final = (
    """
    INSERT INTO datasets
        (id, tenant, name, next_item, created_at, examples, needs_review, approved, rejected, gold, columns)
    VALUES (%(id)s, 'first', 'Evaluations', %(many)s + 1, now(), %(many)s, %(many)s, 0, 0, 0,
        '[{"path": "score", "kind": "number", "slot": "number_1"},
          {"path": "verdict", "kind": "text", "slot": "text_1"}]')
    """,
    """
    INSERT INTO items SELECT %(id)s, n, 'c-' || n,
        '{"messages": [{"role": "user", "content": "' || pg_temp.say(60, n) || '"}]}'
    FROM generate_series(1, %(many)s) AS n
    """,
    """
    INSERT INTO outputs (id, dataset_id, item, model, asked, output, fields)
    SELECT gen_random_uuid(), %(id)s, n, 'some-model', pg_temp.say(60, n), pg_temp.say(100, -n),
           jsonb_build_object('score', n %% 10, 'verdict', (ARRAY['hire', 'decline', 'interview'])[1 + n %% 3])
    FROM generate_series(1, %(many)s) AS n
    """,
    """
    INSERT INTO facets (id, dataset_id, number_1, text_1)
    SELECT id, dataset_id, (fields->>'score')::float, fields->>'verdict' FROM outputs WHERE dataset_id = %(id)s
    """,
    """
    INSERT INTO examples (id, dataset_id, model, status, gold, score, tags, notes, created_at, updated_at, version)
    SELECT id, dataset_id, model, 'needs_review', false, CASE WHEN item %% 5 > 0 THEN item %% 97 / 97.0 END, '{}', '',
           now(), now() - item * interval '1 second', 1
    FROM outputs WHERE dataset_id = %(id)s
    """,
)


def figures(asked: Asked) -> list[Figure]:
    with _filled(asked) as (system, table), signed_in(system) as curator, watched_memory(system) as peaks:
        pages = _times(lambda query: curator.see(f"{table}?{query}"), PAGES)
        searches = _times(lambda query: curator.see(f"{table}?{quote(query, safe='=&')}"), SEARCHES)
        example = _first_example(curator.see(f"{table}?sort=oldest"))
        stars = _times(lambda action: curator.press(f"{example}/change", action=action), ("star", "unstar"))
        bulk = _seconds(lambda: curator.press(f"{table}/change?{BULK}", action="approve"))
        changed = curator.see(f"{table}?status=approved")
        undone = _seconds(lambda: curator.press(_undo_in(changed)))
        before = peaks["ui"]
        began = time.perf_counter()
        lines = curator.download(f"{table}/chats.jsonl?{EXPORTED}")
        took = time.perf_counter() - began
        return [
            Figure("a page of the table, p95", _p95(pages), 150.0, "ms", _said(pages)),
            Figure("a page of a search, p95", _p95(searches), 300.0, "ms", _said(searches)),
            Figure("a star, p95", _p95(stars), 50.0, "ms", _said(stars)),
            Figure("a change of all that a filter holds", bulk, 5.0, "s", _heading(changed)),
            Figure("its undo", undone, 5.0, "s"),
            Figure("growth of the pages' server in an export", (peaks["ui"] - before) / 1024**2, 100.0, "MB",
                   f"{lines:,} chats in {took:.1f} s"),
        ]  # fmt: skip


@contextmanager
def _filled(asked: Asked) -> Iterator[tuple[System, str]]:
    """A system, and the address of the smaller one of its datasets."""
    with TemporaryDirectory(prefix="vbs-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = EmbeddedPostgres(folder / "postgres")
        try:
            url = server.start()
            upgrade(url)
            with _indexed_after(url), ThreadPoolExecutor() as at_once:
                _, dataset = at_once.map(fill, (url, url), (asked.scaled(OTHERS), asked.scaled(EXAMPLES)))
            with started(folder / "data", "--engine=stub", environment={"DATABASE_URL": url}) as system:
                yield system, f"/datasets/{dataset}"
        finally:
            server.remove()


@contextmanager
def _indexed_after(url: str) -> Iterator[None]:
    """What is filled without its indexes is filled in a third of the time."""
    engine = create_engine(driver_url(url))
    indexes = [index for table in (Item, Output, Example) for index in table.__table__.indexes] + [*facets.indexes]
    with engine.begin() as connection:
        for index in indexes:
            index.drop(connection)
    yield
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SET maintenance_work_mem = '1GB'"))
        for index in indexes:
            index.create(connection)
        connection.execute(text("VACUUM ANALYZE"))
    engine.dispose()


def fill(url: str, many: int) -> str:
    """A dataset of so many examples; returns its id."""
    dataset_id = new_id()
    wanted = {"id": dataset_id, "many": many}
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(SAY)
        for statement in FILL:
            connection.execute(statement.encode(), wanted)
    return ids.show(ids.DATASET, dataset_id)


def _times(act: Callable[[str], object], wanted: Sequence[str]) -> dict[str, list[float]]:
    """Milliseconds. What is asked for the first time comes from disk, and does not count."""
    times: dict[str, list[float]] = {}
    for one in wanted:
        act(one)
        times[one] = [1000 * _seconds(lambda one=one: act(one)) for _ in range(TIMES)]  # type: ignore[misc]
    return times


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _p95(times: dict[str, list[float]]) -> float:
    return statistics.quantiles([one for each in times.values() for one in each], n=20)[-1]


def _said(times: dict[str, list[float]]) -> str:
    medians = {name: statistics.median(each) for name, each in times.items()}
    slowest = max(medians, key=lambda name: medians[name])
    return f"median {statistics.median(medians.values()):.0f}; slowest `{slowest}` with {medians[slowest]:.0f}"


def _first_example(page: str) -> str:
    return _found(r'href="(/examples/ex_\w+)"', page)


def _undo_in(page: str) -> str:
    """Of what was done last: what pages said of earlier changes may still stand above."""
    return _found(r'action="(/changes/chg_\w+/undo)"', page.partition('class="changes"')[2])


def _heading(page: str) -> str:
    return _found(r"<h2>(?:<span[^>]*>)?([^<]*examples)", page)


def _found(pattern: str, page: str) -> str:
    found = re.search(pattern, page)
    assert found, page
    return found[1]
