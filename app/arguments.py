"""Types of command-line arguments: what is wrong is said before anything is loaded."""

import argparse
import math
from collections.abc import Callable


def whole_number(*, least: int, most: int | None = None) -> Callable[[str], int]:
    """Whole numbers within limits, which belong to them."""

    def parse(text: str) -> int:
        value = int(text)
        if value < least or (most is not None and value > most):
            upper = "" if most is None else f" and at most {most}"
            raise argparse.ArgumentTypeError(f"{text} is not at least {least}{upper}")
        return value

    parse.__name__ = "whole number"
    return parse


count = whole_number(least=1)
natural = whole_number(least=0)
port = whole_number(least=0, most=65535)


def seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no time")
    return value


def amount(*, most: float, least: float = 0.0) -> Callable[[str], float]:
    """Numbers within limits, which belong to them."""

    def parse(text: str) -> float:
        value = float(text)
        if not least <= value <= most:  # nor NaN
            raise argparse.ArgumentTypeError(f"{text} is not from {least:g} to {most:g}")
        return value

    parse.__name__ = "number"
    return parse


share = amount(most=1.0)
