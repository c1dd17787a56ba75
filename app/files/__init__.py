"""Files that people write: YAML whose faults have line and field, read again when they change."""
