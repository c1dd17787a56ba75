"""Bodies of forms, and such as cost a parser most."""

from collections.abc import Iterator

Parts = list[tuple[bytes, str, bytes]]
"""Name, what follows it in the header, and content of each part of a form."""


def multipart(parts: Parts) -> bytes:
    return (
        b"".join(
            b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
            % (name, rest.encode(), content)
            for name, rest, content in parts
        )
        + b"--x--\r\n"
    )


def floods() -> Iterator[tuple[bytes, bytes]]:
    """Content-Type and body of what parsing costs most for its size."""
    json_type, form = b"application/json", b"multipart/form-data; boundary=x"
    encoded = b"application/x-www-form-urlencoded"
    yield json_type, b"{" + b",".join(b'"a%d":1' % n for n in range(40_000)) + b"}"
    yield json_type, b'{"FIELD":[' + b"[]," * 400_000 + b"1]}"
    yield json_type, b'{"FIELD":' + b"[" * 400_000
    yield json_type, b'{"FIELD":"' + b"\\/" * 700_000 + b'"}'
    yield json_type, b'{"FIELD":"' + b"QUJD" * 4_000_000 + b'"}'
    yield json_type, b'{"FIELD":' + b"1" * 1_000_000 + b"}"
    yield encoded, b"FIELD=" + b"%41" * 3_000_000
    yield encoded, b"FIELD=" + b"QUJD" * 4_000_000
    yield encoded, b"a=1&" * 200_000
    yield encoded, b"FIELD=" + b"+" * 2_000_000
    yield form, multipart([(b"f%d" % n, "", b"") for n in range(20_000)])
    yield form, multipart([(b"FIELD", "", b"\r\n--" * 2_000_000)])
    yield form, multipart([(b"FIELD", "", b"\r" * 8_000_000)])
    yield form, multipart([(b"FIELD", "; a=b" * 700, b"a")] * 3)
    yield form, multipart([(b"config", "", b"[" * 3_000_000)])
    yield form, multipart([(b"camera_id", "", b"a" * 3_000_000)])
    yield form, b"--x\r\n" + b"A: b\r\n" * 200_000 + b"\r\n"
    yield form, b"\r\n" * 2_000_000
