from pathlib import Path

import pytest

from inference.models.revision import fingerprint, revision_of


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(bytes(5 * 1024**2))
    return tmp_path


def test_other_weights_settings_or_names_have_another_fingerprint_and_the_same_ones_the_same(model: Path) -> None:
    first = fingerprint(model)
    assert revision_of(str(model)) == first == fingerprint(model)
    with (model / "model.safetensors").open("r+b") as weights:
        weights.seek(-1, 2)
        weights.write(b"1")
    second = fingerprint(model)
    (model / "config.json").write_text("[]")
    third = fingerprint(model)
    (model / "config.json").rename(model / "config2.json")
    assert len({first, second, third, fingerprint(model)}) == 4


def test_hidden_files_are_not_the_model(model: Path) -> None:
    first = fingerprint(model)
    (model / ".git").mkdir()
    (model / ".git" / "HEAD").write_text("x")
    assert fingerprint(model) == first


def test_a_model_that_is_nowhere_to_be_seen_has_the_revision_that_was_asked_for() -> None:
    assert revision_of("nobody/nothing", "abc") == "abc"
    assert revision_of("not a name: at all/", None) is None


def test_a_file_that_can_t_be_read_is_no_reason_not_to_serve(model: Path) -> None:
    first = fingerprint(model)
    (model / "gone.bin").symlink_to(model / "nowhere")
    (model / "config.json").unlink()
    (model / "config.json").symlink_to("/proc/self/mem")
    assert fingerprint(model) != first


def test_a_single_file_has_a_fingerprint_of_its_content(tmp_path: Path) -> None:
    template = tmp_path / "chat.jinja"
    template.write_text("a")
    first = fingerprint(template)
    template.write_text("b")
    assert fingerprint(template) != first
