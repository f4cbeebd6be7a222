"""Every page of the UI: found by following links, so that neither a new page nor the way to it can be forgotten."""

import re
from collections import deque
from dataclasses import replace
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map

from schemas.settings import Settings
from tests.integration.webapi_pages.conftest import Visitor
from tests.ui.filled import Filled
from webapi.ui import create_app

# What a page fetches by itself is named beside what it links.
LINK = re.compile(r'(?:href|data-[a-z-]+)="(/[^"#]*)"')
SIGN_IN = "session.show_form"
# Seen by who has not signed in, or linked while a batch runs only.
OUTSIDE = {"static", SIGN_IN, "batches.download_results"}
# What scripts ask for, and where a form leads on to another page.
OUTSIDE |= {"queue_desk.show_item", "datasets.show_count", "scores.show_best", "snapshots.export"}


def address_book(folder: Path) -> Map:
    """The addresses of the pages' app. It is asked for nothing else."""
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    return create_app(replace(Settings(), database_url=url, data_dir=folder, log_level="WARNING")).url_map


def wanted_endpoints(book: Map) -> set[str]:
    return {rule.endpoint for rule in book.iter_rules() if "GET" in (rule.methods or ())} - OUTSIDE


def linked_pages(filled: Filled, book: Map) -> tuple[dict[str, str], set[str]]:
    """An address for each kind of page, and what else is linked, which is no page but a file."""
    visitor = Visitor(filled.system.running.ui_url)
    assert visitor.send("/sign-in", key=filled.key).url.path == "/"
    found: dict[str, str] = {}
    files: set[str] = set()
    waiting = deque([*filled.full_pages, "/"])
    while waiting:
        path = waiting.popleft()
        endpoint = endpoint_of(book, path)
        if endpoint is None or endpoint in found or endpoint in files | OUTSIDE:
            continue
        with visitor.http.stream("GET", path) as answer:
            text = answer.read().decode(errors="replace") if is_html(answer) else ""
            waiting += map(unescape, LINK.findall(text))
            # A piece of a page is none.
            if "<html" in text:
                found[endpoint] = path
            else:
                files.add(endpoint)
    visitor.http.close()
    return found, files


def is_html(answer: httpx.Response) -> bool:
    return answer.headers["Content-Type"].startswith("text/html")


def endpoint_of(book: Map, path: str) -> str | None:
    try:
        return str(book.bind("localhost").match(urlsplit(path).path)[0])
    except (NotFound, MethodNotAllowed):
        return None
