"""Requests of a fuzzer: what clients, careless people and attackers send, and mutations of it."""

import base64
import itertools
import json
import random
import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_from_bytes

from tests.corpus import readable, refused
from tests.fuzz.bodies import Parts, floods, multipart
from tests.fuzz.texts import CONFIGS, KEY, METHODS, PARTS, TEXTS
from tests.fuzz.wire import Request

NATIVE = {"/predict/file": "file", "/predict/batch": "files", "/redact": "file"}
COMPATIBLE = {
    **dict.fromkeys(("/v1/plate-reader", "/v1/plate-reader/", "/v1/blur", "/v1/blur/"), "upload"),
    **{"/v1/vision/alpr": "upload", "/v1/image/alpr": "image", "/v1/recognize": "image"},
}
FIELDS = {
    *("file", "files", "url", "upload", "upload_url", "image", "image_bytes", "image_url"),
    *("regions", "camera_id", "timestamp", "mmc", "config", "direction", "faces", "plates"),
    *("min_confidence", "secret_key", "country", "tasks", "return_image"),
}
KEPT = ("/passes", "/lists", "/gates", "/deliveries")
NAMES = ("residents", "gate", "ABC123", "1", "hook", "allow", "watch", "0" * 32, "msg_" + "0" * 32)
"""What a list, an entry, a camera, a target or a pass may be called."""
CHANGES = (b"GET", b"POST", b"PUT", b"PATCH", b"DELETE")
CSV_HEADS = (b"plate,owner,notes,valid_from,valid_until", b"license_plate,vehicle_tag", b"a,b")
_PLACE = re.compile(r"\{[^}]*\}")
QUERY = ("min_confidence", "detail", "enhance", "style", "secret_key")
HEADERS = (
    *(b"Authorization", b"X-API-Key", b"X-Request-ID", b"Accept", b"Content-Type"),
    *(b"If-None-Match", b"Origin", b"Accept-Encoding", b"Range", b"Expect", b"Cookie"),
    *(b"Content-Length", b"Transfer-Encoding", b"Host", b"Access-Control-Request-Method"),
    *(b"Access-Control-Request-Headers", b"Upgrade", b"X-Forwarded-For", b"Content-Encoding"),
)


