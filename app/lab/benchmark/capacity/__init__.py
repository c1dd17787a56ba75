"""How many replicas for how many requests: one is measured, fleets of them are simulated."""
