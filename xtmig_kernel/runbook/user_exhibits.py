"""What the steps of section 100 show: what remains of previous mailboxes, and where each attribute comes from. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.outputs import Exhibit
from xtmig_kernel.rules.prepared import in_cloud, same, wanted
from xtmig_kernel.rules.previous import Remains, may_be_cleared, remains

if TYPE_CHECKING:
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen
    from xtmig_kernel.rules.matching import Match

_ORIGINS = {
    "ExchangeGuid": "copied from the source mailbox",
    "ArchiveGuid": "copied from the source mailbox, where it has an archive",
    "X500Addresses": "the source's LegacyExchangeDN and its x500 addresses, byte for byte",
    "OtherAddresses": "X400 addresses of the source mailbox",
    "ExternalEmailAddress": "the source mailbox's address in the initial domain of its tenant",
    "UserPrincipalName": "new: users.csv, or the rules of project.yaml",
    "PrimarySmtpAddress": "new: users.csv, or the rules of project.yaml",
    "SmtpAddresses": "new: the primary address, and one in the target delivery domain",
    "CustomAttributes": "new: the attribute that marks the project's users",
}


def previous_mailboxes(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """What remains of previous mailboxes, with what would be lost (USR-22, USR-25)."""
    rows = tuple(_previous(item) for item in remains(seen, project))
    if not rows:
        return ()
    columns = ("User", "Object in the target", "Was", "ExchangeGuid of its own", "Deleted mailboxes", "Decision")
    caption = "What remains of earlier mailboxes of target objects, and what clearing would destroy."
    return (Exhibit("previous-mailboxes", caption, columns, rows),)


def _previous(item: Remains) -> tuple[str | int, ...]:
    decision = (
        "to be cleared" if may_be_cleared(item) else item.obstacle or f"users.csv lacks {', '.join(item.lacking)}"
    )
    return (
        item.match.label,
        str(item.target["UserPrincipalName"]),
        item.kind or "",
        item.guid or "",
        item.held,
        decision,
    )


def attributes(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """Each attribute with its origin, and for how many users it is right (USR-03)."""
    users = [m for m in in_cloud(seen, project) if m.target is not None]
    if not users:
        return ()
    want = {match.label: wanted(match, project) for match in users}
    rows = []
    for column, origin in _ORIGINS.items():
        right = sum(_holds(match, column, want[match.label][column]) for match in users)
        rows.append((column, origin, right, len(users) - right))
    caption = "Attributes of the target's MailUsers, where each value comes from, and for how many users it is there."
    return (Exhibit("attributes", caption, ("Attribute", "Origin", "Right", "To be set"), tuple(rows)),)


def _holds(match: Match, column: str, value: object) -> bool:
    """Whether a value is there; of lists, whether all of it is, whatever else there may be."""
    have = match.target[column] if match.target is not None else None
    if isinstance(value, list):
        present = set(have or ()) if column == "X500Addresses" else {v.casefold() for v in have or ()}
        return all((v if column == "X500Addresses" else v.casefold()) in present for v in value)
    if column == "UserPrincipalName":
        return bool(have)
    return same(column, have, value)
