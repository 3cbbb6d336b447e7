"""Who may use a mailbox: full access, Send As, rights on folders (cmdlet reference [SRC]; shapes 3.7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.simulator import content, people
from xtmig_kernel.simulator.recipients_file import FolderPermission, Mailbox, MailUser, Right

from .all_recipients import EVERY_KIND
from .context import Context, Result
from .errors import ExchangeRefused, not_found
from .lookup import address_book, chosen, refuse_unserved, require_readable, target

if TYPE_CHECKING:
    from .binding import Bound
    from .lookup import Entry

SELF = "NT AUTHORITY\\SELF"
FULL_ACCESS, SEND_AS = "FullAccess", "SendAs"
NAMED_ALWAYS = ("Default", "Anonymous")
SERVED_GET = frozenset({
    "Identity", "User", "ResultSize", "IncludeUserWithDisplayName", "UseCustomRouting", "ReadFromDomainController",
    "IncludeUnresolvedPermissions", "IncludeSoftDeletedUserPermissions", "SkipCount",
})  # fmt: skip
SERVED_CHANGE = frozenset({"Identity", "User", "AccessRights", "AutoMapping", "InheritanceType", "IgnoreDefaultScope"})
SERVED_ADD_ON_FOLDER = frozenset({"Identity", "User", "AccessRights"})
FOLDER_RIGHT_EXISTS = "Microsoft.Exchange.Management.StoreTasks.UserAlreadyExistsInPermissionEntryException"
SERVED_GET_AS = frozenset({
    "Identity", "Trustee", "AccessRights", "ResultSize", "ReadFromDomainController",
    "IncludeTrusteeWithPrimarySmtpAddress",
})  # fmt: skip
SERVED_CHANGE_AS = frozenset({"Identity", "Trustee", "AccessRights"})


def _named(context: Context, name: str) -> Entry | None:
    found = address_book(context).one(name)
    return found if isinstance(found, EVERY_KIND) else None


def shown(context: Context, name: str) -> str:
    """Somebody with a right, as Exchange shows it: by sign-in name, a group by its name, the unknown as written."""
    entry = _named(context, name)
    return name if entry is None else str(getattr(entry, "upn", None) or people.common_name(entry))


def _trustee(context: Context, name: str) -> str:
    entry = _named(context, name)
    if entry is None:
        raise not_found(name)
    return str(getattr(entry, "upn", None) or getattr(entry, "primary", name))


def _same(context: Context, one: str, other: str) -> bool:
    return shown(context, one).lower() == shown(context, other).lower()


def get_mailbox_permission(context: Context, bound: Bound) -> Result:
    """Get-MailboxPermission: the owner's row first, then whoever has full access; of all without Identity."""
    refuse_unserved(bound, SERVED_GET)
    rows = []
    for mailbox in chosen(context, (Mailbox,), bound.get("Identity")):
        name = people.common_name(mailbox)
        require_readable(mailbox, "permissions")
        rows.append(_access_row(name, SELF, [FULL_ACCESS, "ReadPermission"]))
        rows += [_access_row(name, shown(context, who), [FULL_ACCESS]) for who in mailbox.access.full_access]
        rows += [
            _access_row(name, one.user, list(one.rights)) | {"Deny": one.deny, "IsInherited": one.inherited}
            for one in mailbox.access.mailbox_rights
        ]
    wanted = bound.get("User")
    if wanted:
        rows = [row for row in rows if row["User"].lower() == shown(context, str(wanted)).lower()]
    return Result(rows)


def _access_row(mailbox: str, user: str, rights: list[str]) -> dict[str, Any]:
    return {
        "Identity": mailbox,
        "User": user,
        "AccessRights": rights,
        "IsInherited": False,
        "Deny": False,
        "InheritanceType": "All",
        "IsValid": True,
        "ObjectState": "Unchanged",
    }


def _only(bound: Bound, right: str) -> None:
    """Answer 501 for any other right: the simulator keeps this one alone.

    Raises:
        UnsupportedRequest: Another right is given.
    """
    from xtmig_kernel.simulator.http import UnsupportedRequest

    given = [str(name).lower() for name in bound.get("AccessRights") or []]
    if given != [right.lower()]:
        raise UnsupportedRequest(f"parameter AccessRights {given}")


