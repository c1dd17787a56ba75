"""INT8 versions of a pair of networks, and what they are worth."""
