"""Two tenants that answer from recorded shapes alone: how a thing is spelled and annotated, with values of fiction.

Written from the wire facts and the recorded answers of others; nothing of it comes from the simulator. What is asked
for and stands here nowhere is answered 599, and is kept in `unknown`.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any
from uuid import UUID

from canned_calls import module_file
from canned_reads import NO_GUID, guid, number, order, ordered, place, query, selected, several
from canned_wire import MIGRATION_APPLICATION, SOURCE, TARGET, Answer, access_token

from xtmig_kernel.m365.exchange_contract import CONFIRMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from canned_wire import Canned, Seen

    from xtmig_kernel.project import Side

OPERATORS: dict[Side, str] = {
    "source": "aaaaaaaa-0001-4000-8000-000000000001",
    "target": "aaaaaaaa-0001-4000-8000-000000000002",
}
DOMAINS: dict[Side, str] = {"source": "contoso.onmicrosoft.com", "target": "northwindtraders.onmicrosoft.com"}
CUSTOM: dict[Side, str] = {"source": "contoso.com", "target": "northwindtraders.com"}
TENANT_IDS: dict[Side, str] = {"source": SOURCE, "target": TARGET}
OTHER: dict[Side, Side] = {"source": "target", "target": "source"}

MAILBOX_GUID, ARCHIVE_GUID = "1ec059c7-8396-4d0b-af4e-d6bd4c12a8d8", "1ec059c7-8396-4d0b-af4e-d6bd4c12a8d9"
ENTRY, REQUEST = "bbbbbbbb-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
LEGACY = "/o=ExchangeLabs/ou=Exchange Administrative Group (FYDIBOHF23SPDLT)/cn=Recipients/cn="
LARA: dict[Side, str] = {"source": "Lara.Newton@contoso.com", "target": "Lara.Newton@northwindtraders.com"}
LARA_ID: dict[Side, str] = {
    "source": "66666666-7777-4111-8111-777777777777",
    "target": "66666666-7777-4222-8222-777777777777",
}
GROUP_ID = "77777777-7777-4111-8111-777777777771"
EXCHANGE_ID, EXCHANGE_APP = "99999999-0000-4000-8000-000000000001", "00000002-0000-0ff1-ce00-000000000000"
PRINCIPAL_ID = "99999999-0000-4000-8000-000000000002"
MIGRATION_ROLE = "f7264778-fba9-422d-8e9e-2675a2c4b513"
ADD_ON, E3 = "946ce899-873d-44bb-9d8b-671870cbfdbf", "05e9a617-0261-4cee-bb44-138d3ef5d965"
MAILBOX_PLAN = "efb87545-963c-4e0d-99df-69c6916d9eb0"
BATCH = "recorded-pilot"
ENDPOINT, RELATIONSHIP, SCOPE = "recorded-endpoint", "recorded-move", "recorded-scope"
APPLICATION = "recorded-migration"
GRAPH_RIGHTS = ("Application.ReadWrite.All", "Directory.Read.All", "Organization.Read.All",
                "LicenseAssignment.ReadWrite.All", "User.ReadWrite.All", "Policy.Read.All")  # fmt: skip
SECOND_PAGE = "$skiptoken=second"


def _date(name: str, value: str) -> dict[str, str]:
    return {f"{name}@data.type": "System.DateTime", name: value}


def _recipient(side: Side, kind: str) -> dict[str, Any]:
    return {
        "Identity": "LaraN",
        **guid("Guid", "5d1c0f7e-0000-4000-8000-000000000001"),
        "Name": "LaraN",
        "Alias": "LaraN",
        "DisplayName": "Lara Newton",
        "RecipientType": kind,
        "RecipientTypeDetails": kind,
        "UserPrincipalName": LARA[side],
        "PrimarySmtpAddress": LARA[side],
        "ExternalDirectoryObjectId": LARA_ID[side],
        "IsDirSynced": False,
        **guid("ExchangeGuid", MAILBOX_GUID),
        **guid("ArchiveGuid", ARCHIVE_GUID),
        **guid("DisabledArchiveGuid", NO_GUID),
        "LegacyExchangeDN": f"{LEGACY}{side}-LaraN",
        **several("PersistedCapabilities", "BPOS_S_Enterprise", "ExchangeT2TMbxMove"),
        "CustomAttribute1": "Cross-Tenant-Project",
        "WhenSoftDeleted": None,
        **_date("WhenCreatedUTC", "2022-06-29T17:57:03.0000000Z"),
    }


def _mailbox() -> dict[str, Any]:
    return _recipient("source", "UserMailbox") | {
        **several("EmailAddresses", f"SMTP:{LARA['source']}", f"smtp:LaraN@{DOMAINS['source']}", "X500:/o=Old/cn=LaraN",
                  "SIP:Lara.Newton@contoso.com"),
        **several("MailboxLocations", f"1;{MAILBOX_GUID};Primary;eurprd07.prod.outlook.com;{ENTRY}",
                  f"1;{ARCHIVE_GUID};MainArchive;eurprd07.prod.outlook.com;{ENTRY}"),
        **several("GrantSendOnBehalfTo"),
        **several("InPlaceHolds"),
        "ArchiveStatus": "Active",
        "AutoExpandingArchiveEnabled": False,
        "LitigationHoldEnabled": False,
        "LitigationHoldDuration": "Unlimited",
        "ComplianceTagHoldApplied": False,
        "DelayHoldApplied": False,
        "DelayReleaseHoldApplied": False,
        "ElcProcessingDisabled": False,
        "RetentionPolicy": "Default MRM Policy",
        "ProhibitSendReceiveQuota": "100 GB (107,374,182,400 bytes)",
        "ArchiveQuota": "Unlimited",
        "MailboxMoveStatus": "None",
        "MailboxMoveRemoteHostName": "",
        "DataEncryptionPolicy": "",
        "UsageLocation": "Ireland",
    }  # fmt: skip


def _mail_user() -> dict[str, Any]:
    return _recipient("target", "MailUser") | {
        **several("EmailAddresses", f"SMTP:{LARA['target']}", f"smtp:LaraN@{DOMAINS['target']}",
                  f"x500:{LEGACY}source-LaraN", "X500:/o=Old/cn=LaraN"),
        "ExternalEmailAddress": f"SMTP:LaraN@{DOMAINS['source']}",
        "RecoverableItemsQuota": "30 GB (32,212,254,720 bytes)",
    }  # fmt: skip


def _statistics(given: dict[str, Any]) -> dict[str, Any]:
    told = {
        "DisplayName": "Lara Newton",
        **guid("MailboxGuid", MAILBOX_GUID),
        **number("ItemCount", 38213),
        **number("DeletedItemCount", 12),
        "TotalItemSize": "4.7 GB (5,046,586,572 bytes)",
        "TotalDeletedItemSize": "3.322 KB (3,402 bytes)",
        "LastLogonTime": None,
        "IsArchiveMailbox": bool(given.get("Archive")),
    }
    if given.get("IncludeMoveHistory"):
        told["MoveHistory"] = [{
            "Status": {"Value": "Completed"},
            "CompletionTimestamp": "2026-08-21T02:14:05.0000000Z",
            "TotalMailboxItemCount": 38213,
            "Report": {
                "SourceMailboxSize": {"ItemCount": 38213},
                "TargetMailboxSize": {"ItemCount": 38213},
                "TargetMailboxAfterMove": {"props": [
                    {"PropertyName": "ExchangeGuid", "Values": [{"StrValue": _guid_bytes(MAILBOX_GUID)}]},
                ]},
            },
        }]  # fmt: skip
    return told


def _guid_bytes(text: str) -> str:
    return base64.b64encode(UUID(text).bytes_le).decode()


def _folder_permission(given: dict[str, Any]) -> list[dict[str, Any]]:
    assert given["Identity"] == f"{LARA['source']}:\\Calendario", given
    return [{"Identity": given["Identity"], "FolderName": "Calendario", "User": "Default",
             **several("AccessRights", "AvailabilityOnly"), "SharingPermissionFlags": None}]  # fmt: skip


def _folders(given: dict[str, Any]) -> list[dict[str, Any]]:
    def folder(name: str, kind: str, items: int) -> dict[str, Any]:
        return {"Name": name, "FolderPath": f"/{name}", "FolderType": kind, **number("ItemsInFolder", items),
                "FolderSize": "3.322 KB (3,402 bytes)"}  # fmt: skip

    deep = [folder("Deletions", "RecoverableItemsDeletions", 7)]
    if given.get("FolderScope") == "RecoverableItems":
        return deep
    calendar = folder("Calendario", "Calendar", 41)  # in the mailbox's own language
    return [calendar] if given.get("FolderScope") == "Calendar" else [folder("Inbox", "Inbox", 412), calendar, *deep]


def _relationship(side: Side) -> dict[str, Any]:
    scopes = several("MailboxMovePublishedScopes", SCOPE) if side == "source" else {"MailboxMovePublishedScopes": None}
    return {
        "Identity": RELATIONSHIP,
        "Name": RELATIONSHIP,
        **guid("Guid", ENTRY),
        **several("DomainNames", TENANT_IDS[OTHER[side]]),
        "Enabled": True,
        "MailboxMoveEnabled": True,
        "MailboxMoveCapability": "Inbound" if side == "target" else "RemoteOutbound",
        "OAuthApplicationId": MIGRATION_APPLICATION if side == "source" else None,
        "FreeBusyAccessEnabled": False,
        **scopes,
    }


USER = {
    "Identity": LARA["target"],
    **guid("Guid", ENTRY),
    "BatchId": BATCH,
    "MailboxEmailAddress": LARA["target"],
    **guid("MailboxGuid", MAILBOX_GUID),
    **guid("RequestGuid", REQUEST),
    "RecipientType": "Mailbox",
    "Status": "Synced",
    "StatusSummary": "Synced",
    **number("SyncedItemCount", 38211),
    **number("SkippedItemCount", 2),
    "DataConsistencyScore": "Investigate",
    "HasUnapprovedSkippedItems": True,
    "ErrorSummary": "",
    "LastSuccessfulSyncTime": "2026-08-20T02:14:05.0000000+00:00",
}
SKIPPED = [
    {"Kind": "CorruptItem", "FolderName": "Inbox", "Subject": "Scanned invoice", "Sender": "jo@fabrikam.com",
     "DateReceived": "2020-01-02T03:04:05", "DateSent": None, "MessageSize": 1843200, "Failure": "…",
     "ScoringClassifications": ["CorruptItem"]},
    {"Kind": "CorruptFolderACL", "FolderName": "Calendar", "Subject": None, "Failure": "…",
     "ScoringClassifications": None},
]  # fmt: skip
ROW_OF_BATCH = {
    "Identity": BATCH, "Status": "Synced", "State": "Waiting", "MigrationType": "ExchangeRemoteMove",
    **number("TotalCount", 1), **number("SyncedCount", 1), **number("FinalizedCount", 0), **number("FailedCount", 0),
    "DataConsistencyScore": "Investigate", "SourceEndpoint": ENDPOINT, "TargetDeliveryDomain": DOMAINS["target"],
    "CreationDateTimeUTC": "2026-08-19T08:00:00.1234567Z", "LastSyncedDateTimeUTC": "2026-08-20T02:14:05.0000000Z",
    "FinalizedDateTimeUTC": None, "CompleteAfterUTC": "9999-12-31T23:59:59.0000000Z",
}  # fmt: skip

HELD = (
    '[{"ed":"0001-01-01T00:00:00.0000000","hid":"mbx7cfb30345d454ac0a989ab3041051209:2","ht":4,'
    '"lsd":"2026-01-10T07:22:08.1234567Z","osd":"2026-01-10T07:22:08.1234567Z"}]'
)
CMDLETS: dict[str, Callable[[Side, dict[str, Any]], list[dict[str, Any]]]] = {
    "Get-OrganizationConfig": lambda side, _: [
        {"Name": DOMAINS[side], "IsDehydrated": False, **several("InPlaceHolds", "-mbx7c0a41a1d7b64a6f8b4c:1")}
    ],
    "Get-AcceptedDomain": lambda side, _: [
        {"Name": domain, "DomainName": domain, "DomainType": "Authoritative", "Default": domain == CUSTOM[side],
         "InitialDomain": domain == DOMAINS[side]} for domain in (DOMAINS[side], CUSTOM[side])
    ],
    "Get-Mailbox": lambda side, given: [_mailbox()] * (side == "source" and "SoftDeletedMailbox" not in given),
    "Get-MailUser": lambda side, _: [_mail_user()] * (side == "target"),
    "Get-Recipient": lambda side, _: [_mailbox() if side == "source" else _mail_user()],
    "Get-User": lambda side, _: [
        _recipient(side, "UserMailbox" if side == "source" else "MailUser")
        | {"FirstName": "Lara", "LastName": "Newton", "PreviousRecipientTypeDetails": "None"}
    ],
    "Get-MailboxStatistics": lambda _, given: [_statistics(given)],
    "Get-MailboxFolderStatistics": lambda _, given: _folders(given),
    "Get-CASMailbox": lambda side, _: [
        {"Name": "LaraN", "PrimarySmtpAddress": LARA[side], "ActiveSyncEnabled": True, "OWAEnabled": True,
         "PopEnabled": False, "ImapEnabled": True, "MAPIEnabled": True, "EwsEnabled": None,
         "SmtpClientAuthenticationDisabled": None, "OwaMailboxPolicy": "OwaMailboxPolicy-Default",
         "ActiveSyncMailboxPolicy": "Default"}
    ] * (side == "source"),
    "Get-CalendarProcessing": lambda _, given: [
        {"Identity": given["Identity"], "AutomateProcessing": "AutoAccept", "AllowConflicts": False,
         **number("BookingWindowInDays", 180), **number("MaximumDurationInMinutes", 1440), "AllBookInPolicy": True,
         **several("BookInPolicy"), **several("ResourceDelegates")}
    ],
    "Get-ManagementRoleAssignment": lambda _, __: [
        {"Name": "Move Mailboxes-Organization Management", "Role": "Move Mailboxes", "Enabled": True,
         "RoleAssigneeName": "Organization Management", "RoleAssigneeType": "RoleGroup"}
    ],
    "Export-MailboxDiagnosticLogs": lambda _, given: [
        {"MailboxLog": HELD, "LogName": given["ComponentName"], **guid("MailboxGuid", given["Identity"])}
    ],
    "Get-MailboxPermission": lambda _, given: [
        {"Identity": given["Identity"], "User": "NT AUTHORITY\\SELF", "IsInherited": False, "Deny": False,
         **several("AccessRights", "FullAccess", "ReadPermission"), "InheritanceType": "All"}
    ],
    "Get-RecipientPermission": lambda _, given: [
        {"Identity": given["Identity"], "Trustee": "NT AUTHORITY\\SELF", "AccessControlType": "Allow",
         **several("AccessRights", "SendAs"), "IsInherited": False}
    ],
    "Get-MailboxFolderPermission": lambda _, given: _folder_permission(given),
    "Get-DistributionGroup": lambda side, _: [
        {"Name": SCOPE, "Alias": SCOPE, "PrimarySmtpAddress": f"{SCOPE}@{CUSTOM[side]}", "IsDirSynced": False,
         "RecipientTypeDetails": "MailUniversalSecurityGroup", "ExternalDirectoryObjectId": GROUP_ID,
         **several("ManagedBy", "Organization Management")}
    ] * (side == "source"),
    "Get-DistributionGroupMember": lambda _, given: [_mailbox()] * (given["Identity"] == GROUP_ID),
    "Get-OrganizationRelationship": lambda side, _: [_relationship(side)],
    "Get-MigrationEndpoint": lambda side, _: [
        {"Identity": ENDPOINT, "EndpointType": "ExchangeRemoteMove", "RemoteServer": "outlook.office.com",
         "RemoteTenant": DOMAINS["source"], "ApplicationId": MIGRATION_APPLICATION, "AppSecretKeyVaultUrl": None,
         "MaxConcurrentMigrations": "100", "MaxConcurrentIncrementalSyncs": "20"}
    ] * (side == "target"),
    "Test-MigrationServerAvailability": lambda _, __: [
        {"Result": "Success", "Message": "", "ConnectionSettings": None, "SupportsCutover": False, "ErrorDetail": "",
         "IsValid": True, "Identity": "", "ObjectState": "New"}
    ],
    "Get-MigrationBatch": lambda side, _: [ROW_OF_BATCH] * (side == "target"),
    "Get-MigrationUser": lambda side, _: [USER] * (side == "target"),
    "Get-MigrationUserStatistics": lambda _, given: [
        USER | {"ErrorType": "", "Error": "", "PercentageComplete": "95", "TotalItemsInSourceMailboxCount": 38213,
                "BytesTransferred": "1.2 GB (1,288,490,189 bytes)",
                "SkippedItems": SKIPPED if given.get("IncludeSkippedItems") else []}
    ],
    "Get-MoveRequest": lambda side, _: [
        {"Identity": "LaraN", "DisplayName": "Lara Newton", **guid("ExchangeGuid", MAILBOX_GUID), "Status": "Synced",
         "BatchName": f"MigrationService:{BATCH}", "Flags": "CrossOrg, Pull, Protected", "Direction": "Pull",
         "RemoteHostName": "outlook.office.com"}
    ] * (side == "target"),
}  # fmt: skip
"""What each cmdlet answers on a side for its parameters, cut to `$select` by who asks."""


def _sku(sku_id: str, name: str, plan: str, plan_id: str) -> dict[str, Any]:
    return {
        "id": f"{TARGET}_{sku_id}", "skuId": sku_id, "skuPartNumber": name, "capabilityStatus": "Enabled",
        "appliesTo": "User", "consumedUnits": 1,
        "prepaidUnits": {"enabled": 25, "suspended": 0, "warning": 0, "lockedOut": 0},
        "servicePlans": [{"servicePlanId": plan_id, "servicePlanName": plan, "provisioningStatus": "Success",
                          "appliesTo": "User"}],
    }  # fmt: skip


def _application() -> dict[str, Any]:
    return {
        "id": "99999999-0000-4000-8000-000000000003", "appId": MIGRATION_APPLICATION, "uniqueName": APPLICATION,
        "displayName": APPLICATION, "signInAudience": "AzureADMultipleOrgs",
        "web": {"redirectUris": ["https://office.com"]},
        "requiredResourceAccess": [
            {"resourceAppId": EXCHANGE_APP, "resourceAccess": [{"id": MIGRATION_ROLE, "type": "Role"}]}
        ],
        "passwordCredentials": [
            {"customKeyIdentifier": None, "displayName": "xtmig recorded", "endDateTime": "2027-08-01T00:00:00Z",
             "keyId": "99999999-0000-4000-8000-000000000004", "startDateTime": "2026-08-01T00:00:00Z",
             "secretText": None, "hint": "[6g"}
        ],
    }  # fmt: skip


def _user(side: Side) -> dict[str, Any]:
    return {
        "id": LARA_ID[side], "userPrincipalName": LARA[side], "displayName": "Lara Newton", "mail": LARA[side],
        "userType": "Member", "usageLocation": "IE", "onPremisesSyncEnabled": None,
        "assignedLicenses": [{"skuId": ADD_ON if side == "target" else E3, "disabledPlans": []}],
        "licenseAssignmentStates": [{"skuId": ADD_ON if side == "target" else E3, "disabledPlans": [],
                                     "assignedByGroup": None, "state": "Active", "error": "None"}],
    }  # fmt: skip


def _organization(side: Side) -> dict[str, Any]:
    domains = [
        {"name": name, "type": "Managed", "isDefault": not initial, "isInitial": initial, "capabilities": "Email"}
        for name, initial in ((DOMAINS[side], True), (CUSTOM[side], False))
    ]
    return {"id": TENANT_IDS[side], "displayName": side.capitalize(), "verifiedDomains": domains,
            "onPremisesSyncEnabled": None}  # fmt: skip


def _principal() -> dict[str, Any]:
    return {"id": PRINCIPAL_ID, "appId": MIGRATION_APPLICATION, "displayName": APPLICATION,
            "appOwnerOrganizationId": TARGET}  # fmt: skip


GRAPH: dict[str, Callable[[Side], Any]] = {
    r"/organization": lambda side: [_organization(side)],
    r"/subscribedSkus": lambda _: [
        _sku(E3, "SPE_E3", "EXCHANGE_S_ENTERPRISE", MAILBOX_PLAN),
        _sku(ADD_ON, "Cross_tenant_user_data_migration", "EXCHANGEONLINE_T2TMBXMOVE", ENTRY),
    ],
    r"/users": lambda side: [_user(side)],
    r"/groups": lambda _: [],
    r"/policies/defaultAppManagementPolicy": lambda _: {
        "id": "00000000-0000-0000-0000-000000000000", "displayName": "Default app management tenant policy",
        "description": "…", "isEnabled": True, "servicePrincipalRestrictions": {"passwordCredentials": []},
        "applicationRestrictions": {"passwordCredentials": [
            {"restrictionType": "passwordLifetime", "maxLifetime": "P180D", "state": "enabled",
             "restrictForAppsCreatedAfterDateTime": "2019-10-19T10:37:00Z"},
        ]},
    },
    r"/users/[^/]+/licenseDetails": lambda _: [
        {"id": "x", "skuId": E3, "skuPartNumber": "SPE_E3",
         "servicePlans": [{"servicePlanId": MAILBOX_PLAN, "servicePlanName": "EXCHANGE_S_ENTERPRISE",
                           "provisioningStatus": "Success", "appliesTo": "User"}]}
    ],
    r"/applications": lambda side: [_application()] * (side == "target"),
    r"/applications\(uniqueName='[^']*'\)": lambda side: _application() if side == "target" else None,
    r"/applications\(appId='[^']*'\)": lambda side: _application() if side == "target" else None,
    r"/servicePrincipals": lambda _: [_principal()],
    rf"/servicePrincipals\(appId='{EXCHANGE_APP}'\)": lambda _: {
        "id": EXCHANGE_ID, "appId": EXCHANGE_APP,
        "appRoles": [{"id": MIGRATION_ROLE, "value": "Mailbox.Migration", "isEnabled": True,
                      "allowedMemberTypes": ["Application"], "displayName": "Move mailboxes between organizations"}],
    },
    rf"/servicePrincipals/{PRINCIPAL_ID}/appRoleAssignments": lambda _: [
        {"id": "a1", "appRoleId": MIGRATION_ROLE, "createdDateTime": "2026-08-01T00:00:00Z", "principalType":
         "ServicePrincipal", "principalId": PRINCIPAL_ID, "resourceId": EXCHANGE_ID,
         "resourceDisplayName": "Office 365 Exchange Online"}
    ],
}  # fmt: skip
"""What Graph answers on a side below `/v1.0`: a list, one object, or None for what is not there."""


class Recorded:
    """One tenant at a canned server.

    Args:
        side: Which one it is.
        canned: The server.
    """

    def __init__(self, side: Side, canned: Canned) -> None:
        self.side = side
        self.asked: list[str] = []
        self.unknown: list[str] = []
        self._canned = canned
        canned.handlers |= {
            "/.well-known/openid-configuration": self._configuration,
            "/oauth2/v2.0/token": self._token,
            "/EXOModuleFile": lambda _: self._module_file(),
            "/InvokeCommand": self._cmdlet,
            "/$batch": self._batch,
            "": self._graph,
        }

    def _configuration(self, seen: Seen) -> Answer:
        base = f"{self._canned.url}/{TENANT_IDS[self.side]}"
        assert place(seen).split("/")[1] in (DOMAINS[self.side], TENANT_IDS[self.side]), seen.path
        return Answer(
            body={
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "tenant_region_scope": "EU",
                "cloud_instance_name": "microsoftonline.com",
            }
        )

    def _token(self, seen: Seen) -> Answer:
        audience = seen.form["scope"].removesuffix("/.default")
        rights = GRAPH_RIGHTS if "graph" in audience else ("Exchange.ManageAsApp",)
        claims = {"tid": TENANT_IDS[self.side], "aud": audience, "idtyp": "app", "appid": OPERATORS[self.side],
                  "app_displayname": "Runbook operator", "roles": list(rights),
                  "wids": ["29232cdf-9323-42fd-ade2-1d097af3e4de"]}  # fmt: skip
        return Answer(body={"token_type": "Bearer", "expires_in": 3599, "access_token": access_token(**claims)})

    def _module_file(self) -> Answer:
        told = module_file().body["value"][0]
        return Answer(body={"value": [told | {"exportedCmdlets": ",".join((*CMDLETS, *CONFIRMS))}]})

    def _cmdlet(self, seen: Seen) -> Answer:
        name, given = order(seen)
        self.asked.append(name)
        if name not in CMDLETS:
            return self._not_recorded(name)
        rows = [selected(seen, row) for row in CMDLETS[name](self.side, given)]
        head = {
            "@odata.context": f"https://outlook.office.com/adminapi/beta/{TENANT_IDS[self.side]}/$metadata#Collection("
            "Exchange.GenericHashTable)",
            "adminapi.warnings@odata.type": "#Collection(String)",
            "@adminapi.warnings": [],
        }
        if len(rows) == 1 and given.get("ResultSize") == "Unlimited" and SECOND_PAGE not in seen.path:
            joined = "&" if "?" in seen.path else "?"
            onward = f"{self._canned.url}{seen.path}{joined}{SECOND_PAGE}"
            return Answer(body={**head, "value": [], "@odata.nextLink": onward})
        return Answer(body={**head, "value": rows}, headers={"Request-Id": REQUEST, "Rate-Limit-Remaining": "29990"})

    def _batch(self, seen: Seen) -> Answer:
        members = seen.body["requests"]
        return Answer(body={"responses": [self._member(part) for part in reversed(members)]})

    def _member(self, part: dict[str, Any]) -> dict[str, Any]:
        if "CmdletInput" not in (part.get("body") or {}):
            answer = self._of_graph(part["url"].partition("?")[0], part["method"])
        else:
            name, given = ordered(part["body"])
            self.asked.append(name)
            known = name in CMDLETS
            answer = Answer(body={"value": CMDLETS[name](self.side, given)}) if known else self._not_recorded(name)
        return {"id": part["id"], "status": answer.status, "headers": {}, "body": answer.body}

    def _graph(self, seen: Seen) -> Answer:
        path = place(seen)
        if not path.startswith("/v1.0/"):
            return self._not_recorded(f"{seen.method} {path}")
        answer = self._of_graph(path.removeprefix("/v1.0"), seen.method)
        rows = (answer.body or {}).get("value")
        if rows and SECOND_PAGE not in seen.path:
            joined = "&" if "?" in seen.path else "?"
            onward = f"{self._canned.url}{seen.path}{joined}{SECOND_PAGE}"
            return Answer(body={**answer.body, "value": [], "@odata.nextLink": onward})
        wanted = query(seen).get("$select")
        if rows and wanted:
            cut = [{k: v for k, v in row.items() if k in wanted.split(",")} for row in rows]
            return Answer(answer.status, {**answer.body, "value": cut}, answer.headers)
        return answer

    def _of_graph(self, path: str, method: str) -> Answer:
        self.asked.append(f"{method} {path}")
        found = [answer for pattern, answer in GRAPH.items() if re.fullmatch(pattern, path)]
        if method != "GET" or len(found) != 1:
            return self._not_recorded(f"{method} {path}")
        told = found[0](self.side)
        if told is None:
            error = {"code": "Request_ResourceNotFound", "message": "Resource does not exist.",
                     "innerError": {"date": "2026-08-20T02:14:05", "request-id": REQUEST}}  # fmt: skip
            return Answer(404, {"error": error})
        body = {"value": told} if isinstance(told, list) else told
        return Answer(body={"@odata.context": "…", **body}, headers={"request-id": REQUEST})

    def _not_recorded(self, what: str) -> Answer:
        self.unknown.append(what)
        return Answer(599, {"recorded": f"{what} is not recorded"})
