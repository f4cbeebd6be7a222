"""What README.md says was measured is what `make bench` has written down."""

import json
from pathlib import Path

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks/results"
PARTS = json.loads((RESULTS / "figures.json").read_bytes())
# What has no rival, and how much memory each process takes and the like, is for docs/performance.md.
SHOWN = [name for name in PARTS if name not in ("load", "review")]


def rows_of(text: str) -> list[list[str]]:
    lines = (line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| figure"))
    return [[cell.strip() for cell in line.strip("|").split("|")][:4] for line in lines]


def shown(page: str, mark: str) -> list[list[str]]:
    """The rows between two comments."""
    return rows_of((ROOT / page).read_text().partition(f"<!-- {mark} -->")[2].partition(f"<!-- /{mark} -->")[0])


def measured() -> dict[str, list[list[str]]]:
    sections = (RESULTS / "figures.md").read_text().split("\n## ")
    return {section.partition("\n")[0]: rows_of(section) for section in sections}


def test_the_readme_shows_every_figure_as_it_was_measured() -> None:
    found = measured()
    assert shown("README.md", "figures") == [row for name in SHOWN for row in found[name] if row[2] != "-"]


def test_the_table_of_examples_is_shown_as_it_was_measured() -> None:
    assert shown("docs/performance.md", "review") == measured()["review"]


def test_the_readme_names_the_machine_that_it_was_measured_on() -> None:
    readme = (ROOT / "README.md").read_text()
    assert all(PARTS[name]["machine"] in readme and PARTS[name]["rounds"] == 5 for name in SHOWN)


def test_the_plots_are_there() -> None:
    for plot in ("ratios.png", "progress.png"):
        assert (RESULTS / plot).read_bytes().startswith(b"\x89PNG")
