"""Pictures drawn for training."""
