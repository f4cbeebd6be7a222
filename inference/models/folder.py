"""A model folder in the Hugging Face layout, written without torch or transformers."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from safetensors.numpy import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

WEIGHTS: Final = "model.safetensors"
Tensors = Mapping[str, "np.ndarray[Any, np.dtype[Any]]"]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """A byte-level BPE vocabulary and the tokens with a role in it."""

    tokens: list[str]
    merges: list[tuple[str, str]]
    special: list[str]
    start: str
    end: str
    padding: str
    unknown: str
    chat_template: str


@contextmanager
def new_folder(folder: Path) -> Iterator[Path]:
    """A folder that appears, whole, when the block ends; if somebody else was faster, theirs stays."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        yield unfinished
        unfinished.chmod(0o755)
        _move(unfinished, folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _move(unfinished: Path, folder: Path) -> None:
    try:
        os.rename(unfinished, folder)
    except OSError:
        if not folder.is_dir():
            raise


def write_model(folder: Path, config: Mapping[str, Any], tensors: Tensors, words: Vocabulary) -> None:
    roles = {"bos_token_id": words.start, "eos_token_id": words.end, "pad_token_id": words.padding}
    ids = {role: words.tokens.index(token) for role, token in roles.items()}
    _write_weights(folder / WEIGHTS, tensors)
    _write_json(folder / "config.json", {**config, "vocab_size": len(words.tokens), **ids})
    _write_json(folder / "generation_config.json", ids)
    _write_json(folder / "tokenizer_config.json", _tokenizer_config(words, config["max_position_embeddings"]))
    byte_level_tokenizer(words).save(str(folder / "tokenizer.json"))


def _write_weights(path: Path, tensors: Tensors) -> None:
    contiguous = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
    save_file(contiguous, path, {"format": "pt"})
    # safetensors writes for the owner alone; a model folder is there for every worker.
    path.chmod(0o644)


def byte_level_tokenizer(words: Vocabulary) -> Tokenizer:
    """Digits are split one by one ahead of the byte level, as SmolLM's training did."""
    vocabulary = {token: number for number, token in enumerate(words.tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=words.merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in words.special])
    return tokenizer


def _tokenizer_config(words: Vocabulary, longest: int) -> dict[str, Any]:
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": words.start,
        "eos_token": words.end,
        "pad_token": words.padding,
        "unk_token": words.unknown,
        "model_max_length": longest,
        "clean_up_tokenization_spaces": False,
        "chat_template": words.chat_template,
    }


def _write_json(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
