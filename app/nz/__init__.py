"""What New Zealand plates look like: formats, validation and the decoder that reads with them."""
