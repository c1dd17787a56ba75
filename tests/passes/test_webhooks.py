"""Webhooks, with real servers: what is told is signed, tried again, and never lost."""

import contextlib
import json
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook

from app.config import Settings
from app.errors import InvalidTargets, NotReplayable, UnknownDelivery, UnknownTarget
from app.passes.notify import outbox
from app.passes.notify.targets import load_targets
from app.passes.records import ListMatch
from app.passes.store.tables import OUTBOX
from tests.passes.made import WHO, made, picture
from tests.passes.notifying import SECRET, Notified, notified
from tests.passes.receivers import Receiver, Reply, Request
from tests.servers import eventually
from tests.urls import hostile_urls


def target(url: str, name: str = "hook", **fields: object) -> str:
    lines = [f"  {name}:", f"    url: {url}"]
    return "\n".join([*lines, *(f"    {key}: {value}" for key, value in fields.items()), ""])


def targets(*sections: str) -> str:
    return "targets:\n" + "".join(sections)


def test_a_pass_is_told_and_signed(tmp_path: Path, database: str | None) -> None:
    with (
        Receiver() as receiver,
        notified(
            tmp_path, targets(target(receiver.url + "/a?b=c", secret=SECRET)), database_url=database
        ) as told,
    ):
        passing = made("ABC123", detail=made("A").detail | {"bbox": None, "direction": None})
        told.store.add(passing)
        (delivery,) = told.delivered(1)
    (request,) = receiver.requests
    body = Webhook(SECRET).verify(request.body, request.headers)
    assert (request.path, request.id) == ("/a?b=c", delivery.id)
    assert request.headers["content-type"] == "application/json"
    assert body["type"] == delivery.kind == "pass.end"
    data = body["data"]
    assert (data["id"], data["plate"], data["camera"]) == (passing.id, "ABC123", "gate")
    assert data["at"] == "2026-11-27T12:00:00Z"
    assert data["candidates"][0]["plate"] == "ABC123"
    assert (delivery.attempts, delivery.status, delivery.error) == (1, 204, None)
    assert told.outcomes == [("hook", "delivered")]


def test_tries_have_the_same_id(tmp_path: Path, database: str | None) -> None:
    failures = [Reply(500), Reply(302, (("Location", "/elsewhere"),)), None, Reply(404)]
    left = iter(failures)

    def reply(request: Request) -> Reply | None:
        return next(left, Reply())

    with (
        Receiver(reply) as receiver,
        notified(tmp_path, targets(target(receiver.url)), database_url=database) as told,
    ):
        told.store.add(made("ABC123"))
        (delivery,) = told.delivered(1)
    assert len(receiver.requests) == len(failures) + 1
    assert {request.id for request in receiver.requests} == {delivery.id}
    assert {request.path for request in receiver.requests} == {"/"}
    assert len({request.body for request in receiver.requests}) == 1
    assert delivery.attempts == len(receiver.requests)


def test_who_is_told_of_what(tmp_path: Path) -> None:
    with Receiver() as receiver:
        sections = (
            target(receiver.url, "all", events="[new, update, end]"),
            target(receiver.url, "gate", cameras="gate, yard", events="new"),
            target(receiver.url, "watch", lists="watch", events="new, end"),
            target(receiver.url, "relay", form="relay"),
            target(receiver.url, "off", enabled="no"),
        )
        match = ListMatch("watch", "watch", 1, "ABC123", "", 0.9, exact=True)
        with notified(tmp_path, targets(*sections)) as told:
            told.store.add(made("ABC123", camera="gate"))  # a picture: new, and over
            told.store.add(made("ABC123", camera="road", source="camera", event="new"))
            told.store.add(made("ABC123", camera="road", source="camera", event="update"))
            told.store.add(made("ABC123", camera="road", source="camera"))
            found = told.delivered(6)
            assert told.notifier.announcer.wants("update")
            event = made("ABC123", matches=(match,))
            assert told.notifier._targets["watch"].wants("end", event)
        said = sorted((each.target, each.kind) for each in found)
    assert said == [
        *(("all", "pass.end"), ("all", "pass.end"), ("all", "pass.new"), ("all", "pass.new")),
        *(("all", "pass.update"), ("gate", "pass.new")),
    ]


def test_gone_disables(tmp_path: Path, database: str | None) -> None:
    with (
        Receiver(lambda request: Reply(410)) as receiver,
        notified(tmp_path, targets(target(receiver.url)), database_url=database) as told,
    ):
        told.store.add(made("ABC123"))
        assert eventually(lambda: told.notifier.targets()[0].disabled is not None)
        assert told.notifier.targets()[0].reason == "it answered HTTP 410"
        receiver.reply = lambda request: Reply()
        told.store.add(made("XYZ789"))
        told.wait(lambda found: len(found) == 2)
        seen = len(receiver.requests)
        assert not eventually(lambda: len(receiver.requests) > seen, seconds=0.5)
        told.notifier.enable("hook", who=WHO)
        told.delivered(2)


