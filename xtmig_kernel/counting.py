"""A number with its noun."""

from __future__ import annotations


def counted(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun: `1 check`, `2 checks`, `4,812 checks`.

    Args:
        number: How many.
        singular: The noun for one.
        plural: The noun for all others; the singular with an s if empty.
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
