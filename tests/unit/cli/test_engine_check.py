import pytest

from cli.engine_check import check_engine_args
from schemas.errors import SettingInvalid


@pytest.mark.parametrize(
    ("engine", "args", "message"),
    [
        ("stub", {"latensy_ms": "4"}, "latensy_ms='4'.* it knows latency_ms"),
        ("stub", {"latency_ms": "soon"}, "latency_ms='soon' is not a valid number"),
        ("openai", {}, "base_url"),
    ],
)
def test_a_wrong_argument_is_named_with_what_would_be_right(engine: str, args: dict[str, str], message: str) -> None:
    with pytest.raises(SettingInvalid, match=message):
        check_engine_args(engine, args)


def test_vllm_without_arguments_is_not_imported_to_be_checked() -> None:
    check_engine_args("vllm", {})
