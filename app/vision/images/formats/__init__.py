"""What picture files say of themselves, read with bounds before a library parses them."""
