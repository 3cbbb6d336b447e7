"""`open-items.csv`: only what is left to do, with columns to fill in; safe to open in a spreadsheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.report.tables import csv_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.report.model import OpenItem

COLUMNS = ("who", "side", "step", "what", "until", "remedy", "statements", "done by", "done at", "comment")


def open_items_csv(items: Iterable[OpenItem]) -> str:
    """The file's text, one item a line.

    Args:
        items: What is left to do.
    """
    return csv_text(
        COLUMNS,
        (
            (
                item.who,
                item.side or "",
                item.step or "",
                item.what,
                item.until or "",
                item.remedy,
                " ".join(item.statements),
                "",
                "",
                "",
            )
            for item in items
        ),
    )
