"""The two images run the same versions of everything but ONNX Runtime's build."""

import re

from tests.deploy.dockerfiles import REPOSITORY, stages

PIN = re.compile(r"(?P<name>[\w-]+)(\[[\w,]+\])?==(?P<version>[\w.]+)")


def pins(file: str) -> dict[str, str]:
    lines = (REPOSITORY / file).read_text().splitlines()
    found = [PIN.fullmatch(line) for line in lines if line and not line.startswith("#")]
    assert all(found), f"{file} has a line that is no pin"
    return {match["name"]: match["version"] for match in found if match}


def test_gpu_build_is_the_same_onnxruntime() -> None:
    gpu = pins("requirements-gpu.txt")
    assert gpu["onnxruntime-gpu"] == pins("requirements.txt")["onnxruntime"]
    assert all(name.startswith("nvidia-") for name in gpu.keys() - {"onnxruntime-gpu"})


def test_gpu_image_drops_the_cpu_build_and_nothing_else() -> None:
    install = next(value for value in stages("Dockerfile.gpu")[0].values("RUN") if "sed" in value)
    pattern = re.search(r"sed '/(.+?)/d' requirements\.txt", install)
    assert pattern is not None
    lines = (REPOSITORY / "requirements.txt").read_text().splitlines()
    dropped = [line for line in lines if re.search(pattern[1], line)]
    assert [line.partition("==")[0] for line in dropped] == ["onnxruntime"]
