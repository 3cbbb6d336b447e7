"""The settings of mailboxes that live on the directory side, a row for each mailbox, from one tenant's tables. Pure.

The columns are those of `baseline_settings` without the wave. People are named by their primary address, so that what
one tenant says can be compared with what the other one says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.rules.recipient_names import RecipientNames
from xtmig_kernel.tables.settings import OF_BOOKINGS, OF_CLIENT_ACCESS, OF_MAILBOX

if TYPE_CHECKING:
    from collections.abc import Collection

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Side
    from xtmig_kernel.rules.rule import Seen

MAILBOX, ACCESS, BOOKINGS = "mailbox_settings", "client_access", "calendar_processing"
TABLES = (MAILBOX, ACCESS, BOOKINGS)
COLUMNS = {MAILBOX: tuple(OF_MAILBOX), ACCESS: tuple(OF_CLIENT_ACCESS), BOOKINGS: tuple(OF_BOOKINGS)}
_ALWAYS = {
    MAILBOX: ("DeliverAndForward", "HiddenFromAddressLists"),
    ACCESS: tuple(column for column, kind in OF_CLIENT_ACCESS.items() if kind == "bool"),
    BOOKINGS: ("AutomateProcessing",),
}
"""What the service tells of every mailbox; where all of it is missing, the mailbox did not tell."""
_NAMES = ("recipients", "exchange_users")
_HOLDERS = ("mailboxes", "mail_users")


def facts_of(side: Side, *tables: str) -> tuple[str, ...]:
    """These tables of one side, and those by which the people that they name are known.

    Args:
        side: The tenant.
        tables: Some of `TABLES`.
    """
    return tuple(f"{side}.{table}" for table in (*tables, *_NAMES, *_HOLDERS))


def settings_of(seen: Seen, side: Side, guids: Collection[str]) -> dict[str, dict[str, Any]]:
    """The settings of mailboxes by ExchangeGuid; `Known` names the tables that told of it.

    Args:
        seen: Holds the mailboxes of that side; of the other facts of `facts_of` those that were observed.
        side: The tenant.
        guids: Whose.
    """
    names = _names(seen, side)
    found: dict[str, dict[str, Any]] = {}
    for table in TABLES:
        if seen.has(f"{side}.{table}"):
            for guid, row in _told(seen, side, table).items():
                if guid in guids:
                    entry = found.setdefault(guid, {"ExchangeGuid": guid, "Known": []})
                    entry["Known"].append(table)
                    entry |= {column: _translated(column, row[column], names) for column in COLUMNS[table]}
    return found


def _told(seen: Seen, side: Side, table: str) -> dict[str, Row]:
    """The rows of a table by ExchangeGuid, without mailboxes that did not tell."""
    rows = seen.rows(f"{side}.{table}")
    if table == ACCESS:
        guids = {
            str(row["PrimarySmtpAddress"]).casefold(): row["ExchangeGuid"] for row in seen.rows(f"{side}.mailboxes")
        }
        pairs = [(guids.get(str(row["PrimarySmtpAddress"]).casefold()), row) for row in rows]
    else:
        pairs = [(row["ExchangeGuid"], row) for row in rows]
    return {str(guid): row for guid, row in pairs if guid and any(row[column] is not None for column in _ALWAYS[table])}


def _names(seen: Seen, side: Side) -> RecipientNames:
    of = {table: seen.rows(f"{side}.{table}") for table in (*_NAMES, *_HOLDERS) if seen.has(f"{side}.{table}")}
    holders = [row for table in _HOLDERS for row in of.get(table, ())]
    return RecipientNames(of.get("recipients", ()), of.get("exchange_users", ()), holders)


def _translated(column: str, value: Any, names: RecipientNames) -> Any:
    if column in ("BookInPolicy", "ResourceDelegates"):
        return sorted(names.address(str(item)) for item in value or ())
    return names.address(str(value)) if column == "ForwardingAddress" and value else value