def test_retry_after_is_honoured(tmp_path: Path) -> None:
    replies = iter([Reply(503, (("Retry-After", "3600"),))])
    with (
        Receiver(lambda request: next(replies, Reply())) as receiver,
        notified(tmp_path, targets(target(receiver.url))) as told,
    ):
        told.store.add(made("ABC123"))
        (delivery,) = told.wait(lambda found: bool(found) and found[0].attempts == 1)
        assert delivery.due is not None
        assert delivery.due.timestamp() > time.time() + 3000
        assert (delivery.state, delivery.status) == ("waiting", 503)


def grow_old(told: Notified) -> None:
    """Let everything that waits be too old."""
    with told.store.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).values(expires=OUTBOX.c.created))


def test_what_is_too_old_is_given_up_and_sent_again_when_asked(
    tmp_path: Path, database: str | None
) -> None:
    with (
        Receiver(lambda request: Reply(500)) as receiver,
        notified(tmp_path, targets(target(receiver.url)), database_url=database) as told,
    ):
        told.store.add(made("ABC123"))
        assert eventually(lambda: len(receiver.requests) > 0)
        grow_old(told)
        (delivery,) = told.wait(bool, state="failed")
        assert eventually(lambda: told.outcomes[-1] == ("hook", "failed"))
        receiver.reply = lambda request: Reply()
        told.replay(delivery.id)
        (again,) = told.delivered(1)
        assert again.id == delivery.id
        with pytest.raises(NotReplayable):
            told.replay(delivery.id)
        with pytest.raises(UnknownDelivery):
            told.replay("msg_" + "0" * 32)
        assert told.notifier.replay_failed("hook", who=WHO) == 0


def test_all_that_failed_is_sent_again(tmp_path: Path) -> None:
    with (
        Receiver(lambda request: Reply(500)) as receiver,
        notified(tmp_path, targets(target(receiver.url))) as told,
    ):
        told.store.add(made("ABC123"))
        told.store.add(made("XYZ789"))
        assert eventually(lambda: len(set(receiver.ids)) == 2)
        grow_old(told)
        told.wait(lambda found: len(found) == 2, state="failed")
        receiver.reply = lambda request: Reply()
        assert told.notifier.replay_failed("hook", who=WHO) == 2
        told.delivered(2)


def test_a_gate_is_never_opened_late(tmp_path: Path) -> None:
    with (
        Receiver(lambda request: Reply(500)) as receiver,
        notified(tmp_path, targets(target(receiver.url, form="relay", method="GET"))) as told,
    ):
        told.store.prepare()
        now = time.time()
        with told.store.engine.begin() as connection:
            outbox.add(
                connection, "hook", {}, kind="gate.open", id="a", at=now, expires_at=now + 60
            )
        told.notifier.wake()
        assert eventually(lambda: len(receiver.requests) > 0)
        assert (receiver.requests[0].method, receiver.requests[0].body) == ("GET", b"")
        grow_old(told)
        (delivery,) = told.wait(bool, state="failed")
        with pytest.raises(NotReplayable):
            told.replay(delivery.id)
        assert told.notifier.replay_failed("hook", who=WHO) == 0


def test_a_dead_receiver_delays_no_other(tmp_path: Path) -> None:
    hold = threading.Event()

    def never(request: Request) -> Reply:
        hold.wait(120)
        return Reply()

    with Receiver(never) as dead, Receiver() as alive:
        sections = target(dead.url, "dead", parallel=2), target(alive.url, "alive")
        with notified(tmp_path, targets(*sections)) as told:
            for i in range(20):
                told.store.add(made(f"ABC{i:03}"))
            told.wait(lambda found: len(found) == 20, target="alive", state="delivered")
            assert len(dead.requests) == 2
            assert eventually(
                lambda: {each.name: each.waiting for each in told.notifier.targets()}["dead"] == 20
            )
            hold.set()
            told.delivered(40)


def test_what_was_not_told_is_told_by_the_next_process(
    tmp_path: Path, database: str | None
) -> None:
    with Receiver(lambda request: Reply(500)) as receiver:
        file = targets(target(receiver.url))
        with notified(tmp_path, file, database_url=database, pauses=(0.3,)) as told:
            told.store.add(made("ABC123"))
            assert eventually(lambda: len(receiver.requests) == 1)
        receiver.reply = lambda request: Reply()
        with notified(tmp_path, file, database_url=database) as told:
            told.delivered(1)
    assert len(set(receiver.ids)) == 1


