"""As many prepared pairs as a test wants, as facts: the document's pair again and again, under names of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core_facts import configured, make_project
from preflight_facts import shape
from stay_facts import permission, size, state
from user_facts import chosen, directory_user, exchange_user, lara_mail_user, lara_mailbox, recipient, sku

from xtmig_kernel.clock import as_text
from xtmig_kernel.evidence import Observed
from xtmig_kernel.inventory.collecting import about
from xtmig_kernel.store import SnapshotStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

QUOTA = 107_374_182_400
WAVES = 20


def guid(kind: int, number: int) -> str:
    return f"{kind:08x}-0000-4000-8000-{number:012x}"


def name(number: int) -> str:
    return f"user{number:05}"


def address(number: int) -> str:
    """The address by which `users.csv` knows the n-th user."""
    return f"{name(number)}@contoso.com"


def wave(number: int) -> str:
    return f"Wave {number % WAVES + 1}"


def _source(number: int) -> dict[str, Any]:
    own = name(number)
    return lara_mailbox(
        ObjectId=guid(1, number), Name=own, Alias=own, DisplayName=f"User {number}", ExchangeGuid=guid(3, number),
        UserPrincipalName=f"{own}@contoso.onmicrosoft.com", PrimarySmtpAddress=address(number),
        SmtpAddresses=[f"{own}@contoso.onmicrosoft.com", address(number)], X500Addresses=[],
        LegacyExchangeDN=f"/o=First/cn=Recipients/cn={own}",
    )  # fmt: skip


def _target(number: int) -> dict[str, Any]:
    own, domain = name(number), "northwindtraders"
    return lara_mail_user(
        ObjectId=guid(2, number), Name=own, Alias=own, DisplayName=f"User {number}", ExchangeGuid=guid(3, number),
        UserPrincipalName=f"{own}@{domain}.onmicrosoft.com", PrimarySmtpAddress=f"{own}@{domain}.com",
        SmtpAddresses=[f"{own}@{domain}.onmicrosoft.com", f"{own}@{domain}.com"],
        ExternalEmailAddress=f"{own}@contoso.onmicrosoft.com",
        X500Addresses=[f"x500:/o=First/cn=Recipients/cn={own}"], LegacyExchangeDN=f"/o=Other/cn=Recipients/cn={own}",
    )  # fmt: skip


def _chosen(number: int) -> dict[str, Any]:
    own, domain = name(number), "northwindtraders"
    return chosen(
        SourceAddress=address(number), TargetAddress=f"{own}@{domain}.com", TargetAlias=own, Line=number + 2,
        TargetSignIn=f"{own}@{domain}.onmicrosoft.com", Wave=wave(number),
    )  # fmt: skip


def _person(side: str, number: int) -> dict[str, Any]:
    own, domain = name(number), "contoso" if side == "source" else "northwindtraders"
    return directory_user(
        side, Id=guid(1 if side == "source" else 2, number), DisplayName=f"User {number}",
        UserPrincipalName=f"{own}@{domain}.onmicrosoft.com", Mail=f"{own}@{domain}.com",
    )  # fmt: skip


def _rows(number: int) -> Iterator[tuple[str, dict[str, Any]]]:
    source, target = _source(number), _target(number)
    ids = {"ObjectId": source["ObjectId"], "ExchangeGuid": source["ExchangeGuid"]}
    yield "source.mailboxes", source
    yield "target.mail_users", target
    yield "source.chosen_users", _chosen(number)
    yield "source.recipients", recipient(source)
    yield "target.recipients", recipient(target)
    yield "source.exchange_users", exchange_user(source)
    yield "target.exchange_users", exchange_user(target)
    yield "source.directory_users", _person("source", number)
    yield "target.directory_users", _person("target", number)
    yield "source.mailbox_states", state(**ids, PrimarySmtpAddress=address(number))
    yield "source.mailbox_sizes", size(ExchangeGuid=source["ExchangeGuid"], PrimarySmtpAddress=address(number))
    yield "source.folder_shapes", shape(ExchangeGuid=source["ExchangeGuid"], Mailbox=address(number))
    yield "source.mailbox_permissions", permission(ExchangeGuid=source["ExchangeGuid"], Mailbox=address(number))


def pairs(number: int) -> dict[str, list[dict[str, Any]]]:
    """Every table of both tenants with so many users, all of them prepared and ready to move."""
    tables = configured()
    [member] = tables["source.scope_members"]
    found: dict[str, list[dict[str, Any]]] = {}
    for one in range(number):
        for fact, row in _rows(one):
            found.setdefault(fact, []).append(row)
    found["source.scope_members"] = [
        {**member, **{key: row[key] for key in member if key in row}} for row in found["source.mailboxes"]
    ]
    found["target.subscribed_skus"] = [sku(Enabled=2 * number, Consumed=number), sku("SPE_E3", Enabled=2 * number)]
    return tables | found


def spoiled(tables: dict[str, list[dict[str, Any]]], each: int) -> dict[str, list[dict[str, Any]]]:
    """Three defects, each of so many users: no GUID in the target, a hold in the source, a mailbox nearly full."""
    for row in tables["target.mail_users"][:each]:
        row["ExchangeGuid"] = None
    for row in tables["source.mailbox_states"][each : 2 * each]:
        row["LitigationHoldEnabled"] = True
    full = tables["source.mailbox_states"][2 * each : 3 * each]
    for row, state_ in zip(tables["source.mailbox_sizes"][2 * each : 3 * each], full, strict=True):
        row["Bytes"] = int((state_["QuotaBytes"] or QUOTA) * 0.95)
    return tables


def keep(folder: Path, tables: dict[str, list[dict[str, Any]]], at: datetime) -> str:
    """A whole snapshot of these tables in the folder of the tests' project, as if both tenants had been read."""
    store = SnapshotStore(folder)
    snapshot = store.begin(at, about(make_project(), {}))
    for fact, rows in tables.items():
        store.keep(snapshot, fact, Observed(tuple(rows), at, f"read of {fact}"), [as_text(at)] * len(rows))
    store.finish(snapshot, at)
    return snapshot
