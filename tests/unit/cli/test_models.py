from pathlib import Path

import click
import pytest

from cli.models import parse_engine_args, parse_models


def test_a_model_is_named_by_itself_or_by_the_last_part_of_its_source(tmp_path: Path) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    assert parse_models(["org/model", "short=org/other", str(folder)]) == {
        "model": "org/model",
        "short": "org/other",
        "tiny": str(folder),
    }


def test_a_relative_folder_becomes_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tiny").mkdir()
    monkeypatch.chdir(tmp_path)
    assert parse_models(["tiny"]) == {"tiny": str(tmp_path / "tiny")}


@pytest.mark.parametrize("choice", ["=source", "name=", ""])
def test_a_model_without_name_or_source_is_refused(choice: str) -> None:
    with pytest.raises(click.BadParameter):
        parse_models([choice])


def test_an_engine_argument_may_hold_an_equals_sign() -> None:
    assert parse_engine_args(["crash_on=a=b", "latency_ms=5"]) == {"crash_on": "a=b", "latency_ms": "5"}


def test_an_engine_argument_without_a_value_is_refused() -> None:
    with pytest.raises(click.BadParameter, match="KEY=VALUE"):
        parse_engine_args(["latency_ms"])
