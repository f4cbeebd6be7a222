"""docs/configuration.md names every setting with its default, and nothing that is no setting."""

import re
from dataclasses import fields
from typing import Any

from schemas.settings import Settings
from tests.architecture.product import ROOT, modules

ROW = re.compile(r"^\| `([A-Z_]+)` \| (.*?) \| (.+) \|$", re.MULTILINE)


def documented() -> list[tuple[str, str]]:
    text = (ROOT / "docs" / "configuration.md").read_text()
    return [(name, default) for name, default, _ in ROW.findall(text)]


def shown(default: Any) -> str:
    if default in ("", {}):
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_the_page_has_the_settings_with_their_defaults_in_the_order_of_the_code() -> None:
    defaults = Settings()
    expected = [(setting.metadata["name"], shown(getattr(defaults, setting.name))) for setting in fields(Settings)]
    assert documented() == expected


def test_variables_that_the_code_speaks_of_exist() -> None:
    known = {setting.metadata["name"] for setting in fields(Settings)}
    text = (ROOT / "docs" / "configuration.md").read_text()
    of_the_command_line = set(re.findall(r"`(VBS_[A-Z_]+)`", text.partition("## Beside the settings")[2]))
    spoken_of = {name for path in modules() for name in re.findall(r"\bVBS_[A-Z_]+\b", path.read_text())}
    assert spoken_of - known == of_the_command_line
