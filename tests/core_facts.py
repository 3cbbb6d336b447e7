"""A project and what its two tenants look like when everything is configured, as data that a test alters.

The tenants are those of Microsoft's article: contoso is the source, northwindtraders the target. Attribute values come
from the article (redirect URI, audience, RemoteServer, capability) and from the wire facts (IDs, shapes of rows).
"""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from after_facts import after_tables
from close_facts import close_tables
from cut_facts import cut_tables
from mend_facts import mend_tables
from preflight_facts import preflight_tables
from setting_facts import setting_tables
from start_facts import start_tables
from stay_facts import stay_tables
from user_facts import SCOPE, user_tables

from xtmig_kernel.evidence import Finding, NotObserved, Observed, Reason
from xtmig_kernel.project import Project
from xtmig_kernel.rules import ALL_RULES, Seen, evaluate
from xtmig_kernel.runbook import STEPS
from xtmig_kernel.tables import row_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xtmig_kernel.changes import Change

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
SOURCE_ID = "11111111-aaaa-4aaa-8aaa-111111111111"
TARGET_ID = "22222222-bbbb-4bbb-8bbb-222222222222"
APP_ID = "33333333-cccc-4ccc-8ccc-333333333333"
APP_OBJECT_ID = "44444444-dddd-4ddd-8ddd-444444444444"
OTHER_ID = "99999999-eeee-4eee-8eee-999999999999"
EXCHANGE = "00000002-0000-0ff1-ce00-000000000000"
ROLE_ID = "f7264778-fba9-422d-8e9e-2675a2c4b513"
PERMISSION = f"{EXCHANGE}/Role/{ROLE_ID}"
USER_READ = "00000003-0000-0000-c000-000000000000/Scope/e1fe6dd8-ba31-4d61-89e7-88639da4683d"
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
APP_NAME = "xtmig mailbox migration contoso-moves"
ENDPOINT = "xtmig-contoso-moves"
_READS = (
    "Get-AcceptedDomain", "Get-Mailbox", "Get-MailUser", "Get-Recipient", "Get-User", "Get-MailboxStatistics",
    "Get-MailboxFolderStatistics", "Get-MailboxPermission", "Get-RecipientPermission", "Get-MailboxFolderPermission",
    "Remove-OrganizationRelationship",
)  # fmt: skip
_MAY_NAME_HOLDS = {"Policies": True, "Cases": True, "Problem": None}
_CMDLETS = {
    "source": (
        *_READS, "Export-MailboxDiagnosticLogs", "Get-DistributionGroup",
        "Get-DistributionGroupMember", "New-DistributionGroup",
        "Add-DistributionGroupMember", "Remove-DistributionGroupMember", "Remove-DistributionGroup",
    ),
    "target": (
        *_READS, "New-MailUser", "Set-MailUser", "Set-User", "Set-Mailbox", "Remove-MigrationEndpoint",
        *(f"{verb}-MigrationBatch" for verb in ("Get", "New", "Set", "Start", "Stop", "Complete", "Remove")),
        *(f"{verb}-MigrationUser" for verb in ("Get", "Set", "Stop", "Remove")),
        "Get-MigrationUserStatistics", "Get-MoveRequest",
        "Add-MailboxPermission", "Add-RecipientPermission", "Add-MailboxFolderPermission",
    ),
}  # fmt: skip
SECRET_1 = {
    "AppId": APP_ID,
    "KeyId": "aaaa0001",
    "DisplayName": "xtmig contoso-moves 1",
    "EndsAt": "2027-05-22T00:00:00Z",
}


class StillClock:
    """Stands still until somebody sleeps; remembers for how long they did."""

    def __init__(self, now: datetime) -> None:
        self.moment = now
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += timedelta(seconds=seconds)


def settings(**changes: Any) -> dict[str, Any]:
    """The content of a `project.yaml` that is right; a dotted name reaches inside, as `source__domain` does."""
    data: dict[str, Any] = {
        "format": 1,
        "id": "contoso-moves",
        "name": "Contoso to Northwind",
        "source": {"tenant_id": SOURCE_ID, "domain": "contoso.onmicrosoft.com"},
        "target": {"tenant_id": TARGET_ID, "domain": "northwindtraders.onmicrosoft.com"},
        "transport": "rest",
    }
    for name, value in changes.items():
        *path, last = name.split("__")
        place = data
        for part in path:
            place = place.setdefault(part, {})
        place[last] = value
    return data


