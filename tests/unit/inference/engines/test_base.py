"""An engine is chosen by its name, or by where it is."""

import pytest

from inference.engines.base import create_engine
from inference.engines.stub import StubEngine
from schemas.errors import SettingInvalid


@pytest.mark.parametrize("choice", ["stub", "inference.engines.stub:StubEngine"])
def test_an_engine_is_found_by_name_and_by_dotted_path(choice: str) -> None:
    assert isinstance(create_engine(choice, {}), StubEngine)


@pytest.mark.parametrize(
    "choice", ["", "sub", "inference.engines.stub", "inference.engines.stub:Nobody", "no.such:Thing"]
)
def test_an_engine_that_is_not_there_is_named(choice: str) -> None:
    with pytest.raises(SettingInvalid, match="VBS_ENGINE"):
        create_engine(choice, {})
