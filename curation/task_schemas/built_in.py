"""The task schemas that come with the program, as files in `schemas/tasks`.

Datasets name the version that they are of: one that has been released is never changed. Its next version is another
file, such as `classification.2.json`, beside it.
"""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

import orjson

FOLDER: Final = files("schemas") / "tasks"


@cache
def built_in() -> Mapping[str, Mapping[int, str]]:
    """The texts of all of them, by name and version."""
    found: dict[str, dict[int, str]] = {}
    for file in FOLDER.iterdir():
        if file.name.endswith(".json"):
            text = file.read_text()
            document = orjson.loads(text)
            found.setdefault(document["name"], {})[document["version"]] = text
    return found
