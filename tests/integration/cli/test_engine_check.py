"""Engines that are checked in a process of their own."""

import pytest

from cli.engine_check import check_engine_args
from schemas.errors import StartFailed


def test_a_wrong_argument_of_vllm_is_named_with_those_like_it() -> None:
    with pytest.raises(StartFailed, match=r"^max_modl_len='512'.* the nearest are max_model_len"):
        check_engine_args("vllm", {"dtype": "float32", "max_modl_len": "512"})


def test_right_arguments_of_vllm_pass() -> None:
    check_engine_args("vllm", {"dtype": "float32", "enforce_eager": "true", "max_model_len": "512"})


def test_an_engine_of_ones_own_that_is_none_is_named() -> None:
    with pytest.raises(StartFailed, match="no_such_module:Engine"):
        check_engine_args("no_such_module:Engine", {})
