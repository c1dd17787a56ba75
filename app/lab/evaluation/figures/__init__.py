"""What is computed from the results of an evaluation."""
