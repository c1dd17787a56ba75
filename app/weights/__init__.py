"""Where the networks come from: explicit files, the model directory, or the repository's own."""
