"""What keeps a mailbox from moving, how large it is, and who else has rights on it (shapes 3.4, 3.6, 3.7).

Holds, archives and quotas come for all mailboxes at once; sizes must be asked for mailbox by mailbox, so only those of
the chosen users are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xtmig_kernel.inventory.addresses import guid_or_none
from xtmig_kernel.inventory.chosen import mailboxes_of_chosen
from xtmig_kernel.inventory.context import MissingFact
from xtmig_kernel.inventory.many import ask_many, rows_or_none
from xtmig_kernel.inventory.recipients import ALL
from xtmig_kernel.m365 import size_bytes

if TYPE_CHECKING:
    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext

_AS_THEY_ARE = (
    "PrimarySmtpAddress", "RecipientTypeDetails", "LitigationHoldEnabled", "ComplianceTagHoldApplied",
    "DelayHoldApplied", "DelayReleaseHoldApplied", "AutoExpandingArchiveEnabled", "ArchiveStatus", "MailboxMoveStatus",
    "MailboxMoveRemoteHostName", "RetentionPolicy", "ElcProcessingDisabled", "DataEncryptionPolicy",
)  # fmt: skip
_GUIDS = ("ExchangeGuid", "ArchiveGuid", "DisabledArchiveGuid")
_QUOTAS = {"QuotaBytes": "ProhibitSendReceiveQuota", "ArchiveQuotaBytes": "ArchiveQuota"}
_LISTS = {"InPlaceHolds": "InPlaceHolds", "SendOnBehalf": "GrantSendOnBehalfTo"}


def mailbox_states(context: ReadContext) -> tuple[str, list[Row]]:
    """Every mailbox that is not deleted: holds, archives, quotas, moves, delegates (HLD-01, ARC-02, QTA-02, PRM-02)."""
    further = (*_GUIDS, *_QUOTAS.values(), *_LISTS.values(), "ExternalDirectoryObjectId", "MailboxLocations")
    exchange = context.tenant.exchange
    found = context.once(
        "Get-Mailbox of states", lambda: exchange.invoke("Get-Mailbox", ALL, select=(*_AS_THEY_ARE, *further)).rows
    )
    return "Get-Mailbox", [_state(row) for row in found]


def _state(row: Row) -> dict[str, Any]:
    return {
        **{column: row.get(column) for column in _AS_THEY_ARE},
        **{column: guid_or_none(row.get(column)) for column in _GUIDS},
        **{column: size_bytes(row.get(name)) for column, name in _QUOTAS.items()},
        **{column: [str(item) for item in row.get(name) or []] for column, name in _LISTS.items()},
        "ObjectId": guid_or_none(row.get("ExternalDirectoryObjectId")),
        "AuxiliaryArchives": auxiliary_archives(row.get("MailboxLocations")),
    }


def auxiliary_archives(locations: Any) -> int | None:
    """How many auxiliary archives a mailbox has (ARC-02); None where its locations were not told.

    Args:
        locations: MailboxLocations: texts such as `1;<guid>;AuxArchive;<forest>;<database>`.
    """
    if not isinstance(locations, list):
        return None
    return sum("auxarchive" in str(location).casefold() for location in locations)


def organization_holds(context: ReadContext) -> tuple[str, list[Row]]:
    """Retention that holds every mailbox of the organisation (HLD-01).

    Raises:
        MissingFact: The organisation did not tell, which is never taken for none.
    """
    found = context.tenant.exchange.invoke("Get-OrganizationConfig").rows
    if not found or not isinstance(found[0].get("InPlaceHolds"), list):
        raise MissingFact("Get-OrganizationConfig did not tell its InPlaceHolds")
    return "Get-OrganizationConfig", [{"Hold": str(hold)} for hold in found[0]["InPlaceHolds"]]


def mailbox_sizes(context: ReadContext) -> tuple[str, list[Row]]:
    """Items and bytes of the chosen users' mailboxes and archives (QTA-02, ARC-03); unknown ones are None."""
    parts = [
        (mailbox, archive)
        for mailbox in mailboxes_of_chosen(context)
        for archive in (False, True)
        if not archive or mailbox["ArchiveGuid"]
    ]
    calls = [
        ("Get-MailboxStatistics", {"Identity": mailbox["ExchangeGuid"]} | ({"Archive": True} if archive else {}))
        for mailbox, archive in parts
    ]
    answers = ask_many(context, calls)
    return "Get-MailboxStatistics of the chosen users", [
        {"ExchangeGuid": mailbox["ExchangeGuid"], "PrimarySmtpAddress": mailbox["PrimarySmtpAddress"]}
        | {"Archive": archive, **_size((rows_or_none(answer) or [{}])[0])}
        for (mailbox, archive), answer in zip(parts, answers, strict=True)
    ]


def _size(row: Row) -> dict[str, int | None]:
    return {
        "Items": row.get("ItemCount"),
        "Bytes": size_bytes(row.get("TotalItemSize")),
        "DeletedItems": row.get("DeletedItemCount"),
        "DeletedBytes": size_bytes(row.get("TotalDeletedItemSize")),
    }
