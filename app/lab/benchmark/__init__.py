"""Speed, measured against the server of the article the project started from."""
