"""Connections and bodies: what reaches a route, within limits."""