class Fuzzer:
    """Requests without end, the same for the same seed.

    `paths` are those of the OpenAPI document, `query` its parameters and `fields` those of its
    bodies: what is new is tried, too.
    """

    def __init__(self, seed: int, paths: list[str], query: list[str], fields: list[str]) -> None:
        self._kept = sorted(path for path in paths if path.startswith(KEPT))
        self._kept_fields = sorted(fields)
        self._random = random.Random(seed)
        self._paths = sorted({*paths, *NATIVE, *COMPATIBLE, "/docs", "/docs/x", "/console/main.js"})
        self._query = [name.encode() for name in sorted({*QUERY, *query})]
        self._pictures = [
            data
            for data in itertools.chain(
                (data for _, data, _ in readable()), (data for _, data, _ in refused())
            )
            if len(data) < 300_000
        ]
        self._floods = list(floods())

    def requests(self, count: int) -> Iterator[Request]:
        kinds: list[tuple[Callable[[], Request], int]] = [
            *((self._form, 30), (self._raw, 10), (self._json, 15), (self._url_encoded, 10)),
            *((self._heads, 20), (self._mutated, 14), (self._flood, 1)),
            *([(self._kept_things, 15)] if self._kept else ()),
        ]
        makers, weights = zip(*kinds, strict=True)
        for _ in range(count):
            yield self._random.choices(makers, weights)[0]()

    def _text(self) -> bytes:
        text = self._random.choice(TEXTS if self._random.random() < 0.8 else CONFIGS)
        return self._mutate(text) if text and self._random.random() < 0.3 else text

    def _picture(self) -> bytes:
        data = self._random.choice(self._pictures)
        return self._mutate(data) if data and self._random.random() < 0.5 else data

    def _mutate(self, data: bytes) -> bytes:
        """Some bytes flipped, cut out, repeated or put in."""
        changed, chance = bytearray(data), self._random
        for _ in range(chance.choice((1, 1, 2, 8))):
            at = chance.randrange(len(changed) + 1)
            end = min(len(changed), at + chance.choice((1, 2, 4, 50, 1000)))
            match chance.randrange(4):
                case 0:
                    changed[at:end] = chance.randbytes(end - at)
                case 1:
                    del changed[at:end]
                case 2:
                    changed[at:at] = changed[at:end]
                case _:
                    changed[at:at] = chance.choice(TEXTS)[:2000]
        return bytes(changed)

    def _route(self) -> tuple[str, str]:
        return self._random.choice([*NATIVE.items(), *COMPATIBLE.items()])

    def _target(self, path: str) -> bytes:
        chance = self._random
        target = path.encode()
        names = chance.sample(self._query, chance.choice((0, 0, 0, 1, 2)))
        pairs = [name + b"=" + quote_from_bytes(self._text()[:3000]).encode() for name in names]
        return target + (b"?" + b"&".join(pairs) if pairs else b"")

    def _headers(self, content_type: bytes | None) -> tuple[tuple[bytes, bytes], ...]:
        """The key, mostly, and at times a header with anything in it."""
        chance, headers = self._random, []
        if chance.random() < 0.95:
            headers.append((b"X-API-Key", KEY))
        if content_type is not None:
            headers.append((b"Content-Type", content_type))
        if chance.random() < 0.1:
            headers.append(self._header())
        return tuple(headers)

    def _header(self) -> tuple[bytes, bytes]:
        value = self._text()[:20_000].translate(None, b"\r\n\0")
        return self._random.choice(HEADERS), value

    def _fields(self, field: str) -> Parts:
        """The picture, mostly, and some other fields."""
        chance, parts = self._random, []
        if chance.random() < 0.8:
            parts.append((field.encode(), chance.choice(PARTS), self._picture()))
        for name in chance.sample(sorted(FIELDS), chance.choice((0, 1, 1, 2, 5))):
            text = chance.choice(CONFIGS) if name == "config" else self._text()
            parts.append((name.encode(), "", text))
        chance.shuffle(parts)
        return parts

    def _form(self) -> Request:
        path, field = self._route()
        body = multipart(self._fields(field))
        return Request(
            b"POST", self._target(path), self._headers(b"multipart/form-data; boundary=x"), body
        )

    def _raw(self) -> Request:
        path, _ = self._route()
        kind = self._random.choice((b"image/jpeg", b"application/octet-stream", None, self._text()))
        kind = None if kind is None else kind.translate(None, b"\r\n\0")[:5000]
        return Request(b"POST", self._target(path), self._headers(kind), self._picture())

    def _json(self) -> Request:
        chance = self._random
        path = chance.choice([*COMPATIBLE, "/predict/url", "/predict/url"])
        values: dict[str, object] = {}
        for name in chance.sample(sorted(FIELDS), chance.choice((1, 2, 4))):
            text = self._text().decode("latin-1")
            if name in ("upload", "image_bytes") and chance.random() < 0.7:
                text = base64.b64encode(self._picture()).decode()
            values[name] = chance.choice(
                (text, text, text, [text, text], {"a": text}, 7, None, True)
            )
        body = json.dumps(values).encode()
        body = body.replace(b"\\u00e9", b"\\ud800")
        body = self._mutate(body) if chance.random() < 0.2 else body
        return Request(b"POST", self._target(path), self._headers(b"application/json"), body)

    def _kept_things(self) -> Request:
        """Lists, entries, passes and deliveries: made, changed, imported and deleted."""
        chance = self._random

        def named(match: re.Match[str]) -> str:
            known = chance.random() < 0.7
            return quote(chance.choice(NAMES) if known else self._text()[:300], safe="")

        path = _PLACE.sub(named, chance.choice(self._kept))
        if chance.random() < 0.2:
            lines = [b",".join(self._text()[:300] for _ in range(5)) for _ in range(20)]
            kind, body = b"text/csv", b"\n".join([chance.choice(CSV_HEADS), *lines])
        else:
            names = chance.sample(self._kept_fields, chance.choice((1, 3, 6)))
            body = json.dumps({name: self._value() for name in names}).encode()
            kind = b"application/json"
        return Request(chance.choice(CHANGES), self._target(path), self._headers(kind), body)

    def _value(self) -> object:
        chance, text = self._random, self._text().decode("latin-1")
        odd: tuple[object, ...] = (
            None,
            True,
            -1,
            1e308,
            [],
            {},
            [text],
            {"a": text},
            "2026-02-30T25:00",
            "Mo-Fr 8-30",
        )
        return chance.choice((text, chance.choice(NAMES), chance.choice(odd)))

    def _url_encoded(self) -> Request:
        path, field = self._route()
        pairs = []
        for name, _, value in self._fields(field):
            encoded = base64.b64encode(value) if self._random.random() < 0.4 else value
            pairs.append(name + b"=" + quote_from_bytes(encoded).encode())
        kind = b"application/x-www-form-urlencoded"
        return Request(b"POST", self._target(path), self._headers(kind), b"&".join(pairs))

    def _heads(self) -> Request:
        """Any path with any method and any headers."""
        chance = self._random
        path = chance.choice(self._paths)
        headers = [self._header() for _ in range(chance.choice((1, 1, 2, 4)))]
        if chance.random() < 0.3:
            headers.append((b"X-API-Key", KEY))
        body = self._text() if chance.random() < 0.3 else b""
        return Request(chance.choice(METHODS), self._target(path), tuple(headers), body)

    def _mutated(self) -> Request:
        """A request of another kind with its body mutated."""
        request = self._random.choice((self._form, self._json, self._url_encoded))()
        return Request(request.method, request.target, request.headers, self._mutate(request.body))

    def _flood(self) -> Request:
        path, field = self._route()
        kind, body = self._random.choice(self._floods)
        return Request(
            b"POST", path.encode(), self._headers(kind), body.replace(b"FIELD", field.encode(), 1)
        )
