from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.main import vbs


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (("up", "--port", "70000"), "--port"),
        (("up", "--ui-port", "-1"), "--ui-port"),
        (("up", "--engine", "stubb", "--model", "m"), "--engine"),
        (("batch", "submit", __file__, "--api-key", "k", "--metadata", "owner"), "--metadata"),
    ],
)
def test_an_option_that_does_not_fit_is_named_and_nothing_starts(
    words: tuple[str, ...], named: str, tmp_path: Path
) -> None:
    done = CliRunner().invoke(vbs, [*words, "--data", str(tmp_path / "data")])
    assert done.exit_code == 2
    assert "Invalid value for" in done.output and named in done.output
    assert not (tmp_path / "data").exists()


def test_an_argument_that_the_engine_does_not_know_is_named_and_nothing_starts(tmp_path: Path) -> None:
    data = tmp_path / "data"
    done = CliRunner().invoke(vbs, ["up", "--engine", "stub", "--engine-arg", "latensy=4", "--data", str(data)])
    assert done.exit_code == 1
    assert "latensy='4'" in done.output and "latency_ms" in done.output
    assert not data.exists()
