"""Cells of the project's CSV files: what spreadsheets do to them is undone, and none is taken for a formula. Pure."""

from __future__ import annotations

import re

BYTE_ORDER_MARK = "\ufeff"
# what a spreadsheet takes for a formula, perhaps behind apostrophes that stood there before
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def delimiter_of(text: str) -> str:
    """What separates the cells: a comma, or what a spreadsheet of another language writes.

    Args:
        text: The file's content.
    """
    first = (text.splitlines() or [""])[0]
    return max(",;\t", key=first.count)


def safe_cell(value: str) -> str:
    """A value as a cell: what a spreadsheet would take for a formula gets an apostrophe in front.

    Args:
        value: Any text.
    """
    return f"'{value}" if _FORMULA.match(value) else value


def plain_cell(cell: str) -> str:
    """The value that a cell means: the apostrophe of `safe_cell` is taken off again.

    Args:
        cell: As it stands in the file.
    """
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
