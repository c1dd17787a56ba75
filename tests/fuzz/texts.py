"""What is put into fields and headers: odd, hostile and plain."""

import json

KEY = b"key-of-the-fuzzer"
NUMBERS = (
    *(b"0", b"1", b"-1", b"0.4", b"0,4", b"40", b"nan", b"inf", b"1e999", b"9" * 400, b"0x10"),
    *(b"+5", b"true", b"True", b"null", "\uff11\uff12".encode(), b"low", b"high", b"auto"),
)
BROKEN = (
    *(
        b"",
        b" ",
        b"\0",
        b"[]",
        b"{}",
        b"{",
        b"[" * 5000,
        b'"',
        b"\\",
        b"%",
        b"%zz",
        b"%00",
        b"\xe9",
    ),
    *(b"\xff\xfe", b"\xed\xa0\x80", b"\xf0\x9f\x9a\x97", b"a" * 70_000, b"../../etc/passwd"),
    *(
        b"data:image/jpeg;base64,",
        b"data:;base64,/9j/",
        b"AAAA",
        b"A",
        b"====",
        b"-_-_",
        b"/9j/4AAQ",
    ),
)
TIMES = (
    *(b"2026-01-01", b"2026-01-01T00:00:00Z", b"9999-12-31T23:59:59+14:00", b"0000-00-00"),
    *(b"12:00", b"2026-W01-1", b"20260101T000000.999999999+24:00"),
)
URLS = (
    *(b"http://[bad", b"http://", b"http://127.0.0.1:1/", b"http://a:b@[::1%25x]:99999/", b"//x"),
    *(
        b"http://xn--/",
        b"http://\xe2\x80\xae/",
        b"file:///etc/passwd",
        b"http://0x7f.1/",
        b"ftp://a",
    ),
    *(b"http://" + b"a" * 300, b"http://\xed\xa0\x80/", b"http://a\0b/", b"http://a:-1/"),
)
HEADER_VALUES = (
    *(b"Basic \xe9", b"Basic", b"Basic =", b"Basic eDp5", b"Token \xe9", b"Bearer x"),
    *(b"Token " + KEY, b"multipart/form-data", b"multipart/form-data; boundary=", b"image/jpeg"),
    *(b"multipart/form-data; boundary=\xe9", b'multipart/form-data; boundary="x', b"*/*"),
    *(
        b"application/json; charset=utf-16",
        b"text/html;q=" + b"9" * 300,
        b"gzip, chunked",
        b"chunked",
    ),
    *(b"100-continue", b"bytes=0-", b"GET", b"${jndi:x}", b"' OR 1=1 --", b"h2c", b"websocket"),
)
TEXTS = (*NUMBERS, *BROKEN, *TIMES, *URLS, *HEADER_VALUES)
CONFIGS = (
    *(b'{"region": "strict"}', b'{"threshold_d": 0.2, "threshold_o": 0.6}'),
    *(b'{"mode": "redaction"}', b'{"mode": 7}', b'{"threshold_d": NaN}', b'{"threshold_o": 1e999}'),
    *(b'{"text_formats": "a"}', b'{"text_formats": ["("]}', b'{"region": "\\ud800"}'),
    *(b'{"text_formats": ["[a-z]{3}[0-9]{3}"]}', b'{"text_formats": ["(?i)\\\\pL{900}"]}'),
    json.dumps({"text_formats": [f"[^{n}]{{1,999}}" for n in range(32)]}).encode(),
    b'{"text_formats": [' + b"[" * 3000 + b"]}",
)
PARTS = (
    *('; filename="a.jpg"', "; filename*=UTF-8''a.jpg", "", '; filename=""', "; filename*=x"),
    *(';"', "; filename*=\xe9''%ff", "\r\nContent-Type: image/jpeg"),
)
METHODS = (
    *(
        b"GET",
        b"HEAD",
        b"POST",
        b"PUT",
        b"DELETE",
        b"OPTIONS",
        b"PATCH",
        b"TRACE",
        b"BREW",
        b"\xff",
    ),
)
