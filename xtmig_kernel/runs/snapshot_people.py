"""The directory's objects of a snapshot, as a tenants file says them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_OID, uuid5

from xtmig_kernel.runs.snapshot_folders import folders_of
from xtmig_kernel.runs.snapshot_side import given, proxies

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.runs.snapshot_side import SnapshotSide

GUEST = "GuestMailUser"
GROUPS = {
    "MailUniversalSecurityGroup": "Security",
    "MailUniversalDistributionGroup": "Distribution",
    "GroupMailbox": "Microsoft365",
}
MAILBOX_KINDS = frozenset({
    "UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox", "LinkedMailbox", "LinkedRoomMailbox",
    "SchedulingMailbox", "TeamMailbox", "DiscoveryMailbox",
})  # fmt: skip
PROTOCOLS = {
    "active_sync": "ActiveSyncEnabled", "owa": "OWAEnabled", "pop": "PopEnabled", "imap": "ImapEnabled",
    "mapi": "MAPIEnabled", "ews": "EwsEnabled", "smtp_authentication_disabled": "SmtpClientAuthenticationDisabled",
    "owa_policy": "OwaMailboxPolicy", "active_sync_policy": "ActiveSyncMailboxPolicy",
}  # fmt: skip
ROOM = {
    "automate": "AutomateProcessing", "allow_conflicts": "AllowConflicts", "booking_window_days": "BookingWindowInDays",
    "maximum_minutes": "MaximumDurationInMinutes", "everybody_books": "AllBookInPolicy", "books": "BookInPolicy",
    "delegates": "ResourceDelegates",
}  # fmt: skip
NONE, ORGANIZATION_HOLD = "None", 4


def people_of(side: SnapshotSide) -> dict[str, Any]:
    """Mailboxes, mail users, users, contacts and groups of one tenant.

    Args:
        side: What the snapshot says of it; what cannot be carried over is noted there.
    """
    mailboxes = [mailbox for row in side.rows("mailboxes") if (mailbox := _mailbox(side, row))]
    mailboxes += [_deleted(row) for row in side.rows("soft_deleted_mailboxes")]
    mail_users = [_mail_user(side, row) for row in side.rows("mail_users") if row["RecipientTypeDetails"] != GUEST]
    mail_users += [_deleted_mail_user(row) for row in side.rows("soft_deleted_mail_users")]
    groups = _groups(side)
    known = {entry.get("object_id") for entry in (*mailboxes, *mail_users, *groups)}
    users = list(_users(side, known))
    known |= {entry.get("object_id") for entry in users}
    return given(
        mailboxes=mailboxes, mail_users=mail_users, users=users, groups=groups, contacts=list(_contacts(side, known))
    )


def _names(row: Row) -> dict[str, Any]:
    alias = str(row.get("Alias") or row.get("Name") or row["ObjectId"])
    return {"alias": alias, "display_name": str(row.get("DisplayName") or alias)} | given(
        name=row.get("Name") if row.get("Name") != alias else None, object_id=row.get("ObjectId")
    )


def _recipient(side: SnapshotSide, row: Row) -> dict[str, Any]:
    custom = dict(str(text).split("=", 1) for text in row["CustomAttributes"])
    sign_in = str(row["UserPrincipalName"] or row["PrimarySmtpAddress"])
    return (
        _names(row)
        | {"upn": sign_in, "primary": str(row["PrimarySmtpAddress"] or sign_in)}
        | side.person(row)
        | given(
            proxies=proxies(row),
            exchange_guid=row["ExchangeGuid"],
            legacy_dn=row["LegacyExchangeDN"],
            custom_attributes={int(key.removeprefix("CustomAttribute")): text for key, text in custom.items()},
            directory_synchronised=bool(row["DirectorySynchronised"]) or None,
        )
    )


def _mailbox(side: SnapshotSide, row: Row) -> dict[str, Any] | None:
    kind = str(row["RecipientTypeDetails"])
    if kind not in MAILBOX_KINDS:
        side.lose(f"a mailbox of the kind {kind}, which the simulator lacks")
        return None
    guid, state = str(row["ExchangeGuid"]), side.states.get(str(row["ExchangeGuid"]), {})
    unreadable = side.unreadable(guid, archive=bool(row["ArchiveGuid"]))
    made = _recipient(side, row) | {
        "kind": kind,
        "retention_policy": state.get("RetentionPolicy"),
        "data_encryption_policy": state.get("DataEncryptionPolicy"),
        "sizes": _sizes(side, guid) | _quota("prohibit_send_receive_quota", state, "QuotaBytes"),
        "access": _access(side, guid, state),
        "unreadable": unreadable,
    }
    made |= _settings(side, guid, str(row["PrimarySmtpAddress"]))
    if row["ArchiveGuid"]:
        made["archive"] = _archive(side, row, state)
    elif state.get("AutoExpandingArchiveEnabled"):
        side.lose("a mailbox without an archive, for which archives may expand")
    move = str(state.get("MailboxMoveStatus") or NONE)
    return made | given(
        holds=_holds(state) | given(tracked=_tracked(side, guid)),
        folders=_folders(side, guid),
        archive_folders=_archive_folders(side, guid),
        usage_location=row["UsageLocation"],
        disabled_archive_guid=row["DisabledArchiveGuid"],
        elc_processing_disabled=bool(state.get("ElcProcessingDisabled")) or None,
        move_status=move if move != NONE else None,
        move_remote_host=state.get("MailboxMoveRemoteHostName"),
        move_batch=next((r["BatchName"] for r in side.rows("move_requests") if r["ExchangeGuid"] == guid), None)
        if move != NONE
        else None,
    )


def _settings(side: SnapshotSide, guid: str, address: str) -> dict[str, Any]:
    """What stands on the directory side of a mailbox: forwarding, protocols, how a room answers."""
    own = next(iter(side.grouped("mailbox_settings").get(guid, [])), {})
    forwarding = given(
        address=own.get("ForwardingAddress"),
        smtp_address=own.get("ForwardingSmtpAddress"),
        deliver_and_forward=bool(own.get("DeliverAndForward")) or None,
    )
    access, room = side.client_access.get(address, {}), side.grouped("calendar_processing").get(guid, [{}])[0]
    answers = room.get("AutomateProcessing") is not None
    return given(
        forwarding=forwarding,
        hidden_from_address_lists=bool(own.get("HiddenFromAddressLists")) or None,
        client_access={key: access[column] for key, column in PROTOCOLS.items() if access.get(column) is not None},
        calendar_processing={key: room[column] for key, column in ROOM.items()} if answers else None,
    )


def _deleted_mail_user(row: Row) -> dict[str, Any]:
    sign_in = str(row["UserPrincipalName"] or row["PrimarySmtpAddress"])
    address = str(row["PrimarySmtpAddress"] or sign_in)
    return {
        "alias": f"deleted-{row['ObjectId'] or row['ExchangeGuid']}",
        "display_name": str(row["DisplayName"] or sign_in),
        "upn": sign_in,
        "primary": address,
        "external_address": address,
        "soft_deleted": row["SoftDeletedAt"],
    } | given(object_id=row["ObjectId"], exchange_guid=row["ExchangeGuid"])


def _holds(state: Row) -> dict[str, Any]:
    return given(
        litigation=bool(state.get("LitigationHoldEnabled")) or None,
        in_place=list(state.get("InPlaceHolds") or []),
        delay=bool(state.get("DelayHoldApplied")) or None,
        delay_release=bool(state.get("DelayReleaseHoldApplied")) or None,
        compliance_tag=bool(state.get("ComplianceTagHoldApplied")) or None,
    )


def _tracked(side: SnapshotSide, guid: str) -> list[str]:
    """Holds of the organisation that the mailbox is under by its own log, and not by the organisation's list."""
    everybodys = {str(row["Hold"]).casefold() for row in side.rows("organization_holds")}
    rows = side.grouped("hold_tracking").get(guid, [])
    own = [str(row["Hold"]) for row in rows if row["Hold"] and row["Kind"] == ORGANIZATION_HOLD]
    return [hold for hold in own if hold.casefold() not in everybodys]


