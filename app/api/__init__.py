"""The HTTP edge: everything that knows of requests, responses and status codes."""
