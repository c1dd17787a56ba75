"""APIs of other services, for the clients people have."""