def add_mailbox_permission(context: Context, bound: Bound) -> Result:
    """Add-MailboxPermission: full access; again only warns."""
    refuse_unserved(bound, SERVED_CHANGE)
    _only(bound, FULL_ACCESS)
    mailbox: Mailbox = target(context, (Mailbox,), bound.get("Identity"))
    trustee = _trustee(context, str(bound.get("User")))
    row = _access_row(people.common_name(mailbox), trustee, [FULL_ACCESS])
    if any(_same(context, trustee, who) for who in mailbox.access.full_access):
        text = f"The appropriate access control entry is already present on the object '{mailbox.alias}'."
        return Result([row], [text])
    mailbox.access.full_access = [*mailbox.access.full_access, trustee]
    return Result([row])


def remove_mailbox_permission(context: Context, bound: Bound) -> Result:
    """Remove-MailboxPermission: full access; of who has none, only a warning."""
    refuse_unserved(bound, SERVED_CHANGE)
    _only(bound, FULL_ACCESS)
    mailbox: Mailbox = target(context, (Mailbox,), bound.get("Identity"))
    kept = [who for who in mailbox.access.full_access if not _same(context, who, str(bound.get("User")))]
    if kept == mailbox.access.full_access:
        return Result(warnings=[f"The access control entry isn't present on the object '{mailbox.alias}'."])
    mailbox.access.full_access = kept
    return Result()


def _send_as(entry: Mailbox | MailUser) -> list[str]:
    return entry.access.send_as if isinstance(entry, Mailbox) else entry.send_as


def _put_send_as(entry: Mailbox | MailUser, names: list[str]) -> None:
    if isinstance(entry, Mailbox):
        entry.access.send_as = names
    else:
        entry.send_as = names


def get_recipient_permission(context: Context, bound: Bound) -> Result:
    """Get-RecipientPermission: who may send as a mailbox or mail user, its owner first; of all without Identity."""
    refuse_unserved(bound, SERVED_GET_AS)
    rows = []
    for entry in chosen(context, (Mailbox, MailUser), bound.get("Identity")):
        names = [SELF] if isinstance(entry, Mailbox) else []
        names += [shown(context, who) for who in _send_as(entry)]
        rows += [_send_as_row(people.common_name(entry), name) for name in names]
        if isinstance(entry, Mailbox):
            require_readable(entry, "permissions")
            rows += [_other_row(people.common_name(entry), one) for one in entry.access.recipient_rights]
    wanted = bound.get("Trustee")
    if wanted:
        rows = [row for row in rows if row["Trustee"].lower() == shown(context, str(wanted)).lower()]
    return Result(rows)


def _other_row(recipient: str, one: Right) -> dict[str, Any]:
    kind = "Deny" if one.deny else "Allow"
    shown_as = {"AccessControlType": kind, "AccessRights": list(one.rights), "IsInherited": one.inherited}
    return _send_as_row(recipient, one.user) | shown_as


def _send_as_row(recipient: str, trustee: str) -> dict[str, Any]:
    return {
        "Identity": recipient,
        "Trustee": trustee,
        "AccessControlType": "Allow",
        "AccessRights": [SEND_AS],
        "IsInherited": False,
        "InheritanceType": "None",
        "IsValid": True,
        "ObjectState": "Unchanged",
    }


def add_recipient_permission(context: Context, bound: Bound) -> Result:
    """Add-RecipientPermission: Send As; again only warns."""
    refuse_unserved(bound, SERVED_CHANGE_AS)
    _only(bound, SEND_AS)
    entry: Mailbox | MailUser = target(context, (Mailbox, MailUser), bound.get("Identity"))
    trustee = _trustee(context, str(bound.get("Trustee")))
    row = _send_as_row(people.common_name(entry), trustee)
    if any(_same(context, trustee, who) for who in _send_as(entry)):
        return Result([row], [f"The appropriate access control entry is already present on '{entry.alias}'."])
    _put_send_as(entry, [*_send_as(entry), trustee])
    return Result([row])