def make_project(**changes: Any) -> Project:
    """The project of `settings(**changes)`."""
    return Project.model_validate(settings(**changes))


def person(side: str) -> dict[str, Any]:
    domain, tenant = ("contoso", SOURCE_ID) if side == "source" else ("northwindtraders", TARGET_ID)
    return {
        "TenantId": tenant,
        "Kind": "person",
        "Name": f"admin@{domain}.onmicrosoft.com",
        "ObjectId": "55555555-5555-4555-8555-555555555555",
        "ApplicationId": "14d82eec-204b-4c2f-b7e8-296a70dab67e",
        "RoleTemplateIds": [],
        "Permissions": [
            "Directory.Read.All",
            *(["Application.ReadWrite.All"] if side == "target" else []),
            *(["LicenseAssignment.ReadWrite.All", "User.ReadWrite.All"] if side == "target" else []),
        ],
    }


def _side(side: str) -> dict[str, list[dict[str, Any]]]:
    tenant, domain = (
        (SOURCE_ID, "contoso.onmicrosoft.com") if side == "source" else (TARGET_ID, "northwindtraders.onmicrosoft.com")
    )
    link = f"https://login.microsoftonline.com/{domain}/adminconsent?client_id={APP_ID}&redirect_uri=https://office.com"
    resource, principal = f"{side}-exchange", f"{side}-principal"
    cmdlets = {
        "New-MigrationEndpoint": ["Name"],
        "Set-MigrationEndpoint": ["Identity"],
        "Test-MigrationServerAvailability": ["Endpoint"],
        "New-OrganizationRelationship": ["MailboxMoveCapability", "Name"],
        "Set-OrganizationRelationship": ["Identity", "MailboxMoveCapability"],
        **{cmdlet: ["Identity"] for cmdlet in _CMDLETS[side]},
    }
    return {
        "domain_lookup": [
            {
                "Domain": domain,
                "TenantId": tenant,
                "RegionScope": "NA",
                "RegionSubScope": None,
                "Cloud": "microsoftonline.com",
            }
        ],
        "connections": [
            {"Service": service, "Host": host, "SecondsAhead": 0, "Proxy": None, "Issuer": issuer, "Problem": None}
            for service, host, issuer in (
                ("sign-in", "login.microsoftonline.com", "DigiCert Inc"),
                ("graph", "graph.microsoft.com", "Microsoft Corporation"),
                ("exchange", "outlook.office365.com", "DigiCert Inc"),
            )
        ],
        "consent_link": [{"Url": link}],
        "signed_in": [person(side)],
        "organization": [
            {
                "TenantId": tenant,
                "DisplayName": domain.split(".")[0],
                "Domains": [domain],
                "InitialDomain": domain,
                "DirectorySynchronised": None,
            }
        ],
        "eligible_roles": [],
        **({"secret_policy": [{"Forbidden": False, "MostDays": None}]} if side == "target" else {}),
        **({"compliance_access": [_MAY_NAME_HOLDS]} if side == "source" else {}),
        "directory_roles": [{"RoleTemplateId": GLOBAL_ADMINISTRATOR, "DisplayName": "Global Administrator"}],
        "offered_cmdlets": [{"Cmdlet": name, "Parameters": given} for name, given in cmdlets.items()],
        "organization_config": [{"Name": domain, "IsDehydrated": False}],
        "service_principals": [{"Id": principal, "AppId": APP_ID, "DisplayName": APP_NAME, "OwnerTenantId": TARGET_ID}],
        "exchange_resource": [{"Id": resource, "AppId": EXCHANGE, "MailboxMigrationRoleId": ROLE_ID}],
        "granted_roles": [
            {"Id": f"{side}-grant", "AppId": APP_ID, "ResourceId": resource, "RoleId": ROLE_ID},
        ],
    }


