"""docs/api.md against the API that runs."""

import re
from dataclasses import fields
from pathlib import Path

import httpx

from schemas.settings import Settings

DOCUMENT = Path(__file__).parents[3] / "docs" / "api.md"


def calls_of(text: str) -> set[tuple[str, str]]:
    """`GET /files/{id}` and the like, with any name in the braces."""
    return {
        (method, re.sub(r"\{.*?\}", "{}", path)) for method, path in re.findall(r"`(GET|POST|DELETE) (/[^`]*)`", text)
    }


def test_the_document_has_every_call_of_the_api_and_no_other(api: httpx.Client) -> None:
    paths = api.get("/openapi.json").json()["paths"]
    served = {
        (method.upper(), re.sub(r"\{.*?\}", "{}", path.removeprefix("/v1")))
        for path, methods in paths.items()
        for method in methods
        if method in ("get", "post", "delete")
    }
    assert calls_of(DOCUMENT.read_text()) == served | {("GET", "/"), ("GET", "/health")}


def test_the_document_names_only_settings_that_exist() -> None:
    known = {setting.metadata["name"] for setting in fields(Settings)}
    assert set(re.findall(r"VBS_\w+", DOCUMENT.read_text())) <= known
