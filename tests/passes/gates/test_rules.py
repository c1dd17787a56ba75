"""The file of gates."""

from pathlib import Path

import pytest

from app.errors import InvalidGates
from app.passes.gates.rules import SURE, GateRules, load_gates
from tests.servers import REPOSITORY

GOOD = """
defaults:
  cooldown: 30
gates:
  front:
    list: residents
    cameras: drive, street
    open: relay
    hours: mon-fri 06:00-22:00
    dry_run: yes
  back:
    list: residents
    cameras: [yard]
    open: relay
    min_reads: 3
    min_probability: 0.999
    max_age: 5
    cooldown: 0
  old:
    list: residents
    cameras: yard
    open: relay
    enabled: no
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "gates.yml"


def test_a_good_file(file: Path) -> None:
    file.write_text(GOOD)
    rules = load_gates(file)
    assert list(rules) == ["front", "back"]
    front, back = rules["front"].config, rules["back"].config
    assert (front.cameras, front.cooldown, front.dry_run) == (("drive", "street"), 30, True)
    assert (front.min_reads, front.min_probability, front.time_zone) == (
        2,
        SURE,
        "Pacific/Auckland",
    )
    assert (back.cameras, back.min_reads, back.min_probability) == (("yard",), 3, 0.999)
    assert (back.cooldown, back.max_age, back.dry_run) == (0, 5, False)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("doors: {}\n", "1: doors: "),
        ("gates:\n  a b: {}\n", "2: gates.a b: "),
        ("gates:\n  a:\n    list: x\n    open: y\n", "2: gates.a.cameras: "),
        ("gates:\n  a:\n    list: x\n    cameras: ''\n    open: y\n", "4: gates.a.cameras: "),
        ("gates:\n  a:\n    list: x y\n    cameras: c\n    open: y\n", "3: gates.a.list: "),
        (
            "defaults:\n  hours: noon\ngates:\n  a:\n    list: x\n    cameras: c\n    open: y\n",
            "2: defaults.hours: ",
        ),
        (
            "gates:\n  a:\n    list: x\n    cameras: c\n    open: y\n    min_probability: nan\n",
            "6: gates.a.min_probability: ",
        ),
        (
            "gates:\n  a:\n    list: x\n    cameras: c\n    open: y\n    max_age: 600\n",
            "6: gates.a.max_age: ",
        ),
        (
            "gates:\n  a:\n    list: x\n    cameras: c\n    open: y\n    probability: 1\n",
            "6: gates.a.probability: ",
        ),
        ("gates: [", "1: "),
    ],
)
def test_faults_have_line_and_field(file: Path, text: str, told: str) -> None:
    file.write_text(text)
    with pytest.raises(InvalidGates) as refused:
        load_gates(file)
    assert f"{file}:{told}" in str(refused.value)


def test_a_bad_file_changes_nothing(file: Path) -> None:
    rules = GateRules()
    file.write_text(GOOD)
    assert rules.apply(file) == ["back", "front"]
    file.write_text("gates: [")
    with pytest.raises(InvalidGates):
        rules.apply(file)
    assert list(rules.rules) == ["front", "back"]
    file.write_text(GOOD.replace("max_age: 5", "max_age: 6"))
    assert rules.apply(file) == ["back"]


def test_the_example_is_right() -> None:
    rules = load_gates(REPOSITORY / "deploy" / "gates.example.yml")
    assert rules["front"].config.dry_run
