"""An organisation of a snapshot without its people, as a tenants file says it: domains, applications, settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_OID, uuid5

from xtmig_kernel.runs.pseudonyms import GUID
from xtmig_kernel.runs.snapshot_side import given

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xtmig_kernel.evidence import Row
    from xtmig_kernel.project import Project
    from xtmig_kernel.runs.snapshot_side import SnapshotSide

GRAPH_PERMISSIONS = frozenset({
    "Application.Read.All", "Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All", "User.ReadWrite.All",
    "User.Read.All", "Organization.Read.All", "GroupMember.Read.All", "Group.Read.All", "Directory.Read.All",
    "Domain.Read.All", "LicenseAssignment.ReadWrite.All", "Policy.Read.All", "RoleManagement.Read.Directory",
})  # fmt: skip
EXCHANGE_PERMISSIONS = frozenset({"Exchange.ManageAsApp"})
MAILBOX_MIGRATION = "f7264778-fba9-422d-8e9e-2675a2c4b513"
ROLES = {
    "62e90394-69f5-4237-9190-012177145e10": "Global Administrator",
    "29232cdf-9323-42fd-ade2-1d097af3e4de": "Exchange Administrator",
    "31392ffb-586c-42d1-9346-e59415a2cc4e": "Exchange Recipient Administrator",
    "e8611ab8-c189-46e8-94e1-60213ab1f814": "Privileged Role Administrator",
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3": "Application Administrator",
    "158c047a-c907-4556-b7ef-446551a6b5f7": "Cloud Application Administrator",
    "f2ef992c-3afb-46b9-b7cf-a126ee74c451": "Global Reader",
    "fe930be7-5e62-47db-91af-98c3a49a38b1": "User Administrator",
    "4d6ac14f-3453-41d0-bef9-a3e0c569773a": "License Administrator",
    "17315797-102d-40b4-93e0-432062caca18": "Compliance Administrator",
    "194ae4cb-b126-40b2-bd5b-6091b380977d": "Security Administrator",
    "5d6b6bb7-de71-4623-b4af-96380a352509": "Security Reader",
    "729827e3-9c14-49f7-bb1b-9608f156bbb8": "Helpdesk Administrator",
}
CAPABILITIES = ("Inbound", "Outbound", "RemoteInbound", "RemoteOutbound")
BAD_SECRET = ("AADSTS7000215", "AADSTS7000222", "credentials are missing")
"""What a test of an endpoint says where its secret is wrong, has ended, or is not there."""
MIGRATION_SECRET = "XTMIG_MIGRATION_SECRET"  # noqa: S105 - a variable's name
DOMAIN_TYPES = ("Authoritative", "InternalRelay", "ExternalRelay")
SKU_STATES = ("Enabled", "Warning", "Suspended", "Deleted", "LockedOut")
USER_STATES = frozenset({
    "Queued", "Syncing", "Synced", "Failed", "Stopped", "Completed", "CompletionFailed", "NeedsApproval",
})  # fmt: skip
UNREAD = {
    "accepted_domains": ("Get-AcceptedDomain",),
    "organization_config": ("Get-OrganizationConfig",),
    "organization_holds": ("Get-OrganizationConfig",),
    "migration_endpoints": ("Get-MigrationEndpoint",),
    "organization_relationships": ("Get-OrganizationRelationship",),
    "mailboxes": ("Get-Mailbox",),
    "mailbox_states": ("Get-Mailbox",),
    "mail_users": ("Get-MailUser",),
    "recipients": ("Get-Recipient",),
    "exchange_users": ("Get-User",),
    "distribution_groups": ("Get-DistributionGroup",),
    "scope_members": ("Get-DistributionGroupMember",),
    "mailbox_sizes": ("Get-MailboxStatistics",),
    "mailbox_permissions": (
        "Get-MailboxPermission", "Get-RecipientPermission", "Get-MailboxFolderPermission",
        "Get-MailboxFolderStatistics",
    ),
    "archive_recoverable_folders": ("Get-MailboxFolderStatistics",),
    "hold_tracking": ("Export-MailboxDiagnosticLogs",),
    "folder_shapes": ("Get-MailboxFolderStatistics",),
    "client_access": ("Get-CASMailbox",),
    "calendar_processing": ("Get-CalendarProcessing",),
    "migration_users": ("Get-MigrationUser",),
    "migration_batches": ("Get-MigrationBatch",),
    "move_requests": ("Get-MoveRequest",),
    "subscribed_skus": ("/subscribedSkus",),
    "directory_users": ("/users",),
    "licensing_groups": ("/groups",),
    "applications": ("/applications",),
    "service_principals": ("/servicePrincipals",),
    "granted_roles": ("/servicePrincipals",),
}  # fmt: skip
"""What is refused in a rehearsal, because the snapshot did not observe it: nobody knows that it is right."""
OF_TARGET = frozenset({
    "migration_endpoints", "migration_users", "migration_batches", "move_requests", "applications",
})  # fmt: skip
OF_SOURCE = frozenset(
    {
        "scope_members", "archive_recoverable_folders", "hold_tracking", "folder_shapes", "client_access",
        "calendar_processing",
    }
)  # fmt: skip


def setup_of(side: SnapshotSide, project: Project) -> dict[str, Any]:
    """One tenant without its people.

    Args:
        side: What the snapshot says of it, its organisation included; what cannot be carried over is noted there.
        project: The project, which says the cloud.
    """
    (organization,) = side.rows("organization")
    looked_up = next(iter(side.rows("domain_lookup")), {})
    config = next(iter(side.rows("organization_config")), {})
    policy = next(iter(side.rows("secret_policy")), None)
    return {
        "tenant_id": organization["TenantId"],
        "display_name": str(organization["DisplayName"]),
        "cloud": project.side(side.side).cloud,
        "domains": _domains(side, organization),
        "dehydrated": bool(config.get("IsDehydrated")),
        "refused": refused(side),
        "organization_holds": None
        if side.why_not("organization_holds")
        else [row["Hold"] for row in side.rows("organization_holds")],
        **_people(side, str(organization["InitialDomain"])),
    } | given(
        region_scope=looked_up.get("RegionScope"),
        region_sub_scope=looked_up.get("RegionSubScope"),
        directory_synchronised=organization["DirectorySynchronised"] or None,
        policies={"secrets": {"allowed": not policy["Forbidden"]} | given(max_days=policy["MostDays"])}
        if policy
        else None,
        skus=[_subscription(side, row) for row in side.rows("subscribed_skus")],
        enterprise_applications=[_enterprise(side, row) for row in side.rows("service_principals")],
        organization_relationships=list(_relationships(side)),
        migration_endpoints=[_endpoint(side, row) for row in side.rows("migration_endpoints")],
        migration_users=[_migration_user(side, row) for row in side.rows("migration_users")],
    )


def refused(side: SnapshotSide) -> list[str]:
    """What nobody gets to see in the rehearsal, because the snapshot did not observe it.

    Args:
        side: What the snapshot says of a tenant.
    """
    elsewhere = OF_SOURCE if side.side == "target" else OF_TARGET
    wanted = [table for table in UNREAD if table not in elsewhere]
    seen = {name for table in wanted if side.why_not(table) is None for name in UNREAD[table]}
    return sorted({name for table in wanted for name in UNREAD[table]} - seen)


def _domains(side: SnapshotSide, organization: Row) -> list[dict[str, Any]]:
    accepted = {str(row["DomainName"]).casefold(): row for row in side.rows("accepted_domains")}
    names = [str(name) for name in organization["Domains"]]
    initial = str(organization["InitialDomain"])
    default = next((n for n in names if accepted.get(n.casefold(), {}).get("Default")), initial)
    foreign = set(accepted) - {name.casefold() for name in names}
    side.lose("a domain that Exchange accepts and the directory has not verified", len(foreign))
    return [
        {"name": name}
        | given(
            type=kind if (kind := accepted.get(name.casefold(), {}).get("DomainType")) in DOMAIN_TYPES else None,
            initial=name == initial or None,
            default=name == default or None,
        )
        for name in names
    ]


def _people(side: SnapshotSide, initial: str) -> dict[str, Any]:
    """Who signs in to the rehearsal: whoever was signed in while the snapshot was taken, and two practice people."""
    signed_in = next(iter(side.rows("signed_in")), None)
    person = signed_in is not None and signed_in["Kind"] == "person"
    offered = None
    if not side.why_not("offered_cmdlets"):
        offered = [str(row["Cmdlet"]) for row in side.rows("offered_cmdlets")]
    people: list[dict[str, Any]] = [
        {"upn": f"practice.{role}@{initial}", "display_name": f"Practice {role}"}
        | {"directory_roles": ["Global Administrator", "Exchange Administrator"]}
        for role in ("operator", "approver")
    ]
    operator: dict[str, Any] = {
        "name": "Practice operator",
        "app_id": str(uuid5(NAMESPACE_OID, f"practice operator {initial}")),
        "permissions": {"graph": sorted(GRAPH_PERMISSIONS - {"Policy.Read.All"}), "exchange": ["Exchange.ManageAsApp"]},
        "directory_roles": ["Exchange Administrator"],
        "secret_from_env": f"XTMIG_{side.side.upper()}_SECRET",
    }
    if signed_in is not None and person:
        people[0] = _administrator(side, signed_in, offered)
    elif signed_in is not None:
        operator |= _operator(side, signed_in, offered)
    return {"administrators": people, "applications": [operator, *_registrations(side)]}


def _role_names(side: SnapshotSide, templates: list[str]) -> list[str]:
    side.lose("a role of whoever was signed in, which the simulator lacks", sum(t not in ROLES for t in templates))
    return [ROLES[template] for template in templates if template in ROLES]


def _administrator(side: SnapshotSide, row: Row, offered: list[str] | None) -> dict[str, Any]:
    account = side.accounts.get(str(row["ObjectId"]), {})
    roles = [str(item["RoleTemplateId"]) for item in side.rows("directory_roles")] or list(row["RoleTemplateIds"])
    return {"upn": row["Name"], "display_name": str(account.get("DisplayName") or row["Name"])} | given(
        object_id=row["ObjectId"],
        directory_roles=_role_names(side, roles),
        eligible_roles=_role_names(side, [str(item["RoleTemplateId"]) for item in side.rows("eligible_roles")]),
        offered_cmdlets=offered,
    )


def _operator(side: SnapshotSide, row: Row, offered: list[str] | None) -> dict[str, Any]:
    held = set(row["Permissions"])
    side.lose(
        "a permission of whoever was signed in, which the simulator lacks",
        len(held - GRAPH_PERMISSIONS - EXCHANGE_PERMISSIONS),
    )
    return {
        "name": str(row["Name"]),
        "app_id": row["ApplicationId"],
        "permissions": {
            "graph": sorted(held & GRAPH_PERMISSIONS),
            # without it Exchange takes no token of an application, and it stands in the token for Exchange alone
            "exchange": ["Exchange.ManageAsApp"],
        },
        "directory_roles": _role_names(side, list(row["RoleTemplateIds"])) or ["Exchange Administrator"],
    } | given(offered_cmdlets=offered)


def _registrations(side: SnapshotSide) -> Iterator[dict[str, Any]]:
    secrets = sorted(side.rows("application_credentials"), key=lambda row: str(row["EndsAt"]))
    works = _secret_works(side)
    for row in side.rows("applications"):
        own = [secret for secret in secrets if secret["AppId"] == row["AppId"]]
        yield {
            "name": str(row["DisplayName"]),
            "app_id": row["AppId"],
            "object_id": _guid(row["Id"]),
            "requested": [*row["Permissions"], *row["OtherPermissions"]],
            "redirect_uris": list(row["RedirectUris"]),
            "only_registered": True,
        } | given(
            unique_name=row["UniqueName"],
            sign_in_audience=row["SignInAudience"],
            secrets=[
                {"name": str(secret["DisplayName"]), "ends": secret["EndsAt"]}
                | given(
                    key_id=_guid(secret["KeyId"]),
                    secret_from_env=MIGRATION_SECRET if works and secret is own[-1] else None,
                )
                for secret in own
            ],
        )


def _guid(value: Any) -> str | None:
    """An id as the format takes it; None for one that is no GUID, which the simulator then makes itself."""
    text = str(value or "").lower()
    return text if GUID.fullmatch(text) else None


def _enterprise(side: SnapshotSide, row: Row) -> dict[str, Any]:
    granted = [str(one["RoleId"]).lower() for one in side.rows("granted_roles") if one["AppId"] == row["AppId"]]
    strange = sum(role != MAILBOX_MIGRATION for role in granted)
    side.lose("a right of the migration application beside Mailbox.Migration", strange)
    return {
        "app_id": row["AppId"],
        "name": str(row["DisplayName"]),
        "owner_tenant": row["OwnerTenantId"],
        "object_id": _guid(row["Id"]),
        "granted": [role for role in granted if role == MAILBOX_MIGRATION],
    }


def _relationships(side: SnapshotSide) -> Iterator[dict[str, Any]]:
    for row in side.rows("organization_relationships"):
        if not row["DomainNames"]:
            side.lose("an organization relationship without a domain")
            continue
        yield {
            "name": str(row["Identity"]),
            "domain_names": list(row["DomainNames"]),
            "enabled": bool(row["Enabled"]),
            "free_busy_access_enabled": bool(row["FreeBusyAccessEnabled"]),
            "mailbox_move_enabled": bool(row["MailboxMoveEnabled"]),
            "mailbox_move_capability": [flag for flag in CAPABILITIES if flag in row["MailboxMoveCapability"]],
            "mailbox_move_published_scopes": list(row["MailboxMovePublishedScopes"]),
        } | given(guid=row["Guid"], oauth_application_id=row["OAuthApplicationId"])


def _secret_works(side: SnapshotSide) -> bool:
    """Whether the project's endpoint was tested, and nothing was said against its secret."""
    told = [f"{row['Message']} {row['ErrorDetail']}" for row in side.rows("endpoint_test")]
    return bool(told) and not any(words in text for text in told for words in BAD_SECRET)


