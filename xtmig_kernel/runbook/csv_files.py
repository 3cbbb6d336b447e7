"""Tables as CSV text that a spreadsheet opens, and takes nothing in for a formula. Pure."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from xtmig_kernel.project.cells import BYTE_ORDER_MARK, safe_cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as text, with the mark by which Excel knows UTF-8.

    Args:
        columns: Headings.
        rows: Cells, as many as headings.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(columns)
    writer.writerows([safe_cell(cell) for cell in row] for row in rows)
    return BYTE_ORDER_MARK + out.getvalue()
