"""Requests to a real server, whole and byte by byte, and what it says of itself."""

import socket

import requests

from tests.api.exposition import Samples
from tests.servers import Server

MULTIPART = "Content-Type: multipart/form-data; boundary=x"
OPENING = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'


def head(*headers: str) -> bytes:
    return "\r\n".join(("POST /predict/file HTTP/1.1", "Host: a", *headers)).encode() + b"\r\n\r\n"


def read_status(connection: socket.socket) -> int:
    answer = b""
    while b"\r\n" not in answer:
        chunk = connection.recv(4096)
        assert chunk, "the server closed without an answer"
        answer += chunk
    return int(answer.split()[1])


def samples(server: Server) -> Samples:
    return Samples(requests.get(f"{server.url}/metrics", timeout=120).text)


def idle(server: Server) -> bool:
    found = samples(server)
    return found.value("alpr_pictures_running") == found.value("alpr_pictures_queued") == 0


def predict(server: Server, picture: bytes) -> requests.Response:
    return requests.post(f"{server.url}/predict/file", files={"file": picture}, timeout=120)
