"""docs/tasks.md against the code that it tells of."""

import json
import re

from curation.task_schemas import checks
from curation.task_schemas.built_in import built_in
from curation.task_schemas.generation import Generator
from curation.task_schemas.label_config import config_of
from tests.architecture.product import ROOT

PAGE = (ROOT / "docs" / "tasks.md").read_text()


def block(language: str, number: int = 0) -> str:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)[number]


def test_the_example_is_a_task_schema_and_makes_what_the_page_says() -> None:
    checked = checks.check(block("json"))
    assert checked.faults == []
    row = json.loads(block("json", 1))
    assert Generator.of(checked.document, "org/model").request(1, row) == json.loads(block("json", 2))
    assert config_of(checked.document).split() == block("xml").split()


def test_the_page_names_every_section_of_a_task_schema() -> None:
    sections = set(json.loads((ROOT / "schemas" / "task_schema.json").read_text())["properties"])
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == sections


def test_the_page_names_all_that_come_with_the_program() -> None:
    assert {name for name in built_in() if f"`{name}`" not in PAGE} == set()


def test_a_built_in_one_lies_in_a_file_of_its_name() -> None:
    files = {path.name.partition(".")[0] for path in (ROOT / "schemas" / "tasks").glob("*.json")}
    assert files == set(built_in())
