"""The shape that modules keep, where no linter looks at it."""

import importlib
import re
import subprocess
import sys

from tests.architecture.product import PACKAGES, ROOT, modules

LONGEST_MODULE = 400
# One noun, one file, named for it.
NAMES_OF_NOTHING = {"utils", "util", "common", "helpers", "helper", "misc", "core"}


def test_no_module_is_longer_than_400_lines() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in modules()}
    assert {path: length for path, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_every_module_is_named_for_what_is_in_it() -> None:
    assert [path for path in modules() if path.stem in NAMES_OF_NOTHING] == []


def test_nothing_waits_to_be_done() -> None:
    pattern = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")
    assert [path for path in modules() if pattern.search(path.read_text())] == []


def test_every_package_is_checked_by_the_import_contracts() -> None:
    config = (ROOT / "setup.cfg").read_text()
    listed = config.partition("root_packages =")[2].partition("include_external_packages")[0].split()
    assert set(listed) == set(PACKAGES) - {"migrations"}


def test_task_modules_are_closed_to_the_web_layer_but_for_dispatch() -> None:
    contract = (ROOT / "setup.cfg").read_text().partition("[importlinter:contract:dispatch]")[2]
    forbidden = set(contract.partition("forbidden_modules =")[2].partition("allow_indirect_imports")[0].split())
    tasks = {f"tasks.{path.stem}" for path in (ROOT / "tasks").glob("*.py")} - {"tasks.__init__", "tasks.dispatch"}
    assert forbidden == tasks


def test_importing_starts_nothing_and_loads_no_gpu_library() -> None:
    names = sorted(_name(path) for path in modules() if path.name not in ("vllm.py", "env.py", "__main__.py"))
    heavy = "{'torch', 'vllm', 'transformers'}"
    script = f"""
import importlib, sys, threading
for name in {names!r}:
    importlib.import_module(name)
assert threading.active_count() == 1, threading.enumerate()
assert not {heavy} & set(sys.modules), {heavy} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def test_the_tests_of_this_folder_see_the_product() -> None:
    assert importlib.import_module("schemas.settings").__file__ == str(ROOT / "schemas" / "settings.py")


def _name(path: object) -> str:
    relative = str(path).removeprefix(f"{ROOT}/").removesuffix(".py").removesuffix("/__init__")
    return relative.replace("/", ".")
