"""Who moves: `users.csv`, or what `project.yaml` says of how to find them (SCR-02, PRE-05)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xtmig_kernel.inventory.context import MissingFact
from xtmig_kernel.inventory.groups import distribution_groups, members_of
from xtmig_kernel.inventory.recipients import mailboxes
from xtmig_kernel.project import UserRow, load_users
from xtmig_kernel.project.users import USERS_FILE, as_columns

if TYPE_CHECKING:
    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext


def chosen_users(context: ReadContext) -> tuple[str, list[Row]]:
    """The rows of `users.csv`; while it names nobody, as in a new project folder, the proposal for it.

    Raises:
        MissingFact: The file names nobody, and nobody is signed in to the source.
        ProjectFileError: The file cannot be used.
    """
    rows = load_users(context.project.folder)
    if not rows:
        source, proposed = proposed_users(context)
        return f"{source}; {USERS_FILE} names nobody yet", proposed
    stay = _staying(context)
    return USERS_FILE, [as_columns(row) for row in rows if row.source_address.casefold() not in stay]


def excluded_users(context: ReadContext) -> tuple[str, list[Row]]:
    """Who stays, and why."""
    excluded = sorted(context.project.users.exclude.items())
    return "users.exclude of project.yaml", [
        {"SourceAddress": address, "Reason": reason} for address, reason in excluded
    ]


def staying_users(context: ReadContext) -> tuple[str, list[Row]]:
    """The lines of `users.csv` of those who stay.

    Raises:
        ProjectFileError: The file cannot be used.
    """
    stay = _staying(context)
    rows = load_users(context.project.folder) or ()
    return USERS_FILE, [as_columns(row) for row in rows if row.source_address.casefold() in stay]


def _staying(context: ReadContext) -> set[str]:
    return {address.casefold() for address in context.project.users.exclude}


def proposed_users(context: ReadContext) -> tuple[str, list[Row]]:
    """The mailboxes that carry the attribute, or belong to the group, that `project.yaml` names.

    Raises:
        MissingFact: Nobody is signed in to the source, or the group is not there.
    """
    context, choice = replace(context, side="source"), context.project.users
    if choice.choose == "file":
        return f"{USERS_FILE} is written by hand", []
    if "source" not in context.tenants:
        raise MissingFact("nobody is signed in to the source tenant, whose mailboxes say who moves")
    _, found = mailboxes(context)
    if choice.choose == "attribute":
        mark = f"{choice.attribute}={choice.value}".casefold()
        chosen = [row for row in found if any(mark == text.casefold() for text in row["CustomAttributes"])]
        source = f"Get-Mailbox with {choice.attribute} {choice.value}"
    else:
        members = _members(context, str(choice.group))
        chosen = [row for row in found if row["ObjectId"] is not None and row["ObjectId"] in members]
        source = f"Get-DistributionGroupMember of {choice.group}"
    stay = _staying(context)
    moving = (row for row in chosen if not stay & {address.casefold() for address in row["SmtpAddresses"]})
    addresses = sorted(
        (str(row["PrimarySmtpAddress"]) for row in moving if row["PrimarySmtpAddress"]), key=str.casefold
    )
    return source, [as_columns(UserRow(address)) for address in addresses]


def _members(context: ReadContext, name: str) -> set[str | None]:
    _, groups = distribution_groups(context)
    group = next(
        (g for g in groups if name.casefold() in (str(g["Name"]).casefold(), str(g["Alias"]).casefold())), None
    )
    if group is None:
        raise MissingFact(f"the source has no mail-enabled group {name}, which project.yaml names")
    return {row["ObjectId"] for row in members_of(context, name, str(group["ObjectId"]))}
