"""OpenTelemetry traces: the way of a request, and of a pass, through the service."""
