"""Tables that Exchange Online answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xtmig_kernel.counting import counted
from xtmig_kernel.inventory.recipients import mail_users, mailboxes
from xtmig_kernel.inventory.users import chosen_users

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext

SAMPLE = 5
ANSWER = ("Result", "Message", "ErrorDetail")


def offered_cmdlets(context: ReadContext) -> tuple[str, list[Row]]:
    """The cmdlets and parameters that this account may use (PRE-02, PRE-03; wire 1.1)."""
    offered = context.tenant.exchange.offered()
    return "EXOModuleFile", [
        {"Cmdlet": cmdlet, "Parameters": sorted(parameters)} for cmdlet, parameters in sorted(offered.items())
    ]


def organization_config(context: ReadContext) -> tuple[str, list[Row]]:
    """Whether the organisation is dehydrated (EPT-07)."""
    found = context.tenant.exchange.invoke("Get-OrganizationConfig").rows
    return "Get-OrganizationConfig", [
        {"Name": row.get("Name"), "IsDehydrated": row.get("IsDehydrated")} for row in found
    ]


def migration_endpoints(context: ReadContext) -> tuple[str, list[Row]]:
    """All migration endpoints (EPT-02, EPT-05)."""
    columns = ("Identity", "EndpointType", "RemoteServer", "RemoteTenant", "ApplicationId", "AppSecretKeyVaultUrl")
    found = context.tenant.exchange.invoke("Get-MigrationEndpoint").rows
    return "Get-MigrationEndpoint", _picked(found, columns)


def endpoint_test(context: ReadContext) -> tuple[str, list[Row]]:
    """What the service says of the project's endpoint (APP-13, VER-01); no row while there is none."""
    name = context.project.endpoint_name
    _, endpoints = migration_endpoints(context)
    if not any(str(row["Identity"]).casefold() == name.casefold() for row in endpoints):
        return "no endpoint to test", []
    found = context.tenant.exchange.invoke("Test-MigrationServerAvailability", {"Endpoint": name}).rows
    return "Test-MigrationServerAvailability", [{"Endpoint": name, **{c: row.get(c) for c in ANSWER}} for row in found]


def accepted_domains(context: ReadContext) -> tuple[str, list[Row]]:
    """The domains that this organisation accepts mail for (USR-16, FAQ-01)."""
    found = context.tenant.exchange.invoke("Get-AcceptedDomain").rows
    return "Get-AcceptedDomain", [
        {
            "DomainName": str(row.get("DomainName") or row.get("Name")).lower(),
            "DomainType": row.get("DomainType"),
            "Default": bool(row.get("Default")),
            "InitialDomain": bool(row.get("InitialDomain")),
        }
        for row in found
    ]


def migration_tests(context: ReadContext) -> tuple[str, list[Row]]:
    """What the service says of a sample of prepared users (VER-01, VER-02); none while none is prepared.

    The sample is spread evenly over the prepared users of `users.csv`, each named by its primary address in the target.
    Who has no TargetAddress there is found by the source mailbox's ExchangeGuid, if the source is signed in.
    """
    name = context.project.endpoint_name
    _, endpoints = migration_endpoints(context)
    if not any(str(row["Identity"]).casefold() == name.casefold() for row in endpoints):
        return "no endpoint to test", []
    mailboxes = _sample(context)
    exchange = context.tenant.exchange
    rows: list[Row] = []
    for mailbox in mailboxes:
        found = exchange.invoke("Test-MigrationServerAvailability", {"Endpoint": name, "TestMailbox": mailbox}).rows
        rows += [{"Endpoint": name, "TestMailbox": mailbox, **{c: row.get(c) for c in ANSWER}} for row in found]
    return f"Test-MigrationServerAvailability for {counted(len(mailboxes), 'user')}", rows


def _sample(context: ReadContext) -> list[str]:
    _, chosen = chosen_users(context)
    _, present = mail_users(context)
    wanted = {str(row["TargetAddress"]).casefold() for row in chosen if row["TargetAddress"]}
    guids = _guids(context, {str(row["SourceAddress"]).casefold() for row in chosen if not row["TargetAddress"]})
    addresses = [
        str(row["PrimarySmtpAddress"])
        for row in present
        if row["ExchangeGuid"] and (str(row["PrimarySmtpAddress"]).casefold() in wanted or row["ExchangeGuid"] in guids)
    ]
    step = max(1, len(addresses) // SAMPLE)
    return sorted(addresses, key=str.casefold)[::step][:SAMPLE]


def _guids(context: ReadContext, sources: set[str]) -> set[str]:
    """ExchangeGuids of the source mailboxes that answer to these addresses."""
    if not sources or "source" not in context.tenants:
        return set()
    _, found = mailboxes(replace(context, side="source"))
    return {row["ExchangeGuid"] for row in found if sources & {a.casefold() for a in row["SmtpAddresses"]}} - {None}


def organization_relationships(context: ReadContext) -> tuple[str, list[Row]]:
    """All organization relationships, those for Free/Busy included (REL-04)."""
    columns = (
        "Identity", "Guid", "Enabled", "MailboxMoveEnabled", "OAuthApplicationId", "FreeBusyAccessEnabled",
    )  # fmt: skip
    lists = ("DomainNames", "MailboxMovePublishedScopes")
    found = context.tenant.exchange.invoke("Get-OrganizationRelationship").rows
    return "Get-OrganizationRelationship", [
        {column: row.get(column) for column in columns}
        | {column: sorted(str(item) for item in row.get(column) or []) for column in lists}
        | {"MailboxMoveCapability": flags(row.get("MailboxMoveCapability"))}
        for row in found
    ]


def flags(value: Any) -> list[str]:
    """A flags value as a sorted list; None and the flag `None` are the empty list.

    Args:
        value: A comma list such as `Inbound, RemoteOutbound`, a list of such texts, or None (shapes 3.8).
    """
    texts = value if isinstance(value, (list, tuple)) else [value or ""]
    parts = {part.strip() for text in texts for part in str(text).split(",")}
    return sorted(part for part in parts if part and part != "None")


def _picked(rows: Sequence[Row], columns: Sequence[str]) -> list[Row]:
    return [{column: row.get(column) for column in columns} for row in rows]
