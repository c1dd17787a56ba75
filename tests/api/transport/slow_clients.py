"""Requests sent by hand, piece by piece."""

import socket

from tests.servers import Server

UPLOAD = (
    b"POST /predict/file HTTP/1.1\r\nHost: a\r\n"
    b"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 900000\r\n"
)
"""A head without its last line."""
OPENING = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.jpg"\r\n\r\n'


def leave_unread(server: Server) -> socket.socket:
    """A connection with answers that its client does not read, more than small buffers hold."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(30)
    connection.connect(("127.0.0.1", server.port))
    connection.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: a\r\n\r\n" * 10)
    assert connection.recv(16).startswith(b"HTTP/1.1 200")
    return connection