def test_one_process_sends(tmp_path: Path, database: str | None) -> None:
    with Receiver() as receiver:
        file = targets(target(receiver.url))
        with (
            notified(tmp_path, file, database_url=database) as first,
            notified(tmp_path, file, database_url=database) as second,
        ):
            for i in range(20):
                (first if i % 2 else second).store.add(made(f"ABC{i:03}"))
            first.delivered(20)
            assert {bool(first.outcomes), bool(second.outcomes)} == {True, False}
            left = second if first.outcomes else first
            (first if first.outcomes else second).notifier.close()
            left.store.add(made("XYZ789"))
            left.delivered(21)
    assert len(receiver.ids) == len(set(receiver.ids)) == 21


def test_the_file_is_read_again(tmp_path: Path) -> None:
    with (
        Receiver() as one,
        Receiver() as other,
        notified(tmp_path, targets(target(one.url))) as told,
    ):
        told.store.add(made("ABC123"))
        told.delivered(1)
        told.file.write_text(targets(target(other.url), target(one.url, "more", events="[]")))
        assert told.notifier.apply(told.file) == ["hook", "more"]
        assert told.notifier.apply(told.file) == []
        told.store.add(made("XYZ789"))
        told.delivered(2)
        assert [len(receiver.requests) for receiver in (one, other)] == [1, 1]


def test_a_test_is_told_as_a_pass(tmp_path: Path) -> None:
    with (
        Receiver() as receiver,
        notified(tmp_path, targets(target(receiver.url, form="platerecognizer"))) as told,
    ):
        sent = told.notifier.test("hook", who=WHO)
        (delivery,) = told.delivered(1)
        assert (delivery.id, delivery.kind) == (sent, "test")
        assert json.loads(receiver.requests[0].body)["data"]["results"][0]["plate"] == "test"
        with pytest.raises(UnknownTarget):
            told.notifier.test("nobody", who=WHO)
        lines, _ = told.store.audit(who=WHO)
        assert [(line.action, line.detail) for line in lines] == [("test", {"target": "hook"})]


@pytest.mark.parametrize("named", [True, False])
def test_names_of_private_addresses(tmp_path: Path, named: bool) -> None:
    with (
        Receiver() as receiver,
        notified(
            tmp_path,
            targets(target(f"http://hook.example:{receiver.port}/")),
            names={"hook.example": ["127.0.0.1"]},
            url_private_hosts=("hook.example",) if named else (),
        ) as told,
    ):
        told.store.add(made("ABC123"))
        if named:
            told.delivered(1)
        else:
            (delivery,) = told.wait(lambda found: bool(found) and found[0].attempts > 0)
            assert "not public" in (delivery.error or "")
    assert len(receiver.requests) == int(named)


def test_no_hostile_address_is_asked(tmp_path: Path) -> None:
    """Refused in the file, or when it is connected to."""
    path, accepted = tmp_path / "one.yml", []
    with Receiver() as receiver:
        for i, url in enumerate(hostile_urls(receiver.port)):
            section = target(json.dumps(url), f"t{i}")
            path.write_bytes(targets(section).encode(errors="surrogatepass"))
            with contextlib.suppress(InvalidTargets):
                load_targets(path, Settings())
                accepted.append(section)
        assert len(accepted) > 20  # names, of which only the network can tell
        with notified(tmp_path, targets(*accepted), url_private_hosts=(), pauses=(60,)) as told:
            told.store.add(made("ABC123", source="camera"))
            found = told.wait(
                lambda found: len(found) == len(accepted) and all(each.attempts for each in found)
            )
        assert {each.status for each in found} == {None}
        assert receiver.requests == []


def test_pictures_go_along(tmp_path: Path) -> None:
    with Receiver() as receiver:
        sections = (
            target(receiver.url, "stream", form="platerecognizer-multipart"),
            target(receiver.url, "alpr", form="alpr-database", secret="k"),
        )
        with notified(tmp_path, targets(*sections)) as told:
            told.store.add(made("ABC123", frame=picture(), detail=SEEN))
            told.delivered(2)
    requests = sorted(receiver.requests, key=lambda request: request.headers["content-type"])
    alpr = json.loads(requests[0].body)
    assert requests[0].headers["x-api-key"] == "k"
    (prediction,) = alpr["ai_dump"][0]["found"]["predictions"]
    assert prediction == {
        **{"plate": "ABC123", "confidence": prediction["confidence"]},
        **{"x_min": 10, "y_min": 20, "x_max": 110, "y_max": 50},
    }
    assert requests[1].headers["content-type"].startswith("multipart/form-data; boundary=")
    assert picture() in requests[1].body


SEEN = {
    "frames": 1,
    "reads": 1,
    "agreeing": 1,
    "detection_confidence": 0.9,
    "bbox": {"x": 10, "y": 20, "width": 100, "height": 30},
    "direction": {"degrees": 90.0, "motion": "nearing"},
    "validation": {"format": "standard"},
}
