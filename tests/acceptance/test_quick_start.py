"""The quick start's programs run as they stand."""

import re
import subprocess
import sys
from pathlib import Path

from tests.system import System

QUICK_START = Path(__file__).parents[2] / "docs" / "quick-start.md"


def test_the_programs_of_the_quick_start_give_an_answer_to_every_request(vllm_system: System, tmp_path: Path) -> None:
    programs = re.findall(r"```python\n(.*?)```", QUICK_START.read_text(), re.DOTALL)
    assert len(programs) == 2
    environment = {"OPENAI_BASE_URL": vllm_system.base_url, "OPENAI_API_KEY": vllm_system.key}
    for program in programs:
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "answers.jsonl").read_text().count("\n") == 10