def configured() -> dict[str, list[dict[str, Any]]]:
    """Every table of both tenants, rows by fact, when sections 010 to 110 are done."""
    tables = {f"{side}.{name}": rows for side in ("source", "target") for name, rows in _side(side).items()}
    return (
        after_tables()
        | tables
        | {
            "target.applications": [
                {
                    "Id": APP_OBJECT_ID,
                    "AppId": APP_ID,
                    "UniqueName": APP_NAME,
                    "DisplayName": APP_NAME,
                    "SignInAudience": "AzureADMultipleOrgs",
                    "RedirectUris": ["https://office.com"],
                    "Permissions": [PERMISSION],
                    "OtherPermissions": [],
                }
            ],
            "target.application_credentials": [dict(SECRET_1)],
            "target.migration_endpoints": [
                {
                    "Identity": ENDPOINT,
                    "EndpointType": "ExchangeRemoteMove",
                    "RemoteServer": "outlook.office.com",
                    "RemoteTenant": "contoso.onmicrosoft.com",
                    "ApplicationId": APP_ID,
                    "AppSecretKeyVaultUrl": None,
                }
            ],
            "target.endpoint_test": [{"Endpoint": ENDPOINT, "Result": "Success", "Message": "", "ErrorDetail": ""}],
            "target.organization_relationships": [relationship()],
            "source.organization_relationships": [source_relationship()],
            **user_tables(),
            **mend_tables(),
            **start_tables(),
            **stay_tables(),
            **cut_tables(),
            **close_tables(),
            **preflight_tables(),
            **setting_tables(),
        }
    )


def relationship(**changes: Any) -> dict[str, Any]:
    """A row of `organization_relationships` that is right for the target."""
    return {
        "Identity": "xtmig-contoso-moves",
        "Guid": "66666666-6666-4666-8666-666666666666",
        "DomainNames": [SOURCE_ID],
        "Enabled": True,
        "MailboxMoveEnabled": True,
        "MailboxMoveCapability": ["Inbound"],
        "MailboxMovePublishedScopes": [],
        "OAuthApplicationId": None,
        "FreeBusyAccessEnabled": False,
    } | changes


def source_relationship(**changes: Any) -> dict[str, Any]:
    """A row of `organization_relationships` that is right for the source (REL-10 to REL-12)."""
    return (
        relationship(
            DomainNames=[TARGET_ID],
            MailboxMoveCapability=["RemoteOutbound"],
            MailboxMovePublishedScopes=[SCOPE],
            OAuthApplicationId=APP_ID,
        )
        | changes
    )


def world(**changes: Any) -> dict[str, list[dict[str, Any]]]:
    """`configured()` with alterations: `target__applications=[]` replaces rows, a dict alters the first row."""
    tables = configured()
    for name, change in changes.items():
        fact = name.replace("__", ".")
        if isinstance(change, dict):
            tables[fact][0] = tables[fact][0] | change
        else:
            tables[fact] = copy.deepcopy(change)
    return tables


def observed(tables: Mapping[str, list[dict[str, Any]]], at: datetime = NOW) -> dict[str, Observed[Any]]:
    """Every table as an observation."""
    return {fact: Observed(tuple(rows), at, f"read of {fact}") for fact, rows in tables.items()}


def seen(tables: Mapping[str, list[dict[str, Any]]], now: datetime = NOW) -> Seen:
    """What a plan function is given."""
    return Seen(observed(tables, now), now)


def refused(reason: Reason = Reason.DENIED) -> NotObserved:
    """A read that gave nothing."""
    return NotObserved(reason, "the account may not read this", NOW)


def judged(rule: str, project: Project | None = None, now: datetime = NOW, **changes: Any) -> list[Finding]:
    """The findings of one rule in an altered world."""
    one = [item for item in ALL_RULES if item.id == rule]
    return evaluate(one, observed(world(**changes)), project or make_project(), now)


def kinds(findings: list[Finding]) -> list[str]:
    """Their verdicts, in their order."""
    return [finding.verdict.kind for finding in findings]


def planned(step: str, project: Project | None = None, now: datetime = NOW, **changes: Any) -> tuple[Change, ...]:
    """What a step plans in an altered world, given nothing but the facts that it says it is planned from."""
    facts = observed(world(**changes), now)
    return STEPS[step].plan(
        Seen({name: facts[name] for name in STEPS[step].plans_from}, now), project or make_project()
    )


def after(change: Change, tables: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """The tables as they are when a change has been made exactly as it says."""
    tables = copy.deepcopy(tables)
    rows = tables[f"{change.side}.{change.subject.table}"]
    matching = [row for row in rows if change.subject.matches(row)]
    if change.after is None:
        rows[:] = [row for row in rows if row not in matching]
    elif matching:
        matching[0].update(change.after)
    else:
        rows.append(row_of(change.subject.table, dict(change.subject.key) | dict(change.after)))
    return tables
