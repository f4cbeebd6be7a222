"""Whether a model fits is decided from numbers alone."""

import json
from pathlib import Path

import pytest

from inference.engines.hardware import (
    LEAST_CACHE_BYTES,
    MOST_CPU_CACHE_BYTES,
    Gpu,
    Memory,
    check_gpu,
    check_room,
    check_share,
    cpu_cache_bytes,
    parse_gpu,
    read_cpu_memory,
    read_gpus,
    weights_bytes,
)
from schemas.errors import EngineError, EngineTooLarge
from schemas.settings import GIB, MIB


def memory(total_gib: float, free_gib: float) -> Memory:
    return Memory("GPU 0 (Test)", int(total_gib * GIB), int(free_gib * GIB))


def test_a_model_that_fits_is_let_through() -> None:
    check_room("small", 10 * GIB, memory(24, 23), share=0.9)


def test_a_model_over_the_free_memory_is_refused_with_both_numbers() -> None:
    with pytest.raises(EngineTooLarge, match=r"needs about 15\.2 GiB .* has 12\.0 GiB free of 24\.0 GiB"):
        check_room("medium", 14 * GIB, memory(24, 12))


def test_a_model_over_its_share_is_refused_even_where_more_is_free() -> None:
    with pytest.raises(EngineTooLarge, match=r"12\.0 GiB of which may be used"):
        check_room("medium", 14 * GIB, memory(24, 24), share=0.5)


def test_a_share_that_others_hold_is_refused() -> None:
    check_share(memory(24, 23), 0.9)
    with pytest.raises(EngineTooLarge, match="gpu_memory_utilization"):
        check_share(memory(24, 20), 0.9)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("0, NVIDIA A100, 81920, 81000, 40, 3", "uncorrectable"),
        ("1, NVIDIA A100, 81920, 81000, 96, 0", "96 degrees"),
    ],
)
def test_a_sick_gpu_is_refused(line: str, complaint: str) -> None:
    with pytest.raises(EngineError, match=complaint):
        check_gpu(parse_gpu(line))


def test_what_a_consumer_card_does_not_measure_is_no_fault() -> None:
    gpu = parse_gpu("2, NVIDIA GeForce RTX 4090, 24564, 24000, 35, [N/A]")
    check_gpu(gpu)
    assert gpu == Gpu(Memory("GPU 2 (NVIDIA GeForce RTX 4090)", 24564 * MIB, 24000 * MIB), 35, None)


def test_a_machine_without_a_gpu_driver_is_a_clear_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="can't be read"):
        read_gpus(["0"])


def test_a_driver_that_lost_its_gpu_is_quoted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    driver = tmp_path / "nvidia-smi"
    driver.write_text("#!/bin/sh\necho 'Unable to determine the device handle: GPU is lost'\nexit 15\n")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineError, match="GPU is lost"):
        read_gpus(["0"])


@pytest.mark.parametrize(("free_gib", "cache"), [(1, LEAST_CACHE_BYTES), (6, GIB), (64, MOST_CPU_CACHE_BYTES)])
def test_the_cache_on_a_cpu_leaves_room_for_others(free_gib: int, cache: int) -> None:
    assert cpu_cache_bytes(1 * GIB, memory(64, free_gib)) == cache


def write_safetensors(file: Path, **tensors: tuple[str, list[int]]) -> None:
    header = {name: {"dtype": kind, "shape": shape, "data_offsets": [0, 0]} for name, (kind, shape) in tensors.items()}
    content = json.dumps({"__metadata__": {"format": "pt"}, **header}).encode()
    file.write_bytes(len(content).to_bytes(8, "little") + content)


def test_weights_are_added_up_over_all_files_in_the_type_they_are_loaded_as(tmp_path: Path) -> None:
    write_safetensors(tmp_path / "model-1.safetensors", a=("BF16", [100, 10]), scalar=("F32", []))
    write_safetensors(tmp_path / "model-2.safetensors", b=("F8_E4M3", [50]))
    assert weights_bytes(tmp_path) == 2000 + 4 + 50
    assert weights_bytes(tmp_path, cast_to_bytes=4) == 4000 + 4 + 50


def test_a_folder_without_weights_tells_nothing(tmp_path: Path) -> None:
    assert weights_bytes(tmp_path) is None
    assert weights_bytes(tmp_path / "organisation" / "model") is None


def test_a_container_has_no_more_memory_than_its_limit(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1073741824\n")
    (tmp_path / "memory.current").write_text("73741824\n")
    assert read_cpu_memory(tmp_path) == Memory("the CPU", 1073741824, 1000000000)


def test_without_a_limit_the_whole_machine_counts(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("max\n")
    assert read_cpu_memory(tmp_path).total_bytes > 1 * GIB
