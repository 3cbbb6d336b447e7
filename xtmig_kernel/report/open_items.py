"""`open-items.csv`: only what is left to do, with columns to fill in; safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from xtmig_kernel.report.page import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.report.model import OpenItem

BYTE_ORDER_MARK = "\ufeff"
COLUMNS = ("who", "side", "step", "what", "until", "remedy", "statements", "done by", "done at", "comment")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def open_items_csv(items: Iterable[OpenItem]) -> str:
    """The file's text: a byte order mark for Excel, CRLF, one item a line.

    Args:
        items: What is left to do.
    """
    text = io.StringIO(newline="")
    text.write(BYTE_ORDER_MARK)
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for item in items:
        cells = (
            item.who,
            item.side or "",
            item.step or "",
            item.what,
            item.until or "",
            item.remedy,
            " ".join(item.statements),
        )
        writer.writerow([*map(harmless, cells), "", "", ""])
    return text.getvalue()


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: one that could be gets a leading apostrophe.

    Args:
        cell: The text.
    """
    shielded = f"'{cell}" if cell.startswith(_FORMULA_STARTS) else cell
    return str(visible(shielded))