def _endpoint(side: SnapshotSide, row: Row) -> dict[str, Any]:
    works = _secret_works(side) and any(test["Endpoint"] == row["Identity"] for test in side.rows("endpoint_test"))
    return {
        "name": str(row["Identity"]),
        "type": str(row["EndpointType"]),
        "remote_server": row["RemoteServer"],
        "remote_tenant": row["RemoteTenant"],
        "application_id": row["ApplicationId"],
    } | given(app_secret_key_vault_url=row["AppSecretKeyVaultUrl"], secret_from_env=MIGRATION_SECRET if works else None)


def _subscription(side: SnapshotSide, row: Row) -> dict[str, Any]:
    status = str(row["CapabilityStatus"])
    if status not in SKU_STATES:
        side.lose(f"a subscription in the state {status}, which the simulator lacks")
    return {
        "sku_id": row["SkuId"],
        "part_number": str(row["SkuPartNumber"]),
        "enabled": row["Enabled"],
        "warning": row["Warning"],
        "consumed": row["Consumed"],
        "service_plans": list(row["ServicePlans"]),
    } | ({"status": status} if status in SKU_STATES else {})


def _migration_user(side: SnapshotSide, row: Row) -> dict[str, Any]:
    status = str(row["Status"])
    if status not in USER_STATES:
        side.lose(f"a user of a batch in the state {status}, who is Syncing here")
    return {
        "identity": str(row["Identity"]),
        "batch": str(row["BatchId"]),
        "status": status if status in USER_STATES else "Syncing",
    } | given(error_summary=row["ErrorSummary"], mailbox_guid=row["MailboxGuid"])
