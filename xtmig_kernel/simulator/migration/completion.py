"""Both objects change places: the mail user becomes the mailbox, the mailbox becomes a mail user."""

from __future__ import annotations

import base64
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from xtmig_kernel.simulator import content, licensing, people
from xtmig_kernel.simulator.address_book import book
from xtmig_kernel.simulator.identifiers import ZERO_GUID
from xtmig_kernel.simulator.licence_register import has_mailbox_plan
from xtmig_kernel.simulator.recipients_file import Archive, Mailbox, MailUser, MoveRecord, Recipient, Sizes
from xtmig_kernel.simulator.sizes import in_bytes

from .causes_objects import delivery_address
from .model import GENTLE_KINDS
from .rights import grant_waiting, moved_rights

if TYPE_CHECKING:
    from xtmig_kernel.simulator.recipients_file import Folder, Person
    from xtmig_kernel.simulator.world import Tenant, World

    from .case import Case


def convert(case: Case) -> bool:
    """Finish a move.

    The new mailbox has the kind of the old one, its GUID, archive, content and those rights that move. Forwarding,
    protocols, answers to bookings and retention policy are those of a new one [INF, F-111]. The old one becomes a mail
    user whose external address is the target's address in the delivery domain (document lines 513, 620).

    Args:
        case: A user whom nothing holds back any more.

    Returns:
        Whether the source could be converted too.
    """
    user, mailbox = case.user, case.mailbox
    if user is None or mailbox is None:
        raise RuntimeError("the checks let a user pass without both objects")
    before = snapshot(case.world, case.source, mailbox), snapshot(case.world, case.target, user)
    address = delivery_address(case) or user.primary
    made = _mailbox(case, user, mailbox)
    index = book(case.world, case.target)
    index.remove(user)
    index.add(made)
    grant_waiting(case, made, (made.exchange_guid or "").lower())
    left = mailbox if mailbox.conversion_fails else _leave_mail_user(case, mailbox, address)
    after = snapshot(case.world, case.source, left), snapshot(case.world, case.target, made)
    names = "SourceMailboxBeforeMove", "TargetMailUserBeforeMove", "SourceMailUserAfterMove", "TargetMailboxAfterMove"
    made.move_history = [
        _record(case, mailbox, made, dict(zip(names, (*before, *after), strict=True)), whole=left is not mailbox)
    ]
    _watch_licence(case, made)
    return left is not mailbox


def _mailbox(case: Case, user: MailUser, mailbox: Mailbox) -> Mailbox:
    world, source = case.world, case.source
    lost: Counter[str] = Counter()
    for item in case.mover.progress.skipped:
        if item.kind not in GENTLE_KINDS:
            lost[item.folder.rpartition("/")[2].lower()] += item.number
    folders = content.after_move(content.folders(mailbox), lost)
    archive_folders = content.after_move(content.archive_folders(mailbox), Counter())
    facts: dict[str, Any] = {name: getattr(user, name) for name in Recipient.model_fields}
    facts |= {
        "object_id": people.object_id(world, case.target, user),
        "legacy_dn": people.legacy_dn(world, case.target, user),
        "exchange_guid": people.mailbox_guid(world, source, mailbox),
        "disabled_archive_guid": None,
    }
    access = moved_rights(case, mailbox)
    access.send_as = list(user.send_as)
    staying: dict[str, Any] = {"signature": False, "teams_chat": False, "outbox_items": 0}
    staying |= {"corrupt_items": 0, "large_items": 0, "skipped": []}
    return Mailbox(
        **facts,
        kind=mailbox.kind,
        archive=_archive(case, mailbox, archive_folders),
        sizes=_sizes(mailbox.sizes, folders, user.recoverable_items_quota),
        folders=folders,
        archive_folders=archive_folders,
        access=access,
        content=mailbox.content.model_copy(update=staying),
        account_disabled=mailbox.account_disabled,
    )


def _sum(folders: list[Folder], *, recoverable: bool) -> tuple[str, int]:
    mine = [folder for folder in folders if folder.recoverable is recoverable]
    return f"{sum(in_bytes(f.size) for f in mine)} B", sum(f.items for f in mine)


def _sizes(before: Sizes, folders: list[Folder], recoverable_quota: str) -> Sizes:
    total, items = _sum(folders, recoverable=False)
    deleted, deleted_items = _sum(folders, recoverable=True)
    changes = {"total": total, "items": items, "deleted": deleted, "deleted_items": deleted_items}
    return before.model_copy(update={**changes, "recoverable_items_quota": recoverable_quota})


