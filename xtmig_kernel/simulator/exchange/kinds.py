"""Which kind of recipient an object is (cmdlet reference [SRC]: RecipientType and RecipientTypeDetails)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.simulator.recipients_file import Contact, Group, Mailbox, MailUser

if TYPE_CHECKING:
    from xtmig_kernel.simulator.people import Entry

GROUPS = {
    "Security": "MailUniversalSecurityGroup",
    "Distribution": "MailUniversalDistributionGroup",
    "Microsoft365": "GroupMailbox",
    "Entra": "UniversalSecurityGroup",
}
READ_DIRECTLY = frozenset({"recipienttypedetails", "isdirsynced", *(f"customattribute{n}" for n in range(1, 16))})


def recipient_types(entry: Entry) -> tuple[str, str]:
    """RecipientType and RecipientTypeDetails of an object."""
    if isinstance(entry, Mailbox):
        return "UserMailbox", entry.kind
    if isinstance(entry, MailUser):
        return "MailUser", "MailUser"
    if isinstance(entry, Contact):
        return "MailContact", entry.kind
    if isinstance(entry, Group):
        details = GROUPS[entry.kind]
        return ("MailUniversalDistributionGroup" if entry.kind == "Microsoft365" else details), details
    return ("MailUser", "GuestMailUser") if entry.guest and entry.mail else ("User", "User")


def read_directly(entry: Entry) -> dict[str, Any]:
    """The properties of `READ_DIRECTLY`, without making a whole row."""
    row = {"recipienttypedetails": recipient_types(entry)[1], "isdirsynced": entry.directory_synchronised}
    if isinstance(entry, Mailbox | MailUser):
        row |= {f"customattribute{n}": text for n, text in entry.custom_attributes.items()}
    return row
