"""Who else has rights on the chosen users' mailboxes (PRM-01, PRM-02, PRM-05; shapes 3.7).

Of the folders the rights on the calendar are read: it is the one that delegates share, and each further folder costs
one more call for every mailbox. Exchange names a trustee now by sign-in name, now by display name; here it is the
primary address, wherever exactly one recipient of the tenant answers to that name.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from xtmig_kernel.inventory.addresses import guid_or_none
from xtmig_kernel.inventory.chosen import mailboxes_of_chosen
from xtmig_kernel.inventory.folder_shapes import calendar_names
from xtmig_kernel.inventory.many import ask_many, rows_or_none
from xtmig_kernel.inventory.recipients import ALL, exchange_users, recipients
from xtmig_kernel.rules.recipient_names import RecipientNames

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext

MAILBOX, RECIPIENT = "mailbox", "recipient"
SELF = "NT AUTHORITY\\SELF"
NOBODY = ("Default", "Anonymous")
_CALLS = 2


def _named(people: RecipientNames, name: str) -> tuple[str, str | None]:
    """Primary address and kind of the one recipient of that name; the name itself and None for none or several."""
    if name.casefold() == SELF.casefold():
        return SELF, "Self"
    if name in NOBODY:
        return name, name
    found = people.one(name)
    if found is not None and found["PrimarySmtpAddress"]:
        return str(found["PrimarySmtpAddress"]), str(found["RecipientTypeDetails"])
    return name, None


def mailbox_permissions(context: ReadContext) -> tuple[str, list[Row]]:
    """Rights on the chosen users' mailboxes; a mailbox of which any was refused has no row at all."""
    mine = mailboxes_of_chosen(context)
    addresses = [str(row["PrimarySmtpAddress"]) for row in mine]
    people = RecipientNames(recipients(context)[1], exchange_users(context)[1])
    delegates = _delegates(context)
    asked = [call for address in addresses for call in _calls(address)]
    answers = [rows_or_none(answer) for answer in ask_many(context, asked)]
    calendars = _calendars(context, addresses)
    rows: list[Row] = []
    for number, mailbox in enumerate(mine):
        full, send_as = answers[number * _CALLS : number * _CALLS + 2]
        calendar = calendars[number]
        if full is not None and send_as is not None and calendar is not None:
            found = [*_of_mailbox(full), *_of_recipient(send_as), *_of_folder(calendar)]
            behalf = ((RECIPIENT, name, "SendOnBehalf", False, False) for name in delegates[mailbox["ExchangeGuid"]])
            rows += [_row(mailbox, people, *right) for right in (*found, *behalf)]
    return "Get-MailboxPermission, Get-RecipientPermission, Get-MailboxFolderPermission, Get-Mailbox", rows


def _calls(address: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    return (
        ("Get-MailboxPermission", {"Identity": address}),
        ("Get-RecipientPermission", {"Identity": address}),
    )


def _delegates(context: ReadContext) -> dict[str | None, list[str]]:
    """ExchangeGuid to those who may send on behalf."""
    select = ("ExchangeGuid", "GrantSendOnBehalfTo")
    found = context.tenant.exchange.invoke("Get-Mailbox", ALL, select=select).rows
    by_guid: dict[str | None, list[str]] = defaultdict(list)
    for row in found:
        by_guid[guid_or_none(row.get("ExchangeGuid"))] += [str(name) for name in row.get("GrantSendOnBehalfTo") or []]
    return by_guid


def _calendars(context: ReadContext, addresses: list[str]) -> list[list[tuple[str, dict[str, Any]]] | None]:
    """Each mailbox's calendar and the rights on it; None where they were refused, none where it has no calendar.

    A mailbox calls its calendar by the word of its own language.
    """
    names = calendar_names(context)
    calls = [
        ("Get-MailboxFolderPermission", {"Identity": f"{address}:\\{name}"})
        for address, name in zip(addresses, names, strict=True)
        if name
    ]
    answers = iter(ask_many(context, calls))
    found: list[list[tuple[str, dict[str, Any]]] | None] = []
    for name in names:
        if not name:
            found.append(None if name is None else [])
            continue
        rows = rows_or_none(next(answers))
        found.append(None if rows is None else [(name, row) for row in rows])
    return found


_Right = tuple[str, str, str, bool, bool]


def _of_mailbox(rows: list[dict[str, Any]]) -> Iterator[_Right]:
    for row in rows:
        for right in _texts(row.get("AccessRights")):
            yield MAILBOX, _name(row.get("User")), right, bool(row.get("Deny")), bool(row.get("IsInherited"))


def _of_recipient(rows: list[dict[str, Any]]) -> Iterator[_Right]:
    for row in rows:
        deny = str(row.get("AccessControlType") or "Allow") == "Deny"
        for right in _texts(row.get("AccessRights")):
            yield RECIPIENT, _name(row.get("Trustee")), right, deny, bool(row.get("IsInherited"))


def _of_folder(rows: list[tuple[str, dict[str, Any]]]) -> Iterator[_Right]:
    for folder, row in rows:
        for right in _texts(row.get("AccessRights")):
            yield folder, _name(row.get("User")), right, False, False


def _texts(value: Any) -> list[str]:
    """A list of rights, which comes as a list or as a text with commas."""
    items = value if isinstance(value, (list, tuple)) else str(value or "").split(",")
    return [text for item in items if (text := str(item).strip())]


def _name(value: Any) -> str:
    """Whom a right is given to: a text, or an object that holds it."""
    if isinstance(value, dict):
        return next((str(value[key]) for key in ("PrimarySmtpAddress", "DisplayName", "Name") if value.get(key)), "")
    return str(value or "")


def _row(mailbox: Row, people: RecipientNames, place: str, name: str, right: str, deny: bool, inherited: bool) -> Row:
    trustee, kind = _named(people, name)
    return {
        "ExchangeGuid": mailbox["ExchangeGuid"],
        "Mailbox": mailbox["PrimarySmtpAddress"],
        "Place": place,
        "Trustee": trustee,
        "TrusteeKind": kind,
        "Right": right,
        "Deny": deny,
        "Inherited": inherited,
    }
