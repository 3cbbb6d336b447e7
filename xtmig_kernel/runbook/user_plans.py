"""Plans of section 100 for MailUsers: clear what a mailbox left, create, stamp, take foreign addresses off. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.changes import Change, ExchangeCall, Level, NewPassword, Subject
from xtmig_kernel.powershell import quoted
from xtmig_kernel.rules.prepared import (
    ADDRESSES,
    PERSONS,
    STAMPED,
    as_created,
    domain_of,
    in_cloud,
    parts,
    same,
    stamped,
    verified_domains,
    wanted,
)
from xtmig_kernel.rules.previous import Remains, may_be_cleared, remains

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xtmig_kernel.project import Project
    from xtmig_kernel.rules import Seen
    from xtmig_kernel.rules.matching import Match

CREATION_SECONDS = 180
"""A new MailUser cannot be read for up to 90 seconds (wire 1.8 [LIVE]); twice that is waited for."""
STAMP_SECONDS = 120


def plan_clearing(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Clear what remains of previous mailboxes where `users.csv` asks and nothing is missing (USR-24, USR-25)."""
    return tuple(_clearing(item, project) for item in remains(seen, project) if may_be_cleared(item))


def _clearing(item: Remains, project: Project) -> Change:
    sign_in = str(item.target["UserPrincipalName"])
    subject, before, after = _trace(item)
    agreed = str(item.match.user["PreviousMailboxAgreedBy"] or "").strip()
    return Change(
        step="100.1",
        side="target",
        tenant_id=project.target.tenant_id,
        subject=subject,
        title=f"Clear for ever what remains of the previous mailbox of {sign_in} ({item.held}"
        + (f"; agreed by {agreed})" if agreed else ")"),
        before=before,
        after=after,
        calls=(
            ExchangeCall(
                "Set-User", {"Identity": sign_in, "PermanentlyClearPreviousMailboxInfo": True, "Confirm": False}
            ),
        ),
        level=Level.SECOND_PERSON,
        undo="Cannot be undone: the deleted mailbox and everything in it are lost.",
        statements=("USR-24", "USR-25", "USR-26", "USR-28"),
        irreversible=True,
        lag_seconds=STAMP_SECONDS,
    )


def _trace(item: Remains) -> tuple[Subject, dict[str, Any], dict[str, Any] | None]:
    """The object in which the clearing is seen: the strongest of the traces that it takes away."""
    identity, label = str(item.target["ObjectId"]), str(item.target["UserPrincipalName"])
    if item.kind:
        subject = Subject("target", "exchange_users", (("ObjectId", identity),), label)
        return subject, {"PreviousRecipientTypeDetails": item.kind}, {"PreviousRecipientTypeDetails": None}
    if item.guid:
        subject = Subject("target", "mail_users", (("ObjectId", identity),), label)
        return subject, {"ExchangeGuid": item.guid}, {"ExchangeGuid": None}
    row = next(row for row in item.deleted if row["ObjectId"] == item.target["ObjectId"])
    key = (("ExchangeGuid", str(row["ExchangeGuid"])),)
    subject = Subject("target", "soft_deleted_mailboxes", key, f"deleted mailbox of {label}")
    return subject, {"Items": row["Items"]}, None


