"""Exit 0 if the service in this container is ready: the images' HEALTHCHECK, which has no curl."""

import http.client
import os
import sys

connection = http.client.HTTPConnection(
    "127.0.0.1", int(os.environ.get("ALPR_PORT", "8000")), timeout=3
)
try:
    connection.request("GET", "/health/ready")
    status = connection.getresponse().status
except OSError as error:
    sys.exit(f"no answer: {error}")
sys.exit(0 if status == http.client.OK else f"not ready: {status}")