def remove_recipient_permission(context: Context, bound: Bound) -> Result:
    """Remove-RecipientPermission: Send As; of who has none, only a warning."""
    refuse_unserved(bound, SERVED_CHANGE_AS)
    _only(bound, SEND_AS)
    entry: Mailbox | MailUser = target(context, (Mailbox, MailUser), bound.get("Identity"))
    kept = [who for who in _send_as(entry) if not _same(context, who, str(bound.get("Trustee")))]
    if kept == _send_as(entry):
        return Result(warnings=[f"The access control entry isn't present on the object '{entry.alias}'."])
    _put_send_as(entry, kept)
    return Result()


def get_folder_permission(context: Context, bound: Bound) -> Result:
    r"""Get-MailboxFolderPermission of `mailbox:\folder`: Default and Anonymous first; people by display name."""
    refuse_unserved(bound, SERVED_GET)
    mailbox, place = _place(context, bound)
    mine = _on(mailbox, place)
    said = {p.user.lower() for p in mine}
    usual = [p for p in _usual(place.name, place.kind) if p.user.lower() not in said]
    rows = [_folder_row(context, mailbox, place.name, right) for right in [*usual, *mine]]
    wanted_user = bound.get("User")
    if wanted_user:
        entry = _named(context, str(wanted_user))
        shown_name = getattr(entry, "display_name", None) or str(wanted_user)
        rows = [row for row in rows if row["User"].lower() == shown_name.lower()]
    return Result(rows)


def _place(context: Context, bound: Bound) -> tuple[Mailbox, content.Place]:
    wanted, _, path = str(bound.get("Identity") or "").partition(":\\")
    mailbox: Mailbox = target(context, (Mailbox,), wanted)
    name = path.replace("\\", "/").strip("/") or "Top of Information Store"
    place = next((f for f in content.folders(mailbox) if f.path[1:].lower() == name.lower()), None)
    if place is None:
        raise not_found(bound.get("Identity"))
    return mailbox, place


def _on(mailbox: Mailbox, place: content.Place) -> list[FolderPermission]:
    """The rights that were given on a folder."""
    name = place.path[1:].lower()
    return [p for p in mailbox.access.folders if p.folder.replace("\\", "/").strip("/").lower() == name]


def add_folder_permission(context: Context, bound: Bound) -> Result:
    r"""Add-MailboxFolderPermission on `mailbox:\folder`; who has rights there already is refused."""
    refuse_unserved(bound, SERVED_ADD_ON_FOLDER)
    mailbox, place = _place(context, bound)
    who = _trustee(context, str(bound.get("User")))
    if any(_same(context, who, right.user) for right in _on(mailbox, place)):
        raise ExchangeRefused(FOLDER_RIGHT_EXISTS, f"An existing permission entry was found for user: {who}.")
    rights = [str(name) for name in bound.get("AccessRights") or []]
    given = FolderPermission(folder=place.path[1:], user=who, rights=rights)
    mailbox.access.folders = [*mailbox.access.folders, given]
    return Result([_folder_row(context, mailbox, place.name, given)])


def _usual(folder: str, kind: str) -> list[FolderPermission]:
    default = "AvailabilityOnly" if kind == "Calendar" else "None"
    pairs = zip(NAMED_ALWAYS, (default, "None"), strict=True)
    return [FolderPermission(folder=folder, user=user, rights=[right]) for user, right in pairs]


def _folder_row(context: Context, mailbox: Mailbox, folder: str, right: FolderPermission) -> dict[str, Any]:
    entry = None if right.user in NAMED_ALWAYS else _named(context, right.user)
    return {
        "Identity": f"{people.common_name(mailbox)}:\\{folder}",
        "FolderName": folder,
        "User": str(getattr(entry, "display_name", None) or right.user),
        "AccessRights": list(right.rights),
        "SharingPermissionFlags": ", ".join(right.sharing_flags) or None,
        "IsValid": True,
        "ObjectState": "Unchanged",
    }