def _archive(case: Case, mailbox: Mailbox, folders: list[Folder]) -> Archive | None:
    if mailbox.archive is None:
        return None
    total, items = _sum(folders, recoverable=False)
    deleted, deleted_items = _sum(folders, recoverable=True)
    changes = {
        "guid": people.archive_guid(case.world, case.source, mailbox),
        "size": total, "items": items, "deleted": deleted, "deleted_items": deleted_items,
    }  # fmt: skip
    return mailbox.archive.model_copy(update=changes)


def _leave_mail_user(case: Case, mailbox: Mailbox, address: str) -> MailUser:
    world, source = case.world, case.source
    facts: dict[str, Any] = {name: getattr(mailbox, name) for name in Recipient.model_fields}
    facts |= {
        "object_id": people.object_id(world, source, mailbox),
        "legacy_dn": people.legacy_dn(world, source, mailbox),
        "exchange_guid": people.mailbox_guid(world, source, mailbox),
        "disabled_archive_guid": None,
        "external_address": address,
        "archive_guid": people.archive_guid(world, source, mailbox),
        "send_as": list(mailbox.access.send_as),
    }
    left = MailUser(**facts)
    index = book(world, source)
    index.remove(mailbox)
    index.add(left)
    return left


def _watch_licence(case: Case, made: Mailbox) -> None:
    """A mailbox of a user without a licence goes after thirty days (document line 626)."""
    register = licensing.register_of(case.world, case.target, case.moment)
    identity = register.identify(made)
    if made.kind == "UserMailbox" and not has_mailbox_plan(register, identity):
        moment = case.moment + timedelta(seconds=case.target.file.lags.mailbox_without_licence)
        register.announce(moment, identity, None)


def snapshot(world: World, tenant: Tenant, person: Person) -> dict[str, str]:
    """An object as the service keeps it before and after a move; GUIDs are base64 (shapes 3.6 [OBS])."""
    details: str
    if isinstance(person, Mailbox):
        details, archive = person.kind, people.archive_guid(world, tenant, person)
    else:
        details, archive = "MailUser", person.archive_guid
    external = person.external_address if isinstance(person, MailUser) else ""
    return {
        "RecipientTypeDetails": details,
        "Alias": person.alias,
        "DisplayName": person.display_name,
        "UserPrincipalName": person.upn,
        "PrimarySmtpAddress": person.primary,
        "EmailAddresses": ";".join(people.addresses(person)),
        "ExternalEmailAddress": f"SMTP:{external}" if external else "",
        "LegacyExchangeDN": people.legacy_dn(world, tenant, person),
        "ExchangeGuid": _base64(people.exchange_guid(world, tenant, person)),
        "ArchiveGuid": _base64(archive),
    }


def _base64(guid: str | None) -> str:
    return base64.b64encode(UUID(guid or ZERO_GUID).bytes_le).decode()


def _counts(mailbox: Mailbox) -> dict[str, int]:
    """What is in a mailbox, without its archive: numbers of items and bytes (shapes 3.13; their names are [MEM])."""
    visible = [place for place in content.folders(mailbox) if not place.recoverable]
    hidden = [place for place in content.folders(mailbox) if place.recoverable]
    return {
        "ItemCount": sum(place.items for place in visible),
        "ItemSize": sum(place.size for place in visible),
        "DeletedItemCount": sum(place.items for place in hidden),
        "DeletedItemSize": sum(place.size for place in hidden),
    }


def _record(
    case: Case, mailbox: Mailbox, made: Mailbox, snapshots: dict[str, dict[str, str]], *, whole: bool
) -> MoveRecord:
    progress, mover = case.mover.progress, case.mover
    arrived = [made.sizes.items, made.sizes.deleted_items]
    arrived += [made.archive.items, made.archive.deleted_items] if made.archive else []
    server = case.endpoint.properties["RemoteServer"] if case.endpoint else ""
    return MoveRecord(
        batch=case.batch.name,
        remote_host=str(server),
        request_guid=mover.request_guid or ZERO_GUID,
        status="Completed" if whole else "CompletedWithWarning",
        started=progress.began or case.moment,
        completed=case.moment,
        size=progress.size,
        items=progress.items,
        archive_size=progress.archive_size,
        archive_items=progress.archive_items,
        transferred=sum(arrived),
        skipped=progress.skipped_number,
        source_counts=_counts(mailbox),
        target_counts=_counts(made),
        snapshots=snapshots,
    )
