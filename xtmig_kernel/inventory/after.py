"""Reads after a move: the service's own record of it, and the service plans of both sides' users (shapes 3.6)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

from xtmig_kernel.counting import counted
from xtmig_kernel.errors import ServiceError
from xtmig_kernel.inventory.addresses import guid_or_none
from xtmig_kernel.inventory.moves import migration_users, time_or_none
from xtmig_kernel.inventory.recipients import mail_users, mailboxes
from xtmig_kernel.inventory.users import chosen_users
from xtmig_kernel.m365 import GraphRequest
from xtmig_kernel.rules.batches import DONE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext

_GUID_BYTES = 16


def move_histories(context: ReadContext) -> tuple[str, list[Row]]:
    """What the service itself recorded of the moves of mailboxes that are completed in this project's batches.

    A mailbox without a record, or with records of other mailboxes alone, has a row without values.
    """
    prefix = context.project.batch_name("").casefold()
    _, users = migration_users(context)
    moved = {
        str(row["MailboxGuid"]): str(row["Identity"])
        for row in users
        if row["MailboxGuid"] and row["Status"] in DONE and str(row["BatchId"] or "").casefold().startswith(prefix)
    }
    asked = {"IncludeMoveHistory": True, "IncludeMoveReport": True}
    answers = context.tenant.exchange.invoke_many(
        [("Get-MailboxStatistics", {"Identity": guid, **asked}) for guid in moved]
    )
    return f"Get-MailboxStatistics -IncludeMoveHistory of {counted(len(moved), 'mailbox', 'mailboxes')}", [
        {"ExchangeGuid": guid, "Mailbox": name, **_recorded(answer, guid)}
        for (guid, name), answer in zip(moved.items(), answers, strict=True)
    ]


def _recorded(answer: Any, guid: str) -> dict[str, Any]:
    """Of several moves the one that ended last; nothing of a mailbox that did not tell."""
    if isinstance(answer, ServiceError) or not answer.rows:
        return {}
    history = answer.rows[0].get("MoveHistory") or []
    entries = [item for item in (history if isinstance(history, list) else [history]) if _is_of(item, guid)]
    if not entries:
        return {}
    last = max(entries, key=lambda item: str(item.get("CompletionTimestamp") or ""))
    report = last.get("Report")
    sizes = report if isinstance(report, dict) else {}
    return {
        "Status": _text(last.get("Status")),
        "CompletedAt": time_or_none(last.get("CompletionTimestamp")),
        "SourceItems": _first_number(_items(sizes.get("SourceMailboxSize")), last.get("TotalMailboxItemCount")),
        "TargetItems": _first_number(_items(sizes.get("TargetMailboxSize")), last.get("ItemsTransferred")),
    }


def _is_of(entry: Any, guid: str) -> bool:
    """Whether a record is of this mailbox: its snapshot says so, or there is none that says otherwise."""
    if not isinstance(entry, dict):
        return False
    report = entry.get("Report")
    snapshot = report.get("TargetMailboxAfterMove") if isinstance(report, dict) else None
    named = snapshot_guid(snapshot, "ExchangeGuid")
    return named is None or named == guid


def snapshot_guid(snapshot: Any, name: str) -> str | None:
    """A GUID out of a move report's snapshot of an object; it is kept there as base64 of .NET's bytes.

    Args:
        snapshot: Such as `Report.TargetMailboxAfterMove`: a mapping with `props`.
        name: How the property's name ends, such as `ExchangeGuid`.
    """
    props = snapshot.get("props") or snapshot.get("Props") if isinstance(snapshot, dict) else None
    for prop in props or []:
        if str(prop.get("PropertyName") or prop.get("propertyname") or "").casefold().endswith(name.casefold()):
            for text in _values(prop.get("Values")):
                found = _guid_of(text)
                if found:
                    return found
    return None


def _values(values: Any) -> Iterator[str]:
    for value in values if isinstance(values, list) else [values]:
        text = value.get("StrValue") if isinstance(value, dict) else value
        if text:
            yield str(text)


def _guid_of(text: str) -> str | None:
    try:
        return guid_or_none(str(UUID(text)))
    except ValueError:
        pass
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return guid_or_none(str(UUID(bytes_le=content))) if len(content) == _GUID_BYTES else None


def _items(size: Any) -> Any:
    return size.get("ItemCount") if isinstance(size, dict) else None


def _first_number(*values: Any) -> int | None:
    return next((value for value in values if isinstance(value, int) and not isinstance(value, bool)), None)


def _text(value: Any) -> str | None:
    return (value.get("Value") if isinstance(value, dict) else value) or None


def licence_plans(context: ReadContext) -> tuple[str, list[Row]]:
    """Every service plan of the users of `users.csv` on this side, twenty users in a request (PLN-03, PLN-07).

    Raises:
        ServiceError: One of them could not be read; a part of the users is never taken for all.
    """
    people = sorted(object_ids_of_chosen(context))
    paths = [f"/users/{quote(object_id, safe='')}/licenseDetails" for object_id in people]
    replies = context.tenant.graph.batch([GraphRequest("GET", path) for path in paths])
    rows: list[Row] = []
    names = _sign_in_names(context)
    for object_id, reply in zip(people, replies, strict=True):
        if isinstance(reply, ServiceError):
            raise reply
        rows += _plans(object_id, names.get(object_id), reply.data.get("value") or [])
    return f"Graph GET /users/{{id}}/licenseDetails of {counted(len(people), 'user')}", rows


def _plans(object_id: str, name: str | None, details: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    for detail in details:
        for plan in detail.get("servicePlans") or []:
            yield {
                "UserId": object_id,
                "UserPrincipalName": name,
                "SkuId": str(detail["skuId"]).lower(),
                "SkuPartNumber": detail.get("skuPartNumber"),
                "PlanId": str(plan["servicePlanId"]).lower(),
                "PlanName": plan.get("servicePlanName"),
                "AppliesTo": plan.get("appliesTo"),
                "Status": plan.get("provisioningStatus"),
            }


def _holders(context: ReadContext) -> list[Row]:
    """Mailboxes and MailUsers of this side."""
    return [*mailboxes(context)[1], *mail_users(context)[1]]


def _sign_in_names(context: ReadContext) -> dict[str, str]:
    return {str(row["ObjectId"]): str(row["UserPrincipalName"]) for row in _holders(context) if row["ObjectId"]}


def object_ids_of_chosen(context: ReadContext) -> set[str]:
    """Object IDs of the users of `users.csv` on this side.

    In the target they are found by `TargetAddress`, and by the ExchangeGuid of the source's object where the source
    is signed in.

    Args:
        context: The side.
    """
    _, chosen = chosen_users(context)
    column = "SourceAddress" if context.side == "source" else "TargetAddress"
    wanted = {str(row[column]).casefold() for row in chosen if row[column]}
    guids: set[str] = set()
    if context.side == "target" and "source" in context.tenants:
        sources = {str(row["SourceAddress"]).casefold() for row in chosen}
        there = _holders(replace(context, side="source"))
        guids = {str(row["ExchangeGuid"]) for row in there if row["ExchangeGuid"] and _answers(row, sources)}
    return {
        str(row["ObjectId"])
        for row in _holders(context)
        if row["ObjectId"] and (_answers(row, wanted) or row["ExchangeGuid"] in guids)
    }


def _answers(row: Row, addresses: set[str]) -> bool:
    return any(str(a).casefold() in addresses for a in (*row["SmtpAddresses"], row["PrimarySmtpAddress"]) if a)