def plan_creation(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Create the MailUsers that are not there yet (USR-01, USR-11, USR-12, USR-13, SCR-07, SCR-09)."""
    return tuple(_creation(match, project) for match in in_cloud(seen, project) if match.action == "create")


def _creation(match: Match, project: Project) -> Change:
    source, names = parts(match)
    external = wanted(match, project)["ExternalEmailAddress"]
    person = match.person or {}
    parameters: dict[str, Any] = {
        "Name": names.alias,
        "MicrosoftOnlineServicesID": names.sign_in,
        "Alias": names.alias,
        "DisplayName": str(source["DisplayName"] or names.alias),
        "FirstName": person.get("FirstName"),
        "LastName": person.get("LastName"),
        "ExternalEmailAddress": external,
        "PrimarySmtpAddress": names.address,
        "Password": _password(match, project),
    }
    return Change(
        step="100.2",
        side="target",
        tenant_id=project.target.tenant_id,
        subject=_subject(match),
        title=f"Create MailUser {names.sign_in} for {match.label}",
        before=None,
        # not the primary address: whether the service takes it here is not certain, and step 100.3 sets it anyway
        after={"UserPrincipalName": names.sign_in, "Alias": names.alias, "ExternalEmailAddress": external},
        calls=(ExchangeCall("New-MailUser", {name: value for name, value in parameters.items() if value}),),
        level=Level.UNDOABLE,
        undo=f"Remove-MailUser -Identity {quoted(names.sign_in)}",
        statements=("USR-01", "USR-11", "USR-12", "USR-13", "SCR-07", "SCR-09"),
        lag_seconds=CREATION_SECONDS,
    )


def _password(match: Match, project: Project) -> NewPassword:
    """Nobody signs in to a room, an equipment or a shared mailbox, so nobody is to have its password."""
    source, names = parts(match)
    route = project.target_users.passwords if source["RecipientTypeDetails"] in PERSONS else "discard"
    return NewPassword(route, names.sign_in, project.target_users.password_length)


def plan_stamps(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Stamp every MailUser, one write for each; those that 100.2 will create, as they will be then (USR-04 to 14)."""
    changes = (_stamp(match, project) for match in in_cloud(seen, project) if match.action != "blocked")
    return tuple(change for change in changes if change is not None)


def _stamp(match: Match, project: Project) -> Change | None:
    have = match.target if match.target is not None else as_created(match, project)
    identity = str(have["UserPrincipalName"] or "")
    after = {
        column: value
        for column, value in stamped(match, project).items()
        if value is not None and not same(column, have[column], value)
    }
    if not after or not identity.strip():
        return None
    if set(after) & set(ADDRESSES):
        # one attribute of the service holds them all, so what it replaces is compared as a whole
        after = {column: stamped(match, project)[column] for column in ADDRESSES} | after
    return Change(
        step="100.3",
        side="target",
        tenant_id=project.target.tenant_id,
        subject=_subject(match),
        title=f"Stamp {identity} with {_words(after)} of {match.label}",
        before={column: have[column] for column in STAMPED if column in after},
        after={column: after[column] for column in STAMPED if column in after},
        calls=(ExchangeCall("Set-MailUser", {"Identity": identity, **_parameters(after, project)}),),
        level=Level.UNDOABLE,
        undo=f"Set-MailUser -Identity {quoted(identity)} with the former values; an ExchangeGuid of zeros unsets it.",
        statements=(
            "USR-04", "USR-05", "USR-06", "USR-07", "USR-12", "USR-13", "USR-15", "USR-26", "USR-30",
            "KNI-02", "MFL-02", "SCR-10", "SCR-11",
        ),
        lag_seconds=STAMP_SECONDS,
    )  # fmt: skip


def _words(after: Mapping[str, Any]) -> str:
    told = ["addresses" if column in ADDRESSES else column for column in STAMPED if column in after]
    return ", ".join(dict.fromkeys(told))


def _parameters(after: Mapping[str, Any], project: Project) -> dict[str, Any]:
    """The call's parameters: the whole list of addresses, the primary one in capitals (wire 1.4)."""
    given: dict[str, Any] = {
        name: after[name] for name in ("ExchangeGuid", "ArchiveGuid", "ExternalEmailAddress") if name in after
    }
    if "SmtpAddresses" in after:
        primary = after["PrimarySmtpAddress"]
        others = [a for a in after["SmtpAddresses"] if a.casefold() != primary.casefold()]
        given["EmailAddresses"] = [
            f"SMTP:{primary}",
            *(f"smtp:{address}" for address in others),
            *after["X500Addresses"],
            *after["OtherAddresses"],
        ]
    if "CustomAttributes" in after:
        given[project.users.attribute] = project.users.value
    return given


def plan_removals(seen: Seen, project: Project) -> tuple[Change, ...]:
    """Take off addresses in domains that the target has not verified (KNI-02, USR-15).

    What the source mailbox has itself goes with the stamp; this is the rest, which belonged to the object before. It is
    planned from the state after the stamp, so that an approval given before the stamp still holds after it.
    """
    verified = verified_domains(seen, "target")
    changes = (_removal(m, project, verified) for m in in_cloud(seen, project) if m.action == "adopt")
    return tuple(change for change in changes if change is not None)


def _removal(match: Match, project: Project, verified: frozenset[str]) -> Change | None:
    if match.target is None or not str(match.target["UserPrincipalName"] or "").strip():
        return None
    present = stamped(match, project)["SmtpAddresses"]
    gone = [address for address in present if domain_of(address) not in verified]
    if not gone:
        return None
    identity = str(match.target["UserPrincipalName"])
    call = {"Identity": identity, "EmailAddresses": {"Remove": [f"smtp:{address}" for address in gone]}}
    return Change(
        step="100.4",
        side="target",
        tenant_id=project.target.tenant_id,
        subject=_subject(match),
        title=f"Take {', '.join(gone)} off {identity}",
        before={"SmtpAddresses": present},
        after={"SmtpAddresses": [address for address in present if address not in gone]},
        calls=(ExchangeCall("Set-MailUser", call),),
        level=Level.NAMED,
        undo=f"Set-MailUser -Identity {quoted(identity)} -EmailAddresses @{{Add=…}} with the addresses of the title.",
        statements=("KNI-02", "USR-15"),
        lag_seconds=STAMP_SECONDS,
    )


def _subject(match: Match) -> Subject:
    """By object ID where there is an object, otherwise by the sign-in name under which it will be created."""
    if match.target is not None and match.target["ObjectId"]:
        name = str(match.target["UserPrincipalName"])
        return Subject("target", "mail_users", (("ObjectId", str(match.target["ObjectId"])),), name)
    _, names = parts(match)
    return Subject("target", "mail_users", (("UserPrincipalName", names.sign_in),), names.sign_in)
