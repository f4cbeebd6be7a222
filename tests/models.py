"""A random Llama of 3.4M parameters with a tokenizer and a chat template: all of a real model but the sense."""

import json
from pathlib import Path
from pydoc_data.topics import topics
from typing import Any

import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from inference.models.folder import Vocabulary, new_folder, write_model

CACHE = Path(__file__).parents[1] / ".cache" / "models"
SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CONFIG: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "hidden_act": "silu",
    "hidden_size": 256,
    "intermediate_size": 512,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 2048,
    "rms_norm_eps": 1e-05,
    "rope_theta": 10000.0,
    "tie_word_embeddings": True,
    "dtype": "float32",
}


def tiny_llama(folder: Path = CACHE / "tiny-llama") -> Path:
    """The model's folder, made in about two seconds if it is not there."""
    if not folder.is_dir():
        with new_folder(folder) as unfinished:
            vocabulary = _vocabulary()
            write_model(unfinished, CONFIG, _random_weights(len(vocabulary.tokens)), vocabulary)
    return folder


def _vocabulary() -> Vocabulary:
    """Learnt from the English that comes with Python, so that prompts have a usual number of tokens."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=4096, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(topics.values(), trainer)
    learnt = json.loads(tokenizer.to_str())["model"]
    return Vocabulary(
        tokens=sorted(learnt["vocab"], key=learnt["vocab"].__getitem__),
        merges=[(left, right) for left, right in learnt["merges"]],
        special=SPECIAL,
        start="<|im_start|>",
        end="<|im_end|>",
        padding="<|endoftext|>",
        unknown="<|endoftext|>",
        chat_template=CHAT_TEMPLATE,
    )


def _random_weights(vocabulary_size: int) -> dict[str, Any]:
    random = np.random.default_rng(0)
    width, inner = CONFIG["hidden_size"], CONFIG["intermediate_size"]
    narrow = width * CONFIG["num_key_value_heads"] // CONFIG["num_attention_heads"]
    shapes = {
        "self_attn.q_proj": (width, width),
        "self_attn.k_proj": (narrow, width),
        "self_attn.v_proj": (narrow, width),
        "self_attn.o_proj": (width, width),
        "mlp.gate_proj": (inner, width),
        "mlp.up_proj": (inner, width),
        "mlp.down_proj": (width, inner),
    }
    weights = {"model.embed_tokens.weight": random.normal(0, 0.02, (vocabulary_size, width))}
    for layer in range(CONFIG["num_hidden_layers"]):
        prefix = f"model.layers.{layer}."
        weights |= {f"{prefix}{name}.weight": random.normal(0, 0.02, shape) for name, shape in shapes.items()}
        weights |= {
            f"{prefix}{name}.weight": np.ones(width) for name in ("input_layernorm", "post_attention_layernorm")
        }
    weights["model.norm.weight"] = np.ones(width)
    return {name: weight.astype(np.float32) for name, weight in weights.items()}
