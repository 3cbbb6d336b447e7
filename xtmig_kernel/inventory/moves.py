"""Batches, the users in them and the moves behind them, read in bulk (shapes 3.11 to 3.14).

A blank or unknown Identity makes Get-MigrationUser, Get-MigrationBatch and Get-MoveRequest return everything, so they
are never asked for one object: all are read, and filtered here.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from xtmig_kernel.clock import as_text
from xtmig_kernel.counting import counted
from xtmig_kernel.errors import NotFound, Rejected, ServiceError
from xtmig_kernel.inventory.addresses import guid_or_none
from xtmig_kernel.m365 import size_bytes
from xtmig_kernel.rules.batches import AT_REST, BATCH_COMPLETES, COMPLETING, DONE, ON_THE_WAY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext

ALL = {"ResultSize": "Unlimited"}
END_OF_TIME = 9999
"""Year that the service writes where no moment was given."""
MOST_SYNCING = 50
"""How many of those who are being copied are asked how far they are; the others are told by their batch's counts."""
_UNREMARKABLE = AT_REST | ON_THE_WAY | COMPLETING | DONE
_NUMBER = re.compile(r"-?\d+")


def migration_batches(context: ReadContext) -> tuple[str, list[Row]]:
    """All batches of the tenant, those of others included (BAT-01 to BAT-05)."""
    found = context.once("Get-MigrationBatch", lambda: context.tenant.exchange.invoke("Get-MigrationBatch", ALL).rows)
    return "Get-MigrationBatch", [_batch(row) for row in found]


def _batch(row: Row) -> dict[str, Any]:
    names = ("Identity", "Status", "MigrationType", "SourceEndpoint", "TargetDeliveryDomain", "DataConsistencyScore")
    given = row.get("CompleteAfterUTC") or row.get("CompleteAfter")
    moment = time_or_none(given)
    # what is given and is no time that can be read may well be one at which it completes
    unclear = bool(given) and moment is None and not str(given).startswith(str(END_OF_TIME))
    return {
        **{name: row.get(name) for name in names},
        **{name: int_or_none(row.get(name)) for name in ("TotalCount", "SyncedCount", "FinalizedCount", "FailedCount")},
        "CreatedAt": time_or_none(row.get("CreationDateTimeUTC") or row.get("CreationDateTime")),
        "LastSyncedAt": time_or_none(row.get("LastSyncedDateTimeUTC") or row.get("LastSyncedDateTime")),
        "CompleteAfter": moment,
        "CompletionAsked": moment is not None or unclear or str(row.get("Status")) in BATCH_COMPLETES,
    }


def migration_users(context: ReadContext) -> tuple[str, list[Row]]:
    """Everybody who is in a batch, with what stopped them (LIC-11, LIC-15; shapes 3.12)."""
    return "Get-MigrationUser", [
        {name: row.get(name) for name in ("Identity", "BatchId", "Status", "ErrorSummary", "DataConsistencyScore")}
        | {
            "MailboxGuid": guid_or_none(row.get("MailboxGuid")),
            "RequestGuid": guid_or_none(row.get("RequestGuid")),
            "SyncedItems": int_or_none(row.get("SyncedItemCount")),
            "SkippedItems": int_or_none(row.get("SkippedItemCount")),
            "UnapprovedSkippedItems": bool(row.get("HasUnapprovedSkippedItems")),
            "LastSyncedAt": time_or_none(row.get("LastSuccessfulSyncTime")),
        }
        for row in _users(context)
    ]


def migration_details(context: ReadContext) -> tuple[str, list[Row]]:
    """What the service says of users of this project whose state needs an explanation, and of some who are copied.

    Statistics cost one cmdlet for each user, so nobody is asked about who is at rest, on the way or done without error.
    """
    ours = list(_ours(context))
    remarkable = [row for row in ours if _remarkable(row)]
    copied = [row for row in ours if not _remarkable(row) and row.get("Status") == "Syncing"][:MOST_SYNCING]
    asked = [str(row["Identity"]) for row in (*remarkable, *copied)]
    answers = _statistics(context, asked, {})
    return f"Get-MigrationUserStatistics of {counted(len(asked), 'user')}", [
        _detail(name, row) for name, row in answers
    ]


def _remarkable(row: Row) -> bool:
    return bool(row.get("ErrorSummary")) or row.get("Status") not in _UNREMARKABLE


def _detail(identity: str, row: Row) -> dict[str, Any]:
    return {
        "Identity": identity,
        **{name: row.get(name) for name in ("Status", "ErrorType", "Error")},
        "PercentComplete": int_or_none(row.get("PercentageComplete")),
        "SourceItems": int_or_none(row.get("TotalItemsInSourceMailboxCount")),
        "SyncedItems": int_or_none(row.get("SyncedItemCount")),
        "BytesTransferred": _bytes_or_none(row.get("BytesTransferred")),
        "CompleteAfter": time_or_none(row.get("CompleteAfterUTC") or row.get("CompleteAfter")),
    }