def _folders(side: SnapshotSide, guid: str) -> list[dict[str, Any]]:
    rows = side.grouped("folder_shapes").get(guid, [])
    return folders_of(rows[0], side.sizes.get((guid, False), {})) if rows and rows[0]["Folders"] is not None else []


def _archive_folders(side: SnapshotSide, guid: str) -> list[dict[str, Any]]:
    rows = side.grouped("archive_recoverable_folders").get(guid, [])
    return [
        {"path": f"/{row['Folder']}", "recoverable": True} | given(items=row["Items"], size=_bytes(row["Bytes"]))
        for row in rows
        if row["Folder"] and (row["Items"] or row["Bytes"])
    ]


def _bytes(number: int | None) -> str | None:
    return None if number is None else f"{number} B"


def _quota(key: str, state: Row, column: str) -> dict[str, str]:
    """No limit is written as no value, where the state was read at all."""
    return {key: _bytes(state[column]) or "Unlimited"} if state else {}


def _sizes(side: SnapshotSide, guid: str) -> dict[str, Any]:
    row = side.sizes.get((guid, False), {})
    return given(
        total=_bytes(row.get("Bytes")),
        items=row.get("Items"),
        deleted=_bytes(row.get("DeletedBytes")),
        deleted_items=row.get("DeletedItems"),
    )


