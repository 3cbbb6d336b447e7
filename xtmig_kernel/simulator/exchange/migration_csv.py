"""The file of addresses that a batch is made from (document lines 388 to 395; failures 2.2 #29 [INF])."""

from __future__ import annotations

import csv
import io
import re

from .errors import ExchangeRefused

HEADER = "EmailAddress"
LARGEST_BATCH = 2000
ADDRESS = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")
MIGRATION = "Microsoft.Exchange.Migration."
BAD_ROW = MIGRATION + "MigrationCSVRowValidationException"
BAD_FILE = MIGRATION + "MigrationCSVParsingException"
UNKNOWN_COLUMNS = MIGRATION + "MigrationUnknownColumnsException"
TOO_MANY = MIGRATION + "MigrationTooManyUsersException"


def addresses(data: bytes | None, *, unknown_columns: bool) -> list[str]:
    """The addresses of a batch's file, in order.

    Args:
        data: The file; a byte order mark is passed over.
        unknown_columns: Whether columns of other names are allowed.

    Raises:
        ExchangeRefused: No file, no header `EmailAddress`, an unknown column, no row, a blank or malformed address, one
            address twice, or more than 2,000 rows (document line 592).
    """
    try:
        lines = list(csv.reader(io.StringIO((data or b"").decode("utf-8-sig")), strict=True))
    except (UnicodeDecodeError, csv.Error):
        raise ExchangeRefused(BAD_FILE, "The CSV file can't be read.") from None
    header = [name.strip() for name in lines[0]] if lines else []
    names = [name.lower() for name in header]
    if HEADER.lower() not in names:
        raise ExchangeRefused(BAD_FILE, f"The CSV file lacks the column '{HEADER}'.")
    if len(header) > 1 and not unknown_columns:
        other = next(name for name in header if name.lower() != HEADER.lower())
        raise ExchangeRefused(UNKNOWN_COLUMNS, f"The CSV file contains the unknown column '{other}'.")
    place = names.index(HEADER.lower())
    found = [line[place].strip() if len(line) > place else "" for line in lines[1:]]
    _check(found)
    return found


def _check(found: list[str]) -> None:
    if not found:
        raise ExchangeRefused(BAD_FILE, "The CSV file contains no rows.")
    if len(found) > LARGEST_BATCH:
        raise ExchangeRefused(TOO_MANY, f"The CSV file contains {len(found)} rows; {LARGEST_BATCH} are the most.")
    seen: set[str] = set()
    for row, address in enumerate(found, 1):
        if not ADDRESS.fullmatch(address):
            raise ExchangeRefused(BAD_ROW, f"Row {row}: '{address}' isn't a valid SMTP address.")
        if address.lower() in seen:
            raise ExchangeRefused(BAD_ROW, f"Row {row}: '{address}' is in the file more than once.")
        seen.add(address.lower())