def skipped_items(context: ReadContext) -> tuple[str, list[Row]]:
    """Items that could not be copied, of this project's users who have any; without subjects and senders."""
    asked = [
        str(row["Identity"])
        for row in _ours(context)
        if int_or_none(row.get("SkippedItemCount")) or row.get("HasUnapprovedSkippedItems")
    ]
    answers = _statistics(context, asked, {"IncludeSkippedItems": True})
    return f"Get-MigrationUserStatistics -IncludeSkippedItems of {counted(len(asked), 'user')}", [
        {
            "Identity": identity,
            "Kind": item.get("Kind"),
            "Folder": item.get("FolderName"),
            "Bytes": _bytes_or_none(item.get("MessageSize")),
            "ReceivedAt": time_or_none(item.get("DateReceived")),
            "Scores": [str(score) for score in item.get("ScoringClassifications") or []],
            "Number": number,
        }
        for identity, row in answers
        for number, item in enumerate(row.get("SkippedItems") or [], 1)
    ]


def move_requests(context: ReadContext) -> tuple[str, list[Row]]:
    """Every move that is under way in the tenant, of any kind (BAT-10).

    The filter that the document names is not among the values that the cmdlet's reference lists (doc trap B7), so
    nothing is filtered by the service.
    """
    found = context.tenant.exchange.invoke("Get-MoveRequest", ALL).rows
    return "Get-MoveRequest", [
        {name: row.get(name) for name in ("Identity", "Status", "BatchName")}
        | {"ExchangeGuid": guid_or_none(row.get("ExchangeGuid")), "Flags": _flags(row.get("Flags"))}
        for row in found
    ]


def _flags(value: Any) -> list[str]:
    texts = value if isinstance(value, (list, tuple)) else [value or ""]
    parts = {part.strip() for text in texts for part in str(text).split(",")}
    return sorted(part for part in parts if part and part != "None")


def migration_rows(context: ReadContext) -> Sequence[Row]:
    """Everybody who is in a batch, as the service sent them; read once for all tables of one moment.

    Args:
        context: The target.
    """
    return _users(context)


def _users(context: ReadContext) -> Sequence[Row]:
    found: Sequence[Row] = context.once(
        "Get-MigrationUser", lambda: context.tenant.exchange.invoke("Get-MigrationUser", ALL).rows
    )
    return found


def _ours(context: ReadContext) -> Iterator[Row]:
    """Users of batches whose names begin as this project's do; a user without a name is asked nothing about."""
    begins = context.project.batch_name("").casefold()
    for row in _users(context):
        if str(row.get("BatchId") or "").casefold().startswith(begins) and str(row.get("Identity") or "").strip():
            yield row


def _statistics(context: ReadContext, asked: Sequence[str], further: Row) -> list[tuple[str, Row]]:
    """What the service says of each of these users; who is gone, or of whom it will not tell, has no answer.

    Raises:
        ServiceError: The service was too busy, or the account may not ask.
    """
    calls = [("Get-MigrationUserStatistics", {"Identity": identity, **further}) for identity in asked]
    answers: list[tuple[str, Row]] = []
    for identity, reply in zip(asked, context.tenant.exchange.invoke_many(calls) if calls else [], strict=True):
        if isinstance(reply, ServiceError):
            if not isinstance(reply, (NotFound, Rejected)):
                raise reply
            continue
        # an identity that is gone by now may be answered with everybody
        own = [row for row in reply.rows if str(row.get("Identity")).casefold() == identity.casefold()]
        if len(own) == 1:
            answers.append((identity, own[0]))
    return answers


def int_or_none(value: Any) -> int | None:
    """A number that Exchange wrote as a number or as text (wire 1.5); None where it is none.

    Args:
        value: As Exchange sent it.
    """
    if isinstance(value, bool) or value is None:
        return None
    text = str(value).strip().replace(",", "")
    return int(text) if _NUMBER.fullmatch(text) else None


def time_or_none(value: Any) -> str | None:
    """A moment as ISO 8601 text in UTC; None where there is none, which Exchange may write as the end of time.

    Args:
        value: As Exchange sent it; without a zone it is UTC.
    """
    try:
        moment = datetime.fromisoformat(str(value or ""))
    except ValueError:
        return None
    if moment.year >= END_OF_TIME or moment.year <= 1:
        return None
    return as_text(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _bytes_or_none(value: Any) -> int | None:
    number = int_or_none(value)
    if number is not None or value is None:
        return number
    try:
        return size_bytes(str(value))
    except ValueError:
        return None
