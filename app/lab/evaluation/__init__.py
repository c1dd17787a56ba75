"""How well the service finds and reads plates of known text, and whether a change made it better.

Nothing outside this package and its commands may import it: it needs requirements-eval.txt.
"""
