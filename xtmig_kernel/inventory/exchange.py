"""Tables that Exchange Online answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.inventory.context import ReadContext


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
    return "Test-MigrationServerAvailability", [
        {"Endpoint": name, **{c: row.get(c) for c in ("Result", "Message", "ErrorDetail")}} for row in found
    ]


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