def _archive(side: SnapshotSide, row: Row, state: Row) -> dict[str, Any]:
    guid = str(row["ExchangeGuid"])
    size = side.sizes.get((guid, True), {})
    parts = [str(uuid5(NAMESPACE_OID, f"{guid} {n}")) for n in range(state.get("AuxiliaryArchives") or 0)]
    return _quota("quota", state, "ArchiveQuotaBytes") | given(
        guid=row["ArchiveGuid"],
        auto_expanding=bool(state.get("AutoExpandingArchiveEnabled")) or None,
        auxiliary=parts,
        size=_bytes(size.get("Bytes")),
        items=size.get("Items"),
        deleted=_bytes(size.get("DeletedBytes")),
        deleted_items=size.get("DeletedItems"),
    )


def _access(side: SnapshotSide, guid: str, state: Row) -> dict[str, Any]:
    found: dict[str, Any] = {"send_on_behalf": list(state.get("SendOnBehalf") or [])}
    for row in side.rights.get(guid, ()):
        place, who, right = str(row["Place"]), str(row["Trustee"]), str(row["Right"])
        plain = row["TrusteeKind"] is not None and not row["Deny"] and not row["Inherited"]
        if row["TrusteeKind"] == "Self" or (place, right) == ("recipient", "SendOnBehalf"):
            continue  # the owner's own rights are always there, and delegates stand in the mailbox's state
        if place in ("mailbox", "recipient"):
            usual = {"mailbox": ("FullAccess", "full_access"), "recipient": ("SendAs", "send_as")}[place]
            if plain and right == usual[0]:
                found.setdefault(usual[1], []).append(who)
            else:
                others = found.setdefault(f"{place}_rights", [])
                others.append({"user": who, "rights": [right], "deny": row["Deny"], "inherited": row["Inherited"]})
        else:
            if place != "Calendar":
                side.lose("a calendar with a name of its own language, which is called Calendar here")
            _folder_right(found.setdefault("folders", []), who, right)
    return given(**found)


def _folder_right(rows: list[dict[str, Any]], who: str, right: str) -> None:
    for row in rows:
        if row["user"] == who:
            row["rights"].append(right)
            return
    rows.append({"folder": "Calendar", "user": who, "rights": [right]})


def _deleted(row: Row) -> dict[str, Any]:
    guid, sign_in = str(row["ExchangeGuid"]), str(row["UserPrincipalName"] or row["PrimarySmtpAddress"])
    return {
        "alias": f"deleted-{guid}",
        "display_name": str(row["DisplayName"] or sign_in),
        "upn": sign_in,
        "primary": str(row["PrimarySmtpAddress"] or sign_in),
        "soft_deleted": row["SoftDeletedAt"],
        "sizes": given(total=_bytes(row["Bytes"]), items=row["Items"]),
        "unreadable": ["statistics"] if row["Bytes"] is None else [],
    } | given(object_id=row["ObjectId"], exchange_guid=row["ExchangeGuid"])


def _mail_user(side: SnapshotSide, row: Row) -> dict[str, Any]:
    return (
        _recipient(side, row)
        | {"external_address": str(row["ExternalEmailAddress"] or "")}
        | {"recoverable_items_quota": _bytes(row["RecoverableItemsQuotaBytes"]) or "Unlimited"}
        | given(archive_guid=row["ArchiveGuid"], previous_recipient_type=_previous(side, row))
    )


