"""Plan of section 190 for rights: what both ends of have moved, and the target lacks, is given again. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xtmig_kernel.changes import Change, ExchangeCall, Level, Subject
from xtmig_kernel.outputs import Exhibit
from xtmig_kernel.powershell import quoted
from xtmig_kernel.rules.after_permissions import (
    MAILBOX_RIGHTS,
    SEND_AS,
    SEND_ON_BEHALF,
    STEP,
    Grant,
    grantable,
    grants,
)

if TYPE_CHECKING:
    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen

LAG_SECONDS = 300
_STATES = {
    "kept": "moved with the mailbox, or given again",
    "missing": "to be given again",
    "other": "the delegate has another right there: ask the owner",
    "unknown": "the target's rights could not be read",
    "later": "the delegate moves later",
    "stays": "lost: the delegate stays",
    "group": "by way of a group: for a person",
}


def plan_grants(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Give every missing right again whose mailbox and delegate have both moved (PRM-03, PRM-06)."""
    found: dict[tuple[str, ...], list[Grant]] = {}
    for grant in grants(seen, project):
        if grantable(grant):
            # of a folder all rights are given in one call, for a second one would be refused
            what = grant.folder or grant.right
            found.setdefault((str(grant.row["ExchangeGuid"]), str(grant.trustee), what), []).append(grant)
    return tuple(
        _granted(several[0], sorted({grant.right for grant in several}), project) for several in found.values()
    )


def _granted(grant: Grant, rights: list[str], project: Project) -> Change:
    mailbox, trustee = str((grant.moved.target or {})["ObjectId"]), str(grant.trustee)
    label = f"{trustee} on {(grant.moved.target or {})['PrimarySmtpAddress']}"
    call, undo = _call(grant, rights, mailbox, trustee)
    right = ", ".join(rights)
    place = f" on {grant.folder}" if grant.folder else ""
    return Change(
        step=STEP,
        side="target",
        tenant_id=project.target.tenant_id,
        subject=Subject("target", "mailbox_permissions", _key(grant, rights[0], trustee), f"{right}{place} of {label}"),
        title=f"Give {trustee} {right}{place} of {grant.moved.label}'s mailbox again",
        before=None,
        after={"Right": rights[0]},
        calls=(call,),
        level=Level.UNDOABLE,
        undo=undo,
        statements=("PRM-03",) if grant.right == SEND_ON_BEHALF else ("PRM-06",),
        lag_seconds=LAG_SECONDS,
    )


def _key(grant: Grant, right: str, trustee: str) -> tuple[tuple[str, str], ...]:
    """The right says where it is kept; only of a folder the place is needed too."""
    key = (("ExchangeGuid", str(grant.row["ExchangeGuid"])), ("Trustee", trustee), ("Right", right))
    return (*key, ("Place", str(grant.row["Place"]))) if grant.folder else key


def _call(grant: Grant, rights: list[str], mailbox: str, trustee: str) -> tuple[ExchangeCall, str]:
    who = f"-Identity {quoted(mailbox)}"
    if grant.right == SEND_ON_BEHALF:
        # Add, for a plain value would take the place of all others (doc trap A10)
        call = ExchangeCall("Set-Mailbox", {"Identity": mailbox, "GrantSendOnBehalfTo": {"Add": [trustee]}})
        return call, f"Set-Mailbox {who} -GrantSendOnBehalfTo @{{Remove={quoted(trustee)}}}"
    if grant.right == SEND_AS:
        given = {"Identity": mailbox, "Trustee": trustee, "AccessRights": ["SendAs"]}
        undo = f"Remove-RecipientPermission {who} -Trustee {quoted(trustee)} -AccessRights SendAs"
        return ExchangeCall("Add-RecipientPermission", given), undo
    if grant.right in MAILBOX_RIGHTS:
        given = {"Identity": mailbox, "User": trustee, "AccessRights": [grant.right]}
        undo = f"Remove-MailboxPermission {who} -User {quoted(trustee)} -AccessRights {grant.right}"
        return ExchangeCall("Add-MailboxPermission", given), undo
    folder = f"{mailbox}:{grant.folder}"
    undo = f"Remove-MailboxFolderPermission -Identity {quoted(folder)} -User {quoted(trustee)}"
    return ExchangeCall(
        "Add-MailboxFolderPermission", {"Identity": folder, "User": trustee, "AccessRights": rights}
    ), undo


def show_grants(seen: Seen, project: Project) -> tuple[Exhibit, ...]:
    """Every right of before the cutover with what has become of it (PRM-06, PRM-07)."""
    rows = tuple(
        (
            grant.moved.label,
            str(grant.row["Trustee"]),
            ("denied " if grant.row["Deny"] else "") + grant.right,
            grant.folder or "",
            grant.trustee or "",
            _STATES[grant.state],
        )
        for grant in grants(seen, project)
    )
    if not rows:
        return ()
    columns = (
        "Mailbox",
        "Delegate in the source",
        "Right",
        "Folder",
        "Delegate in the target",
        "What has become of it",
    )
    caption = "The rights on moved mailboxes just before their cutover, and what has become of each."
    return (Exhibit("permissions-compared", caption, columns, rows),)
