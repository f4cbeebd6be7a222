"""A Llama model out of llama.cpp's GGUF format, into a Hugging Face folder."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
from gguf import GGUFReader, ReaderTensor
from gguf.quants import dequantize

from inference.models.folder import Vocabulary, write_model

SPECIAL_TOKEN: Final = 3
OUTSIDE_BLOCKS: Final = {
    "token_embd.weight": "model.embed_tokens.weight",
    "output_norm.weight": "model.norm.weight",
    "output.weight": "lm_head.weight",
}
IN_BLOCK: Final = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
Array = np.ndarray[Any, np.dtype[Any]]
Fact = Callable[[str], Any]


def convert_llama(source: Path, folder: Path) -> None:
    """Write the model in `source` into the existing, empty `folder`."""
    reader = GGUFReader(source)
    fact = _facts(reader)
    if fact("general.architecture") != "llama":
        raise ValueError(f"{source.name} holds a {fact('general.architecture')} model, not a llama.")
    tensors = dict(_tensors(reader, fact))
    write_model(folder, _config(fact, tied="lm_head.weight" not in tensors), tensors, _vocabulary(fact))


def _facts(reader: GGUFReader) -> Fact:
    return lambda name: reader.fields[name].contents()


def _config(fact: Fact, *, tied: bool) -> dict[str, Any]:
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_act": "silu",
        "hidden_size": fact("llama.embedding_length"),
        "intermediate_size": fact("llama.feed_forward_length"),
        "num_hidden_layers": fact("llama.block_count"),
        "num_attention_heads": fact("llama.attention.head_count"),
        "num_key_value_heads": fact("llama.attention.head_count_kv"),
        "max_position_embeddings": fact("llama.context_length"),
        "rms_norm_eps": round(fact("llama.attention.layer_norm_rms_epsilon"), 12),
        "rope_theta": fact("llama.rope.freq_base"),
        "tie_word_embeddings": tied,
        # What engines compute in; float16, which the file is in, is four times slower on CPUs.
        "dtype": "bfloat16",
    }


def _tensors(reader: GGUFReader, fact: Fact) -> Iterator[tuple[str, Array]]:
    heads = {"attn_q": fact("llama.attention.head_count"), "attn_k": fact("llama.attention.head_count_kv")}
    for tensor in reader.tensors:
        values = _values(tensor)
        if tensor.name in OUTSIDE_BLOCKS:
            yield OUTSIDE_BLOCKS[tensor.name], values
            continue
        _, block, part, _ = tensor.name.split(".")
        name = f"model.layers.{block}.{IN_BLOCK[part]}.weight"
        yield name, _without_rotary_order(values, heads[part]) if part in heads else values


def _values(tensor: ReaderTensor) -> Array:
    return dequantize(tensor.data, tensor.tensor_type).astype(np.float16)


def _without_rotary_order(weight: Array, heads: int) -> Array:
    """llama.cpp keeps the two halves of each rotary pair side by side; Hugging Face keeps them half a head apart."""
    rows, columns = weight.shape
    pairs = weight.reshape(heads, rows // heads // 2, 2, columns)
    return pairs.swapaxes(1, 2).reshape(rows, columns)


def _vocabulary(fact: Fact) -> Vocabulary:
    tokens = fact("tokenizer.ggml.tokens")
    kinds = fact("tokenizer.ggml.token_type")

    def token(role: str) -> str:
        return str(tokens[fact(f"tokenizer.ggml.{role}_token_id")])

    return Vocabulary(
        tokens=tokens,
        merges=[(left, right) for left, _, right in (merge.partition(" ") for merge in fact("tokenizer.ggml.merges"))],
        special=[token for token, kind in zip(tokens, kinds, strict=True) if kind == SPECIAL_TOKEN],
        start=token("bos"),
        end=token("eos"),
        padding=token("padding"),
        unknown=token("unknown"),
        chat_template=fact("tokenizer.chat_template"),
    )