def _previous(side: SnapshotSide, row: Row) -> str | None:
    kind = side.persons.get(str(row["ObjectId"]), {}).get("PreviousRecipientTypeDetails")
    if kind is None or kind in MAILBOX_KINDS:
        return kind
    side.lose(f"an object that was once of the kind {kind}, which the simulator lacks")
    return None


def _users(side: SnapshotSide, known: set[Any]) -> Iterator[dict[str, Any]]:
    guests = {str(row["ObjectId"]): row for row in side.rows("mail_users") if row["RecipientTypeDetails"] == GUEST}
    everybody = {**side.persons, **side.accounts}
    for identity, row in everybody.items():
        if identity not in known:
            account, mail = side.accounts.get(identity, {}), guests.get(identity, {})
            yield (
                {
                    "upn": str(row["UserPrincipalName"]),
                    "display_name": str(row["DisplayName"] or row["UserPrincipalName"]),
                    "object_id": identity,
                }
                | side.person({"ObjectId": identity})
                | given(
                    mail=account.get("Mail") or mail.get("PrimarySmtpAddress"),
                    guest=bool(mail) or account.get("UserType") == "Guest" or None,
                    directory_synchronised=bool(account.get("DirectorySynchronised")) or None,
                    previous_recipient_type=_previous(side, {"ObjectId": identity}),
                )
            )


def _contacts(side: SnapshotSide, known: set[Any]) -> Iterator[dict[str, Any]]:
    """Whatever else bears an address: its addresses are taken, whatever it is."""
    for row in side.rows("recipients"):
        if row["ObjectId"] not in known and row["RecipientTypeDetails"] not in GROUPS:
            address = str(row["PrimarySmtpAddress"] or "")
            names = _names(row)
            yield {
                "kind": str(row["RecipientTypeDetails"]),
                "name": str(row["Name"] or names["alias"]),
                "display_name": names["display_name"],
                "alias": names["alias"],
                "primary": address,
                "external_address": address,
            } | given(object_id=row["ObjectId"], proxies=proxies(row))


def _groups(side: SnapshotSide) -> list[dict[str, Any]]:
    listed = {str(row["ObjectId"]): row for row in side.rows("distribution_groups")}
    licensing = {str(row["Id"]): row for row in side.rows("licensing_groups")}
    members = _members(side)
    found = []
    for row in side.rows("recipients"):
        kind = GROUPS.get(str(row["RecipientTypeDetails"]))
        if kind is not None:
            own, licences = listed.get(str(row["ObjectId"]), {}), licensing.pop(str(row["ObjectId"]), None)
            named = _names(row)
            found.append(
                {"name": str(row["Name"]), "alias": named["alias"], "primary": str(row["PrimarySmtpAddress"])}
                | given(
                    kind=kind,
                    display_name=named["display_name"],
                    object_id=row["ObjectId"],
                    proxies=proxies(row),
                    managed_by=list(own.get("ManagedBy") or []),
                    directory_synchronised=bool(own.get("DirectorySynchronised")) or None,
                )
                | (_licensing(side, licences) if licences else {})
                | given(members=members.get(str(row["Name"])))
            )
    initial = next((r["InitialDomain"] for r in side.rows("organization")), "")
    for row in licensing.values():
        plain = {"name": str(row["DisplayName"]), "alias": str(row["Id"]), "primary": f"{row['Id']}@{initial}"}
        found.append(plain | {"kind": "Entra", "object_id": row["Id"]} | _licensing(side, row))
    return found


def _members(side: SnapshotSide) -> dict[str, list[str]]:
    """Group's name to its direct members, of the scope groups and of the groups in them."""
    found: dict[str, list[str]] = {}
    for row in side.rows("scope_members"):
        if row["ObjectId"] is None:
            side.lose("a member of a scope group without an object ID")
            continue
        members = found.setdefault(str(row["Via"] or row["Group"]), [])
        if row["ObjectId"] not in members:
            members.append(str(row["ObjectId"]))
    return found


def _licensing(side: SnapshotSide, row: Row) -> dict[str, Any]:
    skus: Sequence[str] = [sku for sku in row["SkuIds"] if sku in side.parts]
    holders = [identity for identity, user in side.accounts.items() if set(skus) & set(user["GroupSkuIds"])]
    dynamic = bool(row["Dynamic"])
    return {"licences": [side.parts[sku] for sku in skus], "members": holders} | given(
        dynamic=dynamic or None, takes_listed=dynamic or None
    )
