from pathlib import Path

import pytest

from schemas.errors import SettingInvalid
from schemas.settings import Settings, environment_of, read_settings


def test_an_empty_environment_gives_the_defaults() -> None:
    assert read_settings({}) == read_settings({"VBS_ENGINE": "", "UNRELATED": "1"}) == Settings()


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("DATABASE_URL", "postgresql://db/vbs", "database_url", "postgresql://db/vbs"),
        ("VBS_DATA_DIR", "/srv/vbs", "data_dir", Path("/srv/vbs")),
        ("VBS_CHUNK_SIZE", "200", "chunk_size", 200),
        ("VBS_LEASE_SECONDS", "2.5", "lease_seconds", 2.5),
        ("VBS_WEBHOOK_ALLOW_PRIVATE", "Yes", "webhook_allow_private", True),
        ("VBS_WEBHOOK_ALLOW_PRIVATE", "off", "webhook_allow_private", False),
        ("VBS_MODELS", "small=/models/a, large=org/b=c", "models", {"small": "/models/a", "large": "org/b=c"}),
        ("VBS_ENGINE_ARGS", '{"dtype": "float32", "seed": 1}', "engine_args", {"dtype": "float32", "seed": "1"}),
    ],
)
def test_a_variable_is_read_as_its_kind(variable: str, text: str, name: str, value: object) -> None:
    assert getattr(read_settings({variable: text}), name) == value


@pytest.mark.parametrize(
    ("variable", "text"),
    [("VBS_CHUNK_SIZE", "many"), ("VBS_LEASE_SECONDS", "1s"), ("VBS_WEBHOOK_ALLOW_PRIVATE", "perhaps")],
)
def test_a_value_that_does_not_fit_is_told_with_its_variable(variable: str, text: str) -> None:
    with pytest.raises(SettingInvalid, match=f"{variable}='{text}'"):
        read_settings({variable: text})


def test_the_home_folder_may_be_written_as_a_tilde() -> None:
    assert read_settings({"VBS_DATA_DIR": "~/vbs"}).data_dir == Path.home() / "vbs"


def test_a_child_process_gets_the_same_settings() -> None:
    wanted = read_settings({"VBS_MODELS": "a=b,c=d", "VBS_WEBHOOK_ALLOW_PRIVATE": "1", "VBS_FLUSH_SECONDS": "0.1"})
    assert read_settings(environment_of(wanted)) == wanted


def test_files_lie_in_the_data_folder_unless_a_store_is_named() -> None:
    assert read_settings({"VBS_DATA_DIR": "/srv/vbs"}).file_store_url == "/srv/vbs/files"
    assert read_settings({"VBS_FILE_STORE": "s3://bucket/vbs"}).file_store_url == "s3://bucket/vbs"
