"""Every set that is here, read by each pair of networks: one table, and its history."""
