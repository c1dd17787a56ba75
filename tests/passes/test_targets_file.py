"""The file of targets: what is in it, and what is wrong with it."""

from pathlib import Path

import pytest

from app.config import Settings
from app.errors import InvalidTargets
from app.passes.notify.targets import MqttConfig, WebhookConfig, load_targets
from tests.passes.notifying import SECRET
from tests.servers import REPOSITORY


def test_the_example(tmp_path: Path) -> None:
    text = (REPOSITORY / "deploy" / "targets.example.yml").read_text()
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    text = text.replace("/run/secrets/office", f"{tmp_path}/secret")
    found = load_targets(written(tmp_path, text), Settings())
    office, home = found["office"].config, found["home"].config
    assert isinstance(office, WebhookConfig)
    assert isinstance(home, MqttConfig)
    assert found["office"].secret == SECRET
    for shown in (repr(found), str(found)):
        assert SECRET not in shown
        assert "hooks" not in shown  # a path may be a secret


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "targets.yml"
    path.write_text(text)
    return path


HOOK = "targets:\n  a:\n    url: https://example.org/\n"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("targets:\n  a:\n    events: end\n", ":2: targets.a.url: Field required"),
        ("targets:\n  a:\n    url: ftp://example.org/\n", ":3: targets.a.url: Only http"),
        ("targets:\n  a:\n    url: http://10.0.0.1/\n", ":3: targets.a.url: the address is not"),
        ("targets:\n  a:\n    url: http://u:p@example.org/\n", ":3: targets.a.url: give a name"),
        ("targets:\n  a:\n    url: mqtt://u:p@broker\n", ":3: targets.a.url: give `user`"),
        ("targets:\n  a:\n    url: mqtt://broker/path\n", ":3: targets.a.url: give mqtt://"),
        ("targets:\n  a:\n    url: mqtt://broker:0\n", ":3: targets.a.url: give mqtt://"),
        ("targets:\n  a:\n    url: mqtt://b:x\n", ":3: targets.a.url: The URL is malformed"),
        ("targets:\n  a:\n    url: mqtt://b\n    topic: a/+\n", ":4: targets.a.topic: "),
        (
            "targets:\n  a:\n    url: mqtt://b\n    ca_file: x\n",
            ":4: targets.a.ca_file: cannot be us",
        ),
        ("targets:\n  a:\n    url: mqtts://b\n    ca_file: /nowhere\n", "such file"),
        (
            f"targets:\n  a:\n    url: mqtts://b\n    ca_file: {__file__}\n",
            "no certificates in PEM",
        ),
        ("targets:\n  a:\n    url: mqtt://b\n    form: native\n", ":4: targets.a.form: Extra"),
        (f"{HOOK}    events: ended\n", ":4: targets.a.events: Input should be"),
        (f"{HOOK}    form: frigate\n", ":4: targets.a.form: Input should be"),
        (f"{HOOK}    secret: hello\n", ":4: targets.a.secret: give whsec_"),
        (f"{HOOK}    secret: whsec_AAAA\n", ":4: targets.a.secret: give whsec_"),
        (f"{HOOK}    secret: {SECRET}\n    secret_file: /a\n", "secret_file: there is one"),
        (f"{HOOK}    secret_file: /nowhere\n", ":4: targets.a.secret_file: cannot be read"),
        (f"{HOOK}    form: alpr-database\n", ":2: targets.a.secret: ALPR-Database wants"),
        (f"{HOOK}    form: relay\n    secret: {SECRET}\n", ":5: targets.a.secret: relay is not"),
        (f"{HOOK}    form: relay\n    events: end\n", ":5: targets.a.events: a relay"),
        (f"{HOOK}    method: GET\n", ":4: targets.a.method: only a relay"),
        (f'{HOOK}    headers:\n      "a b": c\n', ":4: targets.a.headers: 'a b' is no header"),
        (f"{HOOK}    timeout: 0\n", ":4: targets.a.timeout: Input should be greater"),
        (f"{HOOK}    max_age: 1e9\n", ":4: targets.a.max_age: Input should be less"),
        ("targets:\n  a b:\n    url: https://example.org/\n", ":2: targets.a b: names are"),
        ("hooks:\n  a: 1\n", ":1: hooks: there are `defaults` and `targets`"),
    ],
)
def test_faults(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(InvalidTargets) as caught:
        load_targets(written(tmp_path, text), Settings())
    assert fault in str(caught.value)
    assert SECRET not in str(caught.value)


def test_hashes_fill_no_form_of_others(tmp_path: Path) -> None:
    hashed = Settings(store_plates="hashed", store_hash_key="0123456789abcdef")
    assert load_targets(written(tmp_path, HOOK), hashed)
    with pytest.raises(InvalidTargets, match="there is no plate to fill it"):
        load_targets(written(tmp_path, f"{HOOK}    form: platerecognizer\n"), hashed)
