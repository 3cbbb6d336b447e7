"""Which mailboxes of a tenant are the chosen users': asked one by one, so only these are asked about."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xtmig_kernel.inventory.recipients import mail_users, mailboxes
from xtmig_kernel.inventory.users import chosen_users

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext


def mailboxes_of_chosen(context: ReadContext) -> list[Row]:
    """The chosen users' mailboxes on one side, each with an ExchangeGuid and an address, in the order of addresses.

    In the source a mailbox is found by any of its addresses. In the target it is the one with the ExchangeGuid of the
    user's source object, which keeps it after the move; while nobody is signed in to the source, it is the one with
    the TargetAddress of `users.csv`.

    Args:
        context: The side.
    """
    return context.once("mailboxes of the chosen users", lambda: _mailboxes_of_chosen(context))


def _mailboxes_of_chosen(context: ReadContext) -> list[Row]:
    _, chosen = chosen_users(context)
    _, present = mailboxes(context)
    sources = {str(user["SourceAddress"]).casefold() for user in chosen}
    if context.side == "source":
        mine = _with_address(present, sources)
    elif "source" in context.tenants:
        guids = _guids(replace(context, side="source"), sources)
        mine = [row for row in present if row["ExchangeGuid"] in guids]
    else:
        mine = _with_address(present, {str(user["TargetAddress"]).casefold() for user in chosen} - {""})
    known = (row for row in mine if row["ExchangeGuid"] and row["PrimarySmtpAddress"])
    return sorted(known, key=lambda row: str(row["PrimarySmtpAddress"]).casefold())


def _with_address(rows: Iterable[Row], wanted: set[str]) -> list[Row]:
    return [row for row in rows if wanted & {str(address).casefold() for address in row["SmtpAddresses"]}]


def _guids(context: ReadContext, sources: set[str]) -> set[str]:
    """ExchangeGuids of the source objects with these addresses: mailboxes, and MailUsers that have moved."""
    objects = [*mailboxes(context)[1], *mail_users(context)[1]]
    return {row["ExchangeGuid"] for row in _with_address(objects, sources)} - {None}
