"""A plate as it leaves the press: serial, colours, typeface, and what holds it."""
