"""How long moves took others, by size of the mailbox (TIM-01).

The figures are Microsoft's, of other customers' moves into Exchange Online, as its page on migration performance gave
them in July 2021. A table for moves between two tenants exists and could not be had, so this one stands in for it. It
is data to be edited: who has measured a pilot of their own writes what they measured.
"""

from __future__ import annotations

from dataclasses import dataclass

GB = 1_073_741_824
SOURCE = "Microsoft's figures of other customers (migration performance and best practices, onboarding, July 2021)"


@dataclass(frozen=True)
class Spell:
    """How long it took.

    Args:
        half: Days in which half of the mailboxes were done (P50).
        most: Days in which nine of ten were (P90).
    """

    half: int
    most: int


@dataclass(frozen=True)
class SizeClass:
    """Mailboxes of about one size.

    Args:
        name: As people say it, such as `"10 to 50 GB"`.
        below: Bytes that a mailbox of it does not reach; None for the last class.
        spell: How long they took; None where Microsoft gives no figure.
    """

    name: str
    below: int | None
    spell: Spell | None


SIZE_CLASSES = (
    SizeClass("below 1 GB", 1 * GB, Spell(1, 7)),
    SizeClass("1 to 10 GB", 10 * GB, Spell(1, 7)),
    SizeClass("10 to 50 GB", 50 * GB, Spell(3, 14)),
    SizeClass("50 to 100 GB", 100 * GB, Spell(3, 30)),
    SizeClass("100 to 200 GB", 200 * GB, Spell(8, 45)),
    SizeClass("200 GB and more", None, None),
)


def size_class(size: int) -> SizeClass:
    """The class of a mailbox.

    Args:
        size: Bytes, the archive's among them.
    """
    return next(item for item in SIZE_CLASSES if item.below is None or size < item.below)
